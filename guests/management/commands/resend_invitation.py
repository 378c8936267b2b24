"""manage.py resend_invitation: mail a guest's newest invitation again, as it was or as a reminder."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, guest_at
from guests.models import Invitation
from guests.operations.resending import remind_guest, resend_invitation
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, says where the mail goes."""

    help = "Mail a guest's newest invitation again, with the same link. With --reminder its subject says so."
    example = "manage.py resend_invitation --tenant fabrikam.example --guest nicole@firstupconsultants.com --reminder"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)
        parser.add_argument("--reminder", action="store_true", help="as a reminder; not for an accepted invitation")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        newest = Invitation.objects.filter(guest=guest).order_by("-created_at", "id").first()
        if newest is None:
            raise CommandError(
                f"{guest.address} has no invitation. Invite them: manage.py invite_guest {guest.address_key} "
                f"--tenant {tenant.primary_domain} --mail"
            )
        operation = remind_guest if options["reminder"] else resend_invitation
        sent = operation(tenant=tenant, invitation_id=newest.id, actor=self.actor, now=timezone.now())
        if isinstance(sent, Refusal):
            raise self.refused(sent)
        self.stdout.write(f"The invitation of {sent.created_at:%Y-%m-%d %H:%M} UTC goes to {guest.address} again.")
        return None
