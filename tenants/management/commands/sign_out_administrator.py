"""The operators' door to ending an administrator's sessions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.credentials import sign_out_administrator
from tenants.doors.administrators import administrator_of
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """One operation, told to the history of the tenant that is named."""

    help = "Ends every session of an administrator, in every browser. They may sign in again with what they have."
    example = "manage.py sign_out_administrator diego@fabrikam.example --tenant fabrikam.example"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        there = administrator_of(tenant, options["email"])
        sign_out_administrator(administrator=there, actor=self.actor, now=timezone.now())
        return f"{there.email} is signed out everywhere."
