"""The operators' door to making an operator an ordinary administrator again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.doors.administrators import administrator_named, agreed
from tenants.doors.commands import OperatorCommand
from tenants.refusals import Refusal
from tenants.standing import is_last_operator, remove_operator


class Command(OperatorCommand):
    """One operation. The account stays: it may hold roles."""

    help = (
        "Somebody who could enter every tenant enters only those where they hold a role, from their next click on. The "
        "account and its roles stay; switch_off_administrator keeps it out altogether. Of the last operator this asks "
        "first. Another operator, or the same one again: create_administrator --operator."
    )
    example = "manage.py remove_operator olga@operator.example"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")
        parser.add_argument("--yes", action="store_true", help="do not ask about the last operator")

    def handle(self, *args: Any, **options: Any) -> str:
        there = administrator_named(options["email"])
        if is_last_operator(there) and not options["yes"]:
            self.stderr.write(
                f"{there.email} is the last operator: then nobody enters every tenant in the portal, until one is made "
                "at a shell again: manage.py create_administrator EMAIL --operator"
            )
            if not agreed("Have no operator?"):
                raise CommandError("Nothing was changed.")
        outcome = remove_operator(administrator=there)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return f"{outcome.email} is no operator any more; roles that they hold in tenants stay."
