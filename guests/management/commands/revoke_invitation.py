"""manage.py revoke_invitation: make a guest's link stop working."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, guest_at
from guests.models import Invitation
from guests.operations.resending import revoke_invitation
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, says what ended."""

    help = "Revoke a guest's newest invitation: its link answers 'This link no longer works' from now on."
    example = "manage.py revoke_invitation --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        newest = Invitation.objects.filter(guest=guest, ended_at__isnull=True).order_by("-created_at").first()
        if newest is None:
            raise CommandError(f"{guest.address} has no invitation that could be revoked.")
        revoked = revoke_invitation(invitation_id=newest.id, actor=self.actor, now=timezone.now())
        if isinstance(revoked, Refusal):
            raise self.refused(revoked)
        self.stdout.write(f"Revoked the invitation of {guest.address} that {revoked.inviter_name} made.")
        return None
