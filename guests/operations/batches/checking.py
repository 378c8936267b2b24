"""Giving each row of a file its verdict, before anything is done (R54).

Knows how a slice of the file is read and compared with who is there: a few statements for hundreds of rows. It must
never invite anybody, nor drop a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from django.db.models import Min

from guests.models import Batch, BatchPart, BatchRow, Guest, Verdict
from guests.operations.batches.formats import recognise
from guests.operations.batches.reading import PIECE, Format, Place, Record, Unreadable, is_full, records
from guests.operations.batches.typed_rows import RowReader, TypedRow
from guests.operations.deleting import restorable
from tenants.models import Administrator, Tenant
from tenants.writing import insert_many

MOST_ROWS: Final = 100_000
"""Rows of one file."""

ADMINISTRATOR: Final = "An administrator: Administrators cannot be guests of their own tenant."
BLOCKED: Final = "Blocked: Sign-in is blocked for this guest. Unblock them first."


def check_rows(batch: Batch, tenant: Tenant) -> bool:
    """Check the next slice, moving the batch's counts. True while there is more; `problem` says why there is not."""
    try:
        form, place = _begun(batch)
        read = _read(batch, form, place)
    except Unreadable as error:
        batch.problem = str(error)
        return False
    rows = [one for one in read if not one.is_empty]
    if batch.rows + len(rows) > MOST_ROWS:
        batch.problem = f"The file has more than {MOST_ROWS:,} rows. Split it into several files."
        return False
    if rows:
        reader = RowReader(form, tenant)
        _store(batch, tenant, [reader.read(record) for record in rows])
    if read:
        batch.read_to = str(read[-1].end)
    if is_full(read, place):
        return True
    if not batch.rows:
        batch.problem = "The file has a header and no rows under it. Write a row for each guest."
    return False


def pieces_of(batch: Batch, byte: int) -> Iterator[bytes]:
    """The file from that byte on, one piece after the other."""
    number, begin = byte // PIECE + 1, byte % PIECE
    while True:
        parts = BatchPart.objects.filter(batch=batch, number=number).values_list("content", flat=True)
        content = parts.first()
        if content is None:
            return
        yield bytes(content)[begin:]
        number, begin = number + 1, 0


def administrators_among(tenant: Tenant, keys: Collection[str]) -> set[str]:
    """Those addresses that belong to administrators of the tenant (R50)."""
    there = Administrator.objects.filter(email__in=keys, roles__tenant=tenant, is_active=True)
    return set(there.values_list("email", flat=True))


def _begun(batch: Batch) -> tuple[Format, Place]:
    if batch.read_to:
        return Format.read(batch.choice["format"]), Place.of(batch.read_to)
    form, place = recognise(next(pieces_of(batch, 0), b""))
    batch.choice["format"] = form.stored()
    Batch.objects.filter(id=batch.id).update(choice=batch.choice)
    return form, place


def _read(batch: Batch, form: Format, place: Place) -> list[Record]:
    """What one slice looks at: rows, and how far the file was empty."""
    read: list[Record] = []
    for one in records(pieces_of(batch, place.byte), form, place):
        read.append(one)
        if is_full(read, place):
            break
    return read


def _store(batch: Batch, tenant: Tenant, typed: list[TypedRow]) -> None:
    keys = {row.key for row in typed if row.key}
    administrators = administrators_among(tenant, keys)
    guests = {
        key: (guest_id, is_blocked)
        for key, guest_id, is_blocked in Guest.objects.filter(
            address_key__in=keys, deleted_at__isnull=True
        ).values_list("address_key", "id", "is_blocked")
    }
    gone = _restorable_among(keys - set(guests))
    # A row that is not done leaves the person to the next one that can be.
    earlier = BatchRow.objects.filter(batch=batch, address_key__in=keys).exclude(verdict=Verdict.REFUSED)
    first = dict(earlier.values_list("address_key").annotate(Min("number")))
    rows: list[BatchRow] = []
    for row in typed:
        guest_id, is_blocked = guests.get(row.key, (None, False))
        reason = row.reason
        if row.key in first:
            reason = f"Twice in the file: The same person as row {first[row.key]:,}."
        elif row.key in administrators:
            reason = ADMINISTRATOR
        elif is_blocked and not reason:
            reason = BLOCKED
        there = Verdict.AGAIN if guest_id else Verdict.NEW
        verdict = Verdict.REFUSED if reason else there
        if verdict != Verdict.REFUSED:
            first[row.key] = row.number
        if verdict == Verdict.NEW and row.key in gone:
            reason = f"Was deleted on {gone[row.key]}; Restore brings the old guest back."
        rows.append(_row(batch, replace(row, reason=reason), verdict))
        rows[-1].guest_id = guest_id
    insert_many(rows)
    batch.rows += len(rows)
    batch.rows_new += sum(row.verdict == Verdict.NEW for row in rows)
    batch.rows_again += sum(row.verdict == Verdict.AGAIN for row in rows)
    batch.rows_refused += sum(row.verdict == Verdict.REFUSED for row in rows)
    batch.mails += sum(row.is_mailed and row.verdict != Verdict.REFUSED for row in rows)


def _restorable_among(keys: Collection[str]) -> dict[str, str]:
    """By address, when a guest was deleted who can be restored: inviting makes another one (R55)."""
    if not keys:
        return {}
    there = restorable().filter(address_key__in=keys).order_by("deleted_at").values_list("address_key", "deleted_at")
    return {key: f"{at:%-d %b %Y}" for key, at in there if at}


def _row(batch: Batch, row: TypedRow, verdict: Verdict) -> BatchRow:
    return BatchRow(
        tenant_id=batch.tenant_id,
        batch=batch,
        number=row.number,
        address=row.shown,
        address_key=row.key,
        name=row.name,
        redirect_url=row.redirect_url,
        message=row.message,
        is_mailed=row.is_mailed,
        verdict=verdict,
        reason=row.reason,
    )
