"""manage.py lift_pause: let strangers' browsers try codes for a guest's address again (R17)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument
from passcodes.operations import lift_pause
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """Parses, calls one operation, says what it did."""

    help = (
        "Lift the pause that a hundred wrong codes in a row put on an address. The guest's own browsers and invitation "
        "link were never paused."
    )
    example = "manage.py lift_pause --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        lift_pause(address_key=options["guest"].key, actor=self.actor, now=timezone.now())
        self.stdout.write(f"Codes for {options['guest'].key} may be tried from any browser again.")
        return None
