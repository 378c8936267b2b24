"""manage.py restore_guest: bring a deleted guest back (R55)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument
from guests.operations.deleting import restorable, restore_guest
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation."""

    help = (
        "Bring back a guest who was deleted, or who left, within 30 days: as they were, but for links and sessions, "
        "which stay ended. Where several with that address were deleted, the last one."
    )
    example = "manage.py restore_guest --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        found = options["guest"]
        guest = restorable().filter(address_key=found.key).order_by("-deleted_at").first()
        if guest is None:
            raise CommandError(
                f"Nobody with {found.key} was deleted from {tenant.name} within 30 days. "
                f"Invite them: manage.py invite_guest {found.key} --tenant {tenant.primary_domain}"
            )
        restored = restore_guest(guest_id=guest.id, actor=self.actor, now=timezone.now())
        if isinstance(restored, Refusal):
            raise self.refused(restored)
        return f"{restored.address} is restored."
