"""manage.py end_sessions: sign a guest out everywhere."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, guest_at
from guests.operations.resetting import end_sessions
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """Parses, calls one operation, says how many ended."""

    help = "End all of a guest's sessions now. They may sign in again; to stop that, use block_guest."
    example = "manage.py end_sessions --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        ended = end_sessions(guest_id=guest.id, actor=self.actor, now=timezone.now())
        self.stdout.write(f"Ended {ended} session{'' if ended == 1 else 's'} of {guest.address}.")
        return None
