"""manage.py remind_guests: mail a reminder to guests who have not accepted their invitation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import inviter_of
from guests.management.following import follow, name_the_first
from guests.models import Guest
from guests.operations.batches.choosing import remind_many
from guests.operations.batches.reminding import to_remind
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, says whom it would touch, or calls one operation."""

    help = (
        "Remind guests whose invitation is open and older than so many days. Who got a mail in the last 3 days is left "
        "alone. The mails go out at the rate for many. That only says whom it would touch, until --start is given."
    )
    example = "manage.py remind_guests --tenant fabrikam.example --older-than 30 --start"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS", help="days since the invitation")
        parser.add_argument("--start", action="store_true", help="have them reminded, instead of saying whom")
        parser.add_argument("--wait", action="store_true", help="follow it until it is done")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        days, now = options["older_than"], timezone.now()
        if not options["start"] and 1 <= days <= 3650:
            due = to_remind(before=now - timedelta(days=days)).values("guest")
            name_the_first(Guest.objects.filter(pk__in=due), f"Pending for more than {days} days", self.stdout)
            self.stdout.write("Nothing has been done. To remind them, give --start.")
            return None
        batch = remind_many(
            tenant=tenant,
            days=days,
            inviter=inviter_of(tenant, "", None),
            actor=self.actor,
            now=now,
        )
        if isinstance(batch, Refusal):
            raise self.refused(batch)
        self.stdout.write(f"{batch.name} ({batch.id})")
        if options["wait"]:
            follow(batch, self.stdout)
        return None
