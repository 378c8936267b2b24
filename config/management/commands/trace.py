"""The operators' door to one request's story, by the reference on the page that a person asks about."""

from __future__ import annotations

from datetime import UTC
from itertools import groupby
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants.doors.commands import OperatorCommand
from tenants.models import ActorKind, AuditEntry, Outcome
from tenants.scope import every_tenant
from tenants.story import canonical_reference, lines_of


class Command(OperatorCommand):
    """Reads only."""

    help = (
        "Tells what a request did, by the reference that its page shows (“give this reference”): who asked, what was "
        "done or refused, and why, in the tenant's own history. It holds no code and no link."
    )
    example = "manage.py trace 7F3A-91C2-0D4E"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", help="twelve digits, with or without dashes, in any case")

    def handle(self, *args: Any, **options: Any) -> str:
        reference = canonical_reference(options["reference"])
        if reference is None:
            raise CommandError("A reference has twelve digits from 0 to 9 and A to F, such as 7F3A-91C2-0D4E.")
        with every_tenant(reason="a reference does not tell its tenant"):
            entries = lines_of(reference)
        if not entries:
            raise CommandError(
                f"No history mentions {reference}. Pages that only show something write none, nor do requests that "
                "named no tenant; a server error is in the log under the same reference."
            )
        return "\n".join(
            line
            for tenant, lines in groupby(entries, key=lambda entry: entry.tenant)
            for line in (f"{tenant.name} ({tenant.primary_domain})", *map(self._told, lines))
        )

    def _told(self, entry: AuditEntry) -> str:
        who = entry.actor_name or ActorKind(entry.actor_kind).label.lower()
        source = f" from {entry.source}" if entry.source else ""
        ended = "" if entry.outcome == Outcome.SUCCESS else f"  {entry.outcome}"
        code = f" {entry.code}" if entry.code else ""
        said = "".join(f"\n      {name}: {value}" for name, value in entry.details.items())
        at = f"{entry.at.astimezone(UTC):%d %b %Y, %H:%M:%S} UTC"
        return f"  {at}  {entry.action}{ended}{code}  by {who}{source}{said}"
