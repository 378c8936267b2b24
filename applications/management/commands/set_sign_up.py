"""manage.py set_sign_up: whether anybody may become a guest for an application (R39a)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils import timezone

from applications.operations import close_sign_up, open_sign_up
from providers.rules import Method
from tenants.doors.commands import TenantCommand
from tenants.models import Tenant
from tenants.refusals import Refusal


class Command(TenantCommand):
    """Parses, calls one operation, prints what holds now."""

    help = (
        "Open or close self-service sign-up for an application. Closing ends sign-ups in progress; guests stay guests."
    )
    example = "manage.py set_sign_up --tenant fabrikam.example ID --open emailOneTimePasscode"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("application", type=UUID, help="its id, as its address in the portal says it")
        wanted = parser.add_mutually_exclusive_group(required=True)
        wanted.add_argument("--open", nargs="+", type=Method, metavar="METHOD", help="anybody may, by these methods")
        wanted.add_argument("--close", action="store_true", help="only who is invited becomes a guest")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> str | None:
        which: dict[str, Any] = {
            "application_id": options["application"],
            "actor": self.actor,
            "now": timezone.now(),
        }
        outcome = close_sign_up(**which) if options["close"] else open_sign_up(methods=options["open"], **which)
        if isinstance(outcome, Refusal):
            raise self.refused(outcome)
        said = f"open, by {', '.join(outcome.sign_up_methods)}" if outcome.is_sign_up_open else "closed"
        self.stdout.write(f"Sign-up for {outcome.name}: {said}.")
        return None
