"""`manage.py prepare_stack`: what script/up needs of Django, in one process.

Knows the order, migrations before data, and the form of the answer: one JSON object on the standard output, which
script/up reads through a pipe, since secrets made just now are in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from config.stack.contoso_id.program import Filed
from config.stack.demo import DemonstrationRefused, furnish
from config.stack.demo_partner import Registration
from guests.operations.inviting import invite_guest, invite_guest_by_mail
from tenants.doors.commands import OperatorCommand


class Command(OperatorCommand):
    help = "Used by script/up: migrate, make the demonstration data that is missing, print what was made as JSON."
    requires_system_checks: list[str] = []  # script/check has them; a start should not wait for them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--application", metavar="ORIGIN", help="where the demonstration application answers; none: no data"
        )
        parser.add_argument(
            "--contoso-id", metavar="FILE", type=Path, help="Contoso ID's file; none: no partner's provider"
        )
        parser.add_argument("--mail", action="store_true", help="mail the invitation: the mail stays on this machine")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        if options["application"] is None:
            self.stdout.write("{}")
            return
        invite = invite_guest_by_mail if options["mail"] else invite_guest
        partner = _registration(options["contoso_id"]) if options["contoso_id"] else None
        now = timezone.now()  # a command is a door
        try:
            made = furnish(origin=options["application"], partner=partner, invite=invite, actor=self.actor, now=now)
        except DemonstrationRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(json.dumps(made.as_dict()))


def _registration(path: Path) -> Registration:
    """The secret comes by the file, as everybody on this machine may read a command line."""
    filed = Filed.read(path)
    client = filed.clients[0]
    return Registration(filed.issuer, client.client_id, client.client_secret)
