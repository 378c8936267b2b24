"""The operators' door to the history as a file: to the standard output, at most 100,000 lines a run."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from config.guests_by_address import guests_at
from tenants.addresses import AddressRefused, canonical
from tenants.doors.commands import TenantCommand
from tenants.history_files import Format, export_history
from tenants.models import Tenant
from tenants.searching import Search


def moment(text: str) -> datetime:
    """An argument such as 2026-11-22 or 2026-11-22T19:30, in UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no time: write 2026-11-22 or 2026-11-22T19:30, in UTC") from None
    if not 2000 <= read.year < 3000:
        raise ArgumentTypeError(f"“{text}” is too far away")
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def address(text: str) -> str:
    """An argument that is a whole address."""
    try:
        return canonical(text).key
    except AddressRefused as refused:
        raise ArgumentTypeError(str(refused)) from None


def line(text: str) -> int:
    """An argument that is a line's number."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ArgumentTypeError("give the number of a line, as this command printed it")
    return int(text)


class Command(TenantCommand):
    """That it was run is a line of the history, too."""

    help = (
        "Writes a tenant's history to the standard output, the oldest line first, at most 100,000 lines. Where more "
        "follow it says on the standard error with which --after to go on. A JSON line is the very text that the "
        "history's seals hash."
    )
    example = "manage.py export_audit --tenant fabrikam.example --format jsonl > history.jsonl"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=[one.value for one in Format], default="csv", help="csv unless given")
        parser.add_argument("--after", type=line, default=0, metavar="LINE", help="go on after this line")
        parser.add_argument("--since", type=moment, metavar="TIME", help="from then on, in UTC")
        parser.add_argument("--until", type=moment, metavar="TIME", help="before then, in UTC")
        parser.add_argument("--address", type=address, metavar="ADDRESS", help="only lines about this address")

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> None:
        about = options["address"] or ""
        search = Search(
            address=about,
            subjects=guests_at(about) if about else (),
            since=options["since"],
            until=options["until"],
        )
        given = {name: str(options[name]) for name in ("address", "since", "until") if options[name]}
        file = export_history(
            search=search,
            conditions=given,
            format=Format(options["format"]),
            after=options["after"],
            actor=self.actor,
            now=timezone.now(),
        )
        for text in file.lines():
            self.stdout.write(text, ending="")
        if file.is_more:
            self.stderr.write(f"More lines follow. Go on with --after {file.up_to}")
        else:
            self.stderr.write(f"That was all. Later lines follow --after {file.up_to}")
