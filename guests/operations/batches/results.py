"""What became of each row, as a file: the uploaded file's own columns again, with the result and its reason (R43, R54).

Knows how a file's rows and the batch's meet, some hundred at a time, whatever their number. It must never read either
as a whole. What is yielded is asked for inside the tenant's scope.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from guests.models import Batch, BatchPart, BatchRow, BatchState, Result, Verdict
from guests.operations.batches.checking import pieces_of
from guests.operations.batches.formats import recognise
from guests.operations.batches.reading import TOGETHER, Format, Record, Unreadable, portions, records

OF_NO_FILE: Final = ("email", "name")
"""The columns where guests were chosen and no file names them."""

FORESEEN: Final = {Verdict.NEW: "will be done", Verdict.AGAIN: "will be done again"}
DONE: Final = {Verdict.NEW: "done", Verdict.AGAIN: "done again"}


def header_of(batch: Batch) -> list[str]:
    """The columns' names."""
    columns = Format.read(batch.choice["format"]).headers if _has_file(batch) else OF_NO_FILE
    return ["row", *columns, "result", "reason"]


def rows_of(batch: Batch) -> Iterator[list[object]]:
    """A line for each row of the batch, in its order."""
    if not _has_file(batch):
        for row in _by_key(batch):
            yield [row.number, row.address, row.name, *_result(batch, row)]
        return
    last = BatchRow.objects.filter(batch=batch).order_by("-number").values_list("number", flat=True).first() or 0
    form, place = recognise(next(pieces_of(batch, 0), b""))
    try:
        for some in portions(records(pieces_of(batch, place.byte), form, place), place):
            yield from _with_results(batch, form, some)
            if some[-1].number >= last:  # what comes behind was never checked, and may be endless
                return
    except Unreadable:
        return  # the batch's page says it


def result_words(batch: Batch, row: BatchRow) -> str:
    """What was done with the row, or would be."""
    if row.verdict == Verdict.REFUSED:
        return "refused"
    if row.result == Result.FAILED:
        return "failed"
    if row.result == Result.DONE:
        return DONE[Verdict(row.verdict)]
    return FORESEEN[Verdict(row.verdict)] if batch.state != BatchState.DISCARDED else "not done"


def _with_results(batch: Batch, form: Format, some: list[Record]) -> Iterator[list[object]]:
    there = BatchRow.objects.filter(batch=batch, number__gte=some[0].number, number__lte=some[-1].number)
    by_number = {row.number: row for row in there}
    for record in some:
        if record.number in by_number:
            yield [record.number, *_cells(record, form), *_result(batch, by_number[record.number])]


def _has_file(batch: Batch) -> bool:
    return "format" in batch.choice and BatchPart.objects.filter(batch=batch, number=1).exists()


def _result(batch: Batch, row: BatchRow) -> list[object]:
    return [result_words(batch, row), row.result_reason or row.reason]


def _cells(record: Record, form: Format) -> list[str]:
    width = len(form.headers)
    return [*record.cells[:width], *[""] * (width - len(record.cells))]


def _by_key(batch: Batch) -> Iterator[BatchRow]:
    after = -1
    while some := list(BatchRow.objects.filter(batch=batch, number__gt=after).order_by("number")[:TOGETHER]):
        yield from some
        after = some[-1].number
