"""The operators' door to the error catalogue (BEHAVIOUR J)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.catalogue import CATALOGUE, entry_of
from tenants.doors.commands import OperatorCommand


class Command(OperatorCommand):
    """Reads no database."""

    help = (
        "Says what an error code means: what the guest reads, what it means, what to do, and Entra ID's numbers for it."
    )
    example = "manage.py explain_error E-OTP-OFF"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="as E-OTP-OFF, in any case")

    def handle(self, *args: Any, **options: Any) -> str:
        name = options["code"].strip().upper()
        entry = entry_of(name) or entry_of(f"E-{name}")
        if entry is None:
            raise CommandError(f"There is no code {name}. The codes are {', '.join(CATALOGUE)}.")
        lines = [
            f"Guest:         {entry.for_guest}",
            f"Administrator: {entry.administrator}",
            f"What to do:    {entry.remedy}",
        ]
        if entry.is_kept_from_strangers:
            lines.append("Shown only to who has proven the address; everybody else meets E-CODE.")
        if entry.numbers:
            lines.append(f"Entra ID:      {entry.numbers}")
        return "\n".join(lines)
