"""manage.py delete_guest: take a guest out of the directory, for 30 days with a way back (R55)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, guest_at
from guests.operations.deleting import KEEP_DELETED, delete_guest
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation."""

    help = (
        "Delete a guest. Sessions, codes and links end at once. restore_guest brings them back for 30 days, with "
        "status, method, consent and applications; after that only the audit log remembers them."
    )
    example = "manage.py delete_guest --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        now = timezone.now()
        deleted = delete_guest(guest_id=guest.id, actor=self.actor, now=now)
        if isinstance(deleted, Refusal):
            raise self.refused(deleted)
        return f"{deleted.address} is deleted. They can be restored until {now + KEEP_DELETED:%d %b %Y, %H:%M UTC}."
