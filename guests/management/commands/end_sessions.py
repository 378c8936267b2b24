"""manage.py end_sessions: sign a guest out everywhere, or in one browser."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from guests.management.addressed import add_guest_argument, guest_at
from guests.operations.ending import end_session
from guests.operations.resetting import end_sessions
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    """Parses, calls one operation, says how many ended."""

    help = (
        "End all of a guest's sessions now, or with --session one of them. They may sign in again; to stop that, use "
        "block_guest."
    )
    example = "manage.py end_sessions --tenant fabrikam.example --guest nicole@firstupconsultants.com"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        add_guest_argument(parser)
        parser.add_argument("--session", type=UUID, metavar="ID", help="this one only, as the history names it")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        guest = guest_at(options["guest"], tenant)
        if options["session"]:
            session: UUID = options["session"]
            if not end_session(guest_id=guest.id, session_id=session, actor=self.actor, now=timezone.now()):
                raise CommandError(f"{guest.address} has no such session, or it has ended.")
            self.stdout.write(f"Ended 1 session of {guest.address}.")
            return None
        ended = end_sessions(guest_id=guest.id, actor=self.actor, now=timezone.now())
        self.stdout.write(f"Ended {ended} session{'' if ended == 1 else 's'} of {guest.address}.")
        return None
