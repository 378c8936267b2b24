"""The operators' door to making an operator an ordinary administrator again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from tenants.doors.administrators import administrator_named
from tenants.doors.commands import OperatorCommand
from tenants.refusals import Refusal
from tenants.standing import remove_operator


class Command(OperatorCommand):
    """One operation. The account stays: it may hold roles."""

    help = (
        "Somebody who could enter every tenant enters only those where they hold a role, from their next click on. The "
        "account and its roles stay; switch_off_administrator keeps it out altogether. Another operator: "
        "create_administrator --operator."
    )
    example = "manage.py remove_operator olga@operator.example"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address that they sign in with")

    def handle(self, *args: Any, **options: Any) -> str:
        outcome = remove_operator(administrator=administrator_named(options["email"]))
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        return f"{outcome.email} is no operator any more; roles that they hold in tenants stay."
