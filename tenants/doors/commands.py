"""The operators' door: what every command of ours has in common.

Knows how a command names its tenant, who the operator is, and how an expected failure is said in one sentence with its
fix. It must never print a traceback for something that a person can mend.
"""

from __future__ import annotations

import getpass
import socket
from argparse import RawDescriptionHelpFormatter
from textwrap import fill
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from tenants.audit import Actor, ActorKind
from tenants.database_fault import database_fault
from tenants.directory import find_tenant
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.scope import tenant_scope


def operator() -> Actor:
    """The operating system's user at this shell."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Actor(ActorKind.OPERATOR, name, source=socket.gethostname()[:100])


class OperatorCommand(BaseCommand):
    """A command whose expected failures are sentences: a database that is away, a schema that is not migrated."""

    example = ""
    suppressed_base_arguments = {
        "--version",
        "-v",
        "--settings",
        "--pythonpath",
        "--traceback",
        "--no-color",
        "--force-color",
        "--skip-checks",
    }

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        if self.example:
            kwargs.setdefault("epilog", f"Example:\n  {self.example}")
        kwargs.setdefault("formatter_class", RawDescriptionHelpFormatter)
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.description = fill(self.help, 78)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except OperationalError as error:
            fault = database_fault()  # the pool's own error hides the cause
            if fault is None:
                raise CommandError(f"The database did not do it: {str(error).strip().splitlines()[0]}") from None
            raise CommandError(f"The database cannot be used: {fault}") from None
        except ProgrammingError as error:
            raise CommandError(
                f"The database's schema is not this version's ({str(error).strip().splitlines()[0]}). "
                "Run: manage.py migrate"
            ) from None
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None

    @property
    def actor(self) -> Actor:
        return operator()

    def refused(self, refusal: Refusal) -> CommandError:
        """One sentence for an operator."""
        until = f" Possible again from {refusal.until:%d %b %Y, %H:%M UTC}." if refusal.until else ""
        return CommandError(f"{refusal.reason or 'Refused.'} ({refusal.code}){until}")


class TenantCommand(OperatorCommand):
    """A command for one tenant, named by --tenant (its id or any verified domain)."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenant", required=True, metavar="ID_OR_DOMAIN", help="the tenant: its id or one of its verified domains"
        )
        self.add_tenant_arguments(parser)

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        """The command's own arguments."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        name = options.pop("tenant")
        tenant = find_tenant(name)
        if tenant is None:
            raise CommandError(
                f"No tenant is called '{name}'. Give its id or a verified domain; list them: manage.py doctor"
            )
        with tenant_scope(tenant.id):
            return self.handle_in_tenant(tenant, **options)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        """Parse, call one operation, print. Runs inside the tenant's scope."""
        raise NotImplementedError  # every command overrides it; a base class cannot say what to do
