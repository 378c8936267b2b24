"""The operators' way back in for an administrator who lost their device.

Asks before it does anything: whoever talks an operator into this holds the account. (R63)
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from tenants.credentials import recover_administrator
from tenants.doors.administrators import administrator_named, agreed, credentials_shown
from tenants.doors.commands import OperatorCommand


class Command(OperatorCommand):
    """One operation, after a yes."""

    help = (
        "For an administrator who lost their authenticator app: takes the app and the backup codes away, ends all "
        "their sessions and prints a new password and three backup codes, once. At the next sign-in the portal asks "
        "for another password. Make sure first that it is them who ask. Who lost the password only: "
        "create_administrator --reset."
    )
    example = "manage.py recover_administrator --email adele@fabrikam.example"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="the address that they sign in with")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> str:
        there = administrator_named(options["email"])
        question = f"Take the authenticator app of {there.email} away and make new credentials?"
        if not options["yes"] and not agreed(question):
            raise CommandError("Nothing was changed.")
        made = recover_administrator(administrator=there, actor=self.actor, now=timezone.now())
        return credentials_shown(made, "has new credentials; the app, the old password, codes and all sessions ended")
