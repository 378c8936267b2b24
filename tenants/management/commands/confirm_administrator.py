"""The operators' word that an account is the person's whose address it has.

Asks before it does anything: from then on every tenant may offer that account its roles. (R63)
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.doors.administrators import administrator_named, agreed
from tenants.doors.commands import OperatorCommand
from tenants.refusals import Refusal
from tenants.standing import confirm_administrator


class Command(OperatorCommand):
    """One operation, after a yes."""

    help = (
        "Says that an account belongs to the person whose address it has. A tenant that appoints somebody writes any "
        "address and sees the first password, so other tenants' offers to that account wait until this is said. Ask "
        "the person first, by another way than the portal, whether they sign in with it. If they do not, "
        "recover_administrator takes it back: hand them what it prints, and confirm once they chose a password. "
        "Password, app and codes stay as they are; the history of each tenant where they hold a role tells of it."
    )
    example = "manage.py confirm_administrator omar@fabrikam.example"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> str:
        there = administrator_named(options["email"])
        if not options["yes"] and not agreed(f"Did the person of {there.email} tell you that this account is theirs?"):
            raise CommandError("Nothing was changed.")
        outcome = confirm_administrator(administrator=there, actor=self.actor, now=timezone.now())
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return f"{outcome.email} is confirmed: offers of every tenant reach them from now on."
