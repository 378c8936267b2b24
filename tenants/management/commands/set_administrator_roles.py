"""The operators' door to an administrator's roles in one tenant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.administering import in_order, set_roles
from tenants.doors.administrators import administrator_of
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.roles import Role


class Command(TenantCommand):
    """One operation: what stands on the line is what they hold."""

    help = (
        "Gives an administrator exactly these roles in a tenant; others that they held there are taken away. The last "
        "Global Administrator of a tenant keeps that role. A role beside those held: create_administrator."
    )
    example = (
        "manage.py set_administrator_roles diego@fabrikam.example --tenant fabrikam.example "
        "--role helpdeskAdministrator --role guestInviter"
    )

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")
        parser.add_argument(
            "--role",
            dest="roles",
            action="append",
            required=True,
            choices=Role.values,
            metavar="ROLE",
            help=f"a role, as often as needed: {', '.join(Role.values)}",
        )

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str:
        there = administrator_of(tenant, options["email"])
        held = set(there.roles.filter(tenant=tenant).values_list("role", flat=True))
        wanted = in_order(options["roles"])
        outcome = set_roles(
            tenant=tenant,
            administrator=there,
            roles=wanted,
            shown=in_order(held),
            actor=self.actor,
            now=timezone.now(),
        )
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return f"{there.email} is {' and '.join(role.label for role in wanted)} of {tenant.name}, and nothing else."
