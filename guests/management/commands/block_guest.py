"""manage.py block_guest: stop a guest from signing in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, guest_at
from guests.operations.resetting import block_guest
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation."""

    help = "Stop a guest from signing in. Their sessions and live codes end at once. unblock_guest undoes it."
    example = "manage.py block_guest --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        blocked = block_guest(guest_id=guest.id, actor=self.actor, now=timezone.now())
        if isinstance(blocked, Refusal):
            raise self.refused(blocked)
        return f"{blocked.address} is blocked and signed out everywhere."
