"""The history as files: CSV for people, JSON lines for programs, each of at most 100,000 lines (R64).

Knows where a file begins and ends and how a line of it is written. It must never leave out of a JSON line what its seal
hashes: the line without its line break is that text, byte for byte, so that whoever has the seals can check a file. Nor
may it tell who goes on behind a file to begin above a line that can still appear.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from tenants import audit
from tenants.acting import email_of
from tenants.audit import Actor
from tenants.exporting import BYTE_ORDER_MARK, csv_row
from tenants.models import ActorKind, AuditEntry
from tenants.scope import current_tenant_id
from tenants.seals import canonical_row
from tenants.searching import Search, file_end, in_order
from tenants.telling import about_of, deed_of, remedy_of, who_of, why_of

MOST_LINES: Final = 100_000
"""Lines of one file."""

CSV_HEADER: Final = (
    "line",
    "time",
    "who",
    "administrator’s email",
    "id of who",
    "kind of person",
    "source",
    "reference",
    "what",
    "about",
    "outcome",
    "error code",
    "why",
    "remedy",
    "action",
    "subject kind",
    "subject",
    "details",
)


class Format(StrEnum):
    """How a file is written. The value ends its name."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True)
class HistoryFile:
    """Which lines a file holds: those that fit with after < id <= up_to."""

    search: Search
    format: Format
    after: int
    up_to: int
    is_more: bool
    """Whether lines follow that it could hold; lines that are not sealed yet are the next file's. Either way the next
    file goes on after `up_to`, and misses none."""

    def lines(self) -> Iterator[str]:
        """The file's lines with their line breaks, oldest first. In the tenant's scope; reads by key."""
        entries = in_order(self.search, after=self.after, up_to=self.up_to)
        if self.format is Format.JSON_LINES:
            yield from map(_json_line, entries)
            return
        yield BYTE_ORDER_MARK + csv_row(CSV_HEADER)
        emails: dict[UUID, str] = {}
        for entry in entries:
            who = entry.actor_id if entry.actor_kind == ActorKind.ADMINISTRATOR else None
            if who is not None and who not in emails:  # one statement for each administrator of the file
                emails[who] = email_of(entry)
            yield _csv_line(entry, emails[who] if who is not None else "")


def next_file(*, search: Search, format: Format, after: int) -> HistoryFile:
    """The file that goes on after that line. Reads only; at most 100,000 lines of the condition that leads, all
    of them sealed."""
    up_to, is_more = file_end(search, after=after, at_most=MOST_LINES)
    return HistoryFile(search, format, after, up_to, is_more)


def export_history(
    *, search: Search, conditions: Mapping[str, str], format: Format, after: int, actor: Actor, now: datetime
) -> HistoryFile:
    """Hand out the lines that follow `after`, and write into the history who took what.

    `conditions` tells the search in the words of whoever asked. The file's own line is not in it.
    """
    with transaction.atomic():
        file = next_file(search=search, format=format, after=after)
        audit.record(
            actor=actor,
            action="history.exported",
            at=now,
            subject_kind="tenant",
            subject_id=current_tenant_id(),
            details={"format": format.value, "after": after, "up_to": file.up_to, "conditions": dict(conditions)},
        )
    return file


def _csv_line(entry: AuditEntry, email: str) -> str:
    return csv_row(
        (
            entry.id,
            entry.happened_at,
            who_of(entry),
            email,
            str(entry.actor_id or ""),
            entry.actor_kind,
            entry.source,
            entry.correlation,
            deed_of(entry),
            about_of(entry),
            entry.outcome,
            entry.code,
            why_of(entry),
            remedy_of(entry),
            entry.action,
            entry.subject_kind,
            str(entry.subject_id or ""),
            json.dumps(entry.details, ensure_ascii=False, sort_keys=True),
        )
    )


def _json_line(entry: AuditEntry) -> str:
    return canonical_row(entry).decode() + "\n"
