"""The operators' door to ending an administrator's sessions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.credentials import sign_out_administrator
from tenants.directory import find_tenant
from tenants.doors.administrators import administrator_named, administrator_of
from tenants.doors.commands import OperatorCommand


class Command(OperatorCommand):
    """One operation, told to the history of every tenant where they hold a role."""

    help = (
        "Ends every session of an administrator or operator, in every browser and every tenant. They may sign in again "
        "with what they have: switch_off_administrator keeps them out. The history of each tenant where they hold a "
        "role tells of it. With --tenant: only if they hold a role there."
    )
    example = "manage.py sign_out_administrator diego@fabrikam.example"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="ID_OR_DOMAIN", help="a tenant where they hold a role")
        parser.add_argument("email", help="the address that they sign in with")

    def handle(self, *args: Any, **options: Any) -> str:
        there = administrator_named(options["email"])
        if options["tenant"]:
            tenant = find_tenant(options["tenant"])
            if tenant is None:
                raise CommandError(f"No tenant is called '{options['tenant']}'. List them: manage.py doctor")
            there = administrator_of(tenant, options["email"])
        sign_out_administrator(administrator=there, actor=self.actor, now=timezone.now())
        return f"{there.email} is signed out everywhere."
