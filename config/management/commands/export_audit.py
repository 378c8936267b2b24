"""The operators' door to the history as a file: to the standard output, at most 100,000 lines a run."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from config.guests_by_address import guests_at
from tenants.admin.asking import SIGN_IN_GROUPS, VISITORS, Asked, asked
from tenants.deeds import GROUPS
from tenants.doors.commands import TenantCommand
from tenants.history_files import Format, export_history
from tenants.models import Outcome, Tenant

CONDITIONS: Final = {
    "address": "only lines about this guest or administrator, or by this administrator",
    "who": "only what this one did: the name, or how it begins",
    "group": f"only this part of the history: {', '.join(GROUPS)}",
    "action": "only these actions, with commas between them, or how their names begin, such as guest.",
    "outcome": f"only lines that ended so: {', '.join(Outcome.values)}",
    "code": "only refusals with this error code",
    "reference": "only lines with this reference",
    "source": "only lines from this network address, or from those that begin so",
    "by": f"{VISITORS}: only what guests and strangers did",
}
"""The log's own conditions, by the names that they have in its page's address."""


def moment(text: str) -> datetime:
    """An argument such as 2026-11-22 or 2026-11-22T19:30, in UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no time: write 2026-11-22 or 2026-11-22T19:30, in UTC") from None
    if not 2000 <= read.year < 3000:
        raise ArgumentTypeError(f"“{text}” is too far away")
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read


def line(text: str) -> int:
    """An argument that is a line's number."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ArgumentTypeError("give the number of a line, as this command printed it")
    return int(text)


class Command(TenantCommand):
    """That it was run is a line of the history, too."""

    help = (
        "Writes a tenant's history to the standard output, the oldest line first, at most 100,000 lines, and says on "
        "the standard error with which --after to go on. Lines that are not sealed yet come with the next file, so "
        "that none is missing between two. A JSON line is the very text that the history's seals hash."
    )
    example = "manage.py export_audit --tenant fabrikam.example --format jsonl > history.jsonl"

    def add_tenant_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=[one.value for one in Format], default="csv", help="csv unless given")
        parser.add_argument("--after", type=line, default=0, metavar="LINE", help="go on after this line")
        parser.add_argument("--since", type=moment, metavar="TIME", help="from then on, in UTC")
        parser.add_argument("--until", type=moment, metavar="TIME", help="before then, in UTC")
        parser.add_argument("--sign-ins", action="store_true", help="only the sign-in log")
        for name, words in CONDITIONS.items():
            parser.add_argument(f"--{name}", metavar=name.upper(), help=words)

    def handle_in_tenant(self, tenant: Tenant, **options: Any) -> None:
        question = self._asked(options)
        if question.problems:
            raise CommandError(" ".join(question.problems))
        file = export_history(
            search=question.search,
            conditions=question.values,
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
            self.stderr.write(
                f"That was all that is sealed. Later lines, those of about the last minute among them, follow "
                f"--after {file.up_to}"
            )

    def _asked(self, options: dict[str, Any]) -> Asked:
        given = {name: options[name] for name in CONDITIONS if options[name]}
        # Whole times, as a page's day is the whole day and --until is the moment before which.
        given |= {name: options[name].isoformat() for name in ("since", "until") if options[name]}
        groups = SIGN_IN_GROUPS if options["sign_ins"] else tuple(GROUPS)
        question = asked(given, groups=groups, subjects=guests_at)
        if options["sign_ins"]:
            question.values["log"] = "sign-ins"
        return question
