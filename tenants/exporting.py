"""Files made of many rows: written line by line while they are downloaded, so that nobody holds the whole.

Knows how a cell is written so that no spreadsheet runs it, and how a download enters its tenant's scope, as its body is
made after the middleware has left it. It must never keep a scope open between two pieces: whoever sends them may hand
the next one to another thread.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Final
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from tenants.scope import tenant_scope

PIECE: Final = 500
"""Lines made at a time, in one scope."""

BYTE_ORDER_MARK: Final = "\ufeff"
"""What tells a spreadsheet that the file is UTF-8."""

_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_INVISIBLE_FIRST: Final = " \t\r\n\0\v\f\u00a0\ufeff"
_MOVES_THE_REST: Final = ("\t", "\r", "\n")
# Where Excel splits at semicolons or tabs it minds no quotation mark amid a cell: what follows is a cell of its own.
_BEGINS_ONE_WITHIN: Final = re.compile(r"(\r\n|[;\t\r\n])(?=(?:[^\S;\t\r\n]|[\0\ufeff\"'])*[=+\-@＝＋－＠])")
_MARKED_WITHIN: Final = re.compile(_BEGINS_ONE_WITHIN.pattern.replace("(?=", "'(?="))

Lines = Callable[[], Iterator[str]]
Rows = Callable[[], Iterator[Sequence[object]]]


def csv_row(values: Iterable[object]) -> str:
    """One line of a CSV file with its CRLF (RFC 4180). None is an empty cell, a time is written in ISO 8601.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; so does a part of it, behind a
    semicolon, a tab or a line break.
    """
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return line.getvalue()


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula, wherever it splits the text."""
    text, is_formula = _BEGINS_ONE_WITHIN.sub(r"\1'", text), _is_formula(text)
    return f"'{text}" if is_formula else text


def _is_formula(text: str) -> bool:
    return text.lstrip(_INVISIBLE_FIRST).startswith(_BEGINS_A_FORMULA) or text.startswith(_MOVES_THE_REST)


def as_written(cell: str) -> str:
    """The text that harmless() was given, from a cell of a file that comes back."""
    text = _MARKED_WITHIN.sub(r"\1", cell)
    if text.startswith("'") and harmless(text[1:]) == cell:
        return text[1:]
    return text if harmless(text) == cell else cell


def stream_csv(*, tenant_id: UUID, filename: str, header: Sequence[str], rows: Rows) -> StreamingHttpResponse:
    """A CSV file in UTF-8 to download. `rows` is called, and its rows are asked for, inside the tenant's scope.

    `rows` must read by key, some hundred rows a statement, and hold no cursor between two rows.
    """

    def lines() -> Iterator[str]:
        yield BYTE_ORDER_MARK + csv_row(header)
        yield from map(csv_row, rows())

    return stream_lines(tenant_id=tenant_id, filename=filename, content_type="text/csv; charset=utf-8", lines=lines)


def stream_lines(*, tenant_id: UUID, filename: str, content_type: str, lines: Lines) -> StreamingHttpResponse:
    """Any file of lines to download, each with its line break. As stream_csv."""
    disposition = content_disposition_header(as_attachment=True, filename=filename)
    headers = {"Content-Disposition": disposition or "attachment"}
    return StreamingHttpResponse(_pieces(tenant_id, lines), content_type=content_type, headers=headers)


def _pieces(tenant_id: UUID, lines: Lines) -> Iterator[bytes]:
    made: Iterator[str] | None = None
    while True:
        with tenant_scope(tenant_id):
            made = lines() if made is None else made
            piece = list(islice(made, PIECE))
        if not piece:
            return
        yield "".join(piece).encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return harmless(value.replace("\0", "")) if isinstance(value, str) else str(value)
