"""Whether a tenant's history is as it was sealed (R64).

Knows how to walk a chain and name the first line or seal that is not as it was. Reads only, in no transaction, and
holds a few blocks in memory.

A chain shows that something inside it was altered. Whoever may rewrite every seal may make another chain: only a head
that was written down elsewhere (`manage.py verify_audit` prints it) shows that.

That a block was forgotten stands beside its seal and is not hashed, so it is believed only where it may be so: no older
block is still there, and a line `history.forgotten` names the block. That line may be forgotten in its turn, 30 days
later at the earliest; then the line of a later forgetting stands for it. Whoever writes as the tables' owner can add
such a line, too: then the log tells of a forgetting, and at what time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from tenants.models import AuditEntry, AuditSeal
from tenants.retention import SHORTEST
from tenants.scope import current_tenant_id
from tenants.seals import FIRST_PREVIOUS, ROW_BYTES, row_hash, row_id, seal_hash

_ROWS_PAGE: Final = 2_000
_SEALS_PAGE: Final = 20
_BLOCKS: Final = re.compile(r"(\d{1,18})–(\d{1,18})")


class Fault(StrEnum):
    """What is not as it was sealed."""

    ROW_REMOVED = "row removed"
    ROW_CHANGED = "row changed"
    ROW_INSERTED = "row inserted"
    SEAL_REMOVED = "seal removed"
    SEAL_CHANGED = "seal changed"
    HEAD_LOST = "head lost"
    FORGOTTEN_OUT_OF_TURN = "forgotten out of turn"
    FORGOTTEN_UNTOLD = "forgotten untold"


@dataclass(frozen=True)
class Head:
    """The last seal of a chain: its number and hash. Kept elsewhere, it shows that no part of the chain was remade."""

    sequence: int
    hash: bytes


@dataclass(frozen=True)
class Finding:
    """The first thing that is wrong: `id` is the line's, or the seal's number."""

    fault: Fault
    id: int


@dataclass(frozen=True)
class ForgottenBlocks:
    """The beginning of a chain whose lines are gone, as the tenant keeps them for some days only. Its seals stay."""

    last: int
    """The number of the last such block; they begin with 1."""
    lines: int
    since: datetime
    until: datetime
    """When the first and the last of them were forgotten."""


@dataclass(frozen=True)
class _Forgetting:
    """What one line of the history tells: that it forgot these blocks, at that time."""

    first: int
    last: int
    at: datetime


@dataclass(frozen=True)
class Verdict:
    """What a chain says: how much is sealed, how many lines still wait, where the chain ends, what is wrong first.

    `rows` counts the lines that are there; `forgotten` tells of blocks whose lines are not.
    """

    seals: int
    rows: int
    waiting: int
    waiting_since: datetime | None
    head: Head | None
    finding: Finding | None
    forgotten: ForgottenBlocks | None = None


def verify_tenant(*, remembered: Head | None = None) -> Verdict:
    """Check the open tenant's whole chain against its lines, and that `remembered` is still part of it.

    Reads in pages, in no transaction: lines and seals that appear meanwhile do no harm, nor does a block that is
    forgotten meanwhile. Stops at the first finding.
    """
    seals = rows = 0
    forgotten: ForgottenBlocks | None = None
    head = Head(0, FIRST_PREVIOUS)
    last_id = 0
    told: Sequence[_Forgetting] = ()
    is_remembered = remembered is None
    for seal in _seals():
        found = _check_seal(seal, head, last_id) or _check_rows(seal, last_id)
        if found is not None and found.fault is Fault.ROW_REMOVED and seal.forgotten_at is None:
            seal.refresh_from_db(fields=["forgotten_at"])  # forgotten while we were reading
            found = found if seal.forgotten_at is None else _check_rows(seal, last_id)
        if found is None and seal.forgotten_at is not None:
            if not _is_told(seal, seal.forgotten_at, told):
                told = _forgettings()  # also what was forgotten while we were reading
            found = _check_forgotten(seal, seal.forgotten_at, told, is_after_kept=rows > 0)
        if found is None and remembered is not None and seal.sequence == remembered.sequence:
            is_remembered = bytes(seal.hash) == remembered.hash
            found = None if is_remembered else Finding(Fault.HEAD_LOST, seal.sequence)
        if found is not None:
            return Verdict(seals, rows, 0, None, head if seals else None, found, forgotten)
        if seal.forgotten_at is None:
            rows += seal.count
        else:
            forgotten = _with_block(forgotten, seal, seal.forgotten_at)
        seals, last_id = seals + 1, seal.last_id
        head = Head(seal.sequence, bytes(seal.hash))
    lost = None if is_remembered or remembered is None else Finding(Fault.HEAD_LOST, remembered.sequence)
    waiting = AuditEntry.objects.filter(id__gt=last_id)
    since = waiting.order_by("id").values_list("at", flat=True).first()
    return Verdict(seals, rows, waiting.count(), since, head if seals else None, lost, forgotten)


def _seals() -> Iterator[AuditSeal]:
    last = 0
    while page := list(AuditSeal.objects.filter(sequence__gt=last).order_by("sequence")[:_SEALS_PAGE]):
        yield from page
        last = page[-1].sequence


def _rows(after: int, up_to: int, *, at_most: int) -> Iterator[AuditEntry]:
    left = at_most
    while left > 0 and (
        page := list(AuditEntry.objects.filter(id__gt=after, id__lte=up_to).order_by("id")[: min(_ROWS_PAGE, left)])
    ):
        yield from page
        after, left = page[-1].id, left - len(page)


def _check_seal(seal: AuditSeal, before: Head, last_id: int) -> Finding | None:
    if seal.sequence != before.sequence + 1:
        return Finding(Fault.SEAL_REMOVED, before.sequence + 1)
    is_sound = (
        bytes(seal.previous_hash) == before.hash
        and last_id < seal.first_id <= seal.last_id
        and len(seal.rows_hash) == ROW_BYTES * seal.count
        and seal_hash(tenant_id=current_tenant_id(), seal=seal) == bytes(seal.hash)
    )
    return None if is_sound else Finding(Fault.SEAL_CHANGED, seal.sequence)


def _check_forgotten(
    seal: AuditSeal, at: datetime, told: Sequence[_Forgetting], *, is_after_kept: bool
) -> Finding | None:
    """Whether the block can have been forgotten as it says: the oldest go first, in a transaction that tells of it."""
    # The older ones are read again: they may have been forgotten since, before this one.
    if is_after_kept and AuditSeal.objects.filter(sequence__lt=seal.sequence, forgotten_at__isnull=True).exists():
        return Finding(Fault.FORGOTTEN_OUT_OF_TURN, seal.sequence)
    return None if _is_told(seal, at, told) else Finding(Fault.FORGOTTEN_UNTOLD, seal.sequence)


def _is_told(seal: AuditSeal, at: datetime, told: Sequence[_Forgetting]) -> bool:
    """Whether a line names the block, or a line that did may have been forgotten by the time of a later forgetting."""
    may_be_gone = at + timedelta(days=SHORTEST)
    return any(
        one.first <= seal.sequence <= one.last or (seal.sequence < one.first and may_be_gone <= one.at) for one in told
    )


def _forgettings() -> Sequence[_Forgetting]:
    """What the history tells of forgetting, the latest first, as only the first lines matter to most blocks."""
    told = AuditEntry.objects.filter(action="history.forgotten").order_by("-id").values_list("details__blocks", "at")
    read = ((_BLOCKS.fullmatch(str(blocks)), at) for blocks, at in told)
    return tuple(_Forgetting(int(found[1]), int(found[2]), at) for found, at in read if found)


def _with_block(before: ForgottenBlocks | None, seal: AuditSeal, at: datetime) -> ForgottenBlocks:
    if before is None:
        return ForgottenBlocks(seal.sequence, seal.count, at, at)
    return ForgottenBlocks(seal.sequence, before.lines + seal.count, min(before.since, at), max(before.until, at))


def _check_rows(seal: AuditSeal, last_id: int) -> Finding | None:
    """The first line of the block, or of the ids before it, that is gone, new or other; none once it is forgotten."""
    if seal.forgotten_at is not None:
        back = AuditEntry.objects.filter(id__gt=last_id, id__lte=seal.last_id).order_by("id").first()
        return None if back is None else Finding(Fault.ROW_INSERTED, back.id)
    kept = bytes(seal.rows_hash)
    sealed = iter([kept[at : at + ROW_BYTES] for at in range(0, len(kept), ROW_BYTES)])
    expected = next(sealed, None)
    # One line more than was sealed is enough to name an inserted one.
    for entry in _rows(last_id, seal.last_id, at_most=seal.count + 1):
        if expected is None or entry.id < row_id(expected):
            return Finding(Fault.ROW_INSERTED, entry.id)
        if entry.id > row_id(expected):
            return Finding(Fault.ROW_REMOVED, row_id(expected))
        if row_hash(entry) != expected:
            return Finding(Fault.ROW_CHANGED, entry.id)
        expected = next(sealed, None)
    return None if expected is None else Finding(Fault.ROW_REMOVED, row_id(expected))
