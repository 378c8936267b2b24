"""manage.py remove_application: shares an application no longer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from applications.operations import remove_application
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """Parses, calls one operation."""

    help = "Stop sharing an application: it leaves My Apps, and its sign-ups end. Guests and their sessions stay."
    example = "manage.py remove_application --tenant fabrikam.example ID"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application", type=UUID, help="its id, as its address in the portal says it")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        if not remove_application(application_id=options["application"], actor=self.actor, now=timezone.now()):
            raise CommandError(f"{tenant.name} shares no such application.")
        self.stdout.write("Removed.")
        return None
