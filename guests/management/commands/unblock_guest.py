"""manage.py unblock_guest: let a guest sign in again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, guest_at
from guests.operations.resetting import unblock_guest
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation."""

    help = "Let a blocked guest sign in again."
    example = "manage.py unblock_guest --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        unblocked = unblock_guest(guest_id=guest.id, actor=self.actor, now=timezone.now())
        if isinstance(unblocked, Refusal):
            raise self.refused(unblocked)
        return f"{unblocked.address} may sign in again."
