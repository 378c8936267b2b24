"""The operators' door to the story of a request, by the reference on its page, or of an address's last attempts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.core.management.base import CommandError, CommandParser

from config.guests_by_address import guests_at
from tenants.addresses import AddressRefused, canonical
from tenants.directory import find_tenant
from tenants.doors.commands import OperatorCommand
from tenants.scope import every_tenant, tenant_scope
from tenants.story import Step, Story, attempts_of, canonical_reference, gap_in_words, stories_of


class Command(OperatorCommand):
    """Reads only."""

    help = (
        "Tells what a request did, by the reference that its page shows (“give this reference”): who did what, when, "
        "what they saw, why, and what to do. With --address and --tenant: the last attempts of that address to come "
        "in. It holds no code and no link."
    )
    example = "manage.py trace 7F3A-91C2-0D4E"

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("reference", nargs="?", help="twelve digits, with or without dashes, in any case")
        whose.add_argument("--address", metavar="ADDRESS", help="whose last attempts to tell; needs --tenant")
        parser.add_argument("--tenant", metavar="ID_OR_DOMAIN", help="where the address tried to come in")

    def handle(self, *args: Any, **options: Any) -> str:
        address, reference = options["address"], options["reference"]
        stories = self._request(reference) if address is None else self._attempts(address, options["tenant"])
        return "\n\n".join("\n".join(_told(story)) for story in stories)

    def _request(self, text: str) -> list[Story]:
        reference = canonical_reference(text)
        if reference is None:
            raise CommandError("A reference has twelve digits from 0 to 9 and A to F, such as 7F3A-91C2-0D4E.")
        with every_tenant(reason="a reference does not tell its tenant"):
            stories = stories_of(reference)
        if not stories:
            raise CommandError(
                f"No history mentions {reference}. Pages that only show something write none, nor do requests that "
                "named no tenant; a server error is in the log under the same reference."
            )
        return stories

    def _attempts(self, typed: str, name: str | None) -> list[Story]:
        tenant = find_tenant(name) if name else None
        if tenant is None:
            raise CommandError(
                "Name the tenant with --tenant: its id or a verified domain; manage.py doctor lists them."
            )
        try:
            address = canonical(typed).key
        except AddressRefused as refused:
            raise CommandError(f"“{typed}” is no whole address: {refused}") from None
        with tenant_scope(tenant.id):
            stories = attempts_of(address, guests_at(address))
        if not stories:
            raise CommandError(f"The history of {tenant.name} tells of no attempt by {address} to come in.")
        return stories


def _told(story: Story) -> Iterator[str]:
    yield f"{story.tenant.name} ({story.tenant.primary_domain})"
    day = None
    for step in story.steps:
        at = step.entry.at.astimezone(UTC)
        if at.date() != day:
            day = at.date()
            yield f"  {at:%d %b %Y}"
        yield from _step(step, f"{at:%H:%M:%S} UTC")


def _step(step: Step, at: str) -> Iterator[str]:
    entry = step.entry
    gap = f" ({gap_in_words(step.gap)})" if step.gap is not None else ""
    source = f" From {entry.source}." if entry.source else ""
    code = f" {entry.code}." if entry.code else ""
    yield f"  {at}{gap}  {step.sentence}{code}{source}"
    for label, said in (
        ("Details", step.facts),
        ("They saw", step.seen),
        ("Why", step.why),
        ("What to do", step.remedy),
        ("Request", "" if step.is_asked_for else entry.correlation or "a worker"),
    ):
        if said:
            yield f"      {label}: {said}"
