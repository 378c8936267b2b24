"""The operators' door to keeping an account out of the portal, and to letting it in again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from tenants.administering import without_global_administrator
from tenants.doors.administrators import administrator_named
from tenants.doors.commands import OperatorCommand
from tenants.models import Administrator
from tenants.refusals import Refusal
from tenants.standing import switch_off_administrator, switch_on_administrator


class Command(OperatorCommand):
    """One operation of two."""

    help = (
        "Keeps an administrator or operator out of the portal: no sign-in works any more, and every session ends. "
        "Roles, password, app and codes stay for the day when --on lets them in again; remove_administrator takes the "
        "roles. The history of each tenant where they hold a role tells of it."
    )
    example = (
        "manage.py switch_off_administrator diego@fabrikam.example\n"
        "  manage.py switch_off_administrator diego@fabrikam.example --on"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")
        parser.add_argument("--on", action="store_true", help="let them in again")

    def handle(self, *args: Any, **options: Any) -> str:
        change = switch_on_administrator if options["on"] else switch_off_administrator
        outcome = change(administrator=administrator_named(options["email"]), actor=self.actor, now=timezone.now())
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        if options["on"]:
            return f"{outcome.email} may sign in again, with what they had."
        return f"{outcome.email} is switched off and signed out everywhere.{left_alone(outcome)}"


def left_alone(administrator: Administrator) -> str:
    """The tenants where nobody else could appoint anybody."""
    return "".join(
        f"\n{tenant.name} has no Global Administrator now. "
        f"Appoint one: manage.py create_administrator EMAIL --tenant {tenant.primary_domain}"
        for tenant in without_global_administrator(administrator)
    )
