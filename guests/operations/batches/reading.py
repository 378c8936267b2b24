"""A CSV file read record by record out of its pieces, from wherever the last look ended.

Knows lines, cells and quotation marks. It holds no more than one piece and one record, whatever the file is, and gives
every row with a cell in it: what cannot be read becomes a record with its mistake. It must never guess what a damaged
row meant, nor know what the rows are for.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

PIECE: Final = 256 * 1024
"""Bytes of each piece of a file but the last."""

LONGEST_RECORD: Final = 65_536
"""Characters of one row; a longer one is a quotation mark that was never closed, or no table."""

MOST_LINES: Final = 100
"""Lines of one row."""

UNPAIRED: Final = (
    "Quotation marks do not pair: Put one before and one after the text, and write one that belongs to the text twice."
)
TOO_LONG: Final = f"Too long: A row has at most {LONGEST_RECORD:,} characters. Look for a missing quotation mark."

_BREAKS: Final = re.compile(r"\r\n|\n|\r")


class Unreadable(ValueError):
    """A file that no row can be taken from. Its text is a sentence for a person with the fix."""


@dataclass(frozen=True)
class Place:
    """Where reading goes on: a byte of the file, and the lines before it."""

    byte: int
    lines: int

    def __str__(self) -> str:
        return f"{self.byte}:{self.lines}"

    @classmethod
    def of(cls, text: str) -> Place:
        byte, _, lines = text.partition(":")
        return cls(int(byte), int(lines))


@dataclass(frozen=True)
class Format:
    """How a file is written. `columns` says in which column, from 0, what stands; `headers` are all names in order."""

    encoding: str
    delimiter: str
    headers: tuple[str, ...] = ()
    columns: Mapping[str, int] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As a batch keeps it."""
        return {**asdict(self), "headers": list(self.headers), "columns": dict(self.columns)}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Format:
        """The same, back from a batch."""
        return cls(stored["encoding"], stored["delimiter"], tuple(stored["headers"]), stored["columns"])


@dataclass(frozen=True)
class Record:
    """One row of the file. `number` is the line that it begins on, from 1; `end` the place behind it."""

    number: int
    cells: tuple[str, ...]
    end: Place
    mistake: str = ""


@dataclass(frozen=True)
class _Line:
    text: str
    size: int
    is_too_long: bool = False


def records(pieces: Iterable[bytes], form: Format, at: Place) -> Iterator[Record]:
    """The rows from that place on; `pieces` begin there. Rows without a cell are passed over and counted.

    Raises Unreadable where the text is not in the file's encoding.
    """
    lines, ahead = _lines(pieces, form.encoding, at.lines), deque[_Line]()
    byte, count = at.byte, at.lines
    while True:
        line = ahead.popleft() if ahead else next(lines, None)
        if line is None:
            return
        used, mistake, cells = [line], "", tuple[str, ...]()
        if line.is_too_long:
            mistake = TOO_LONG
        elif '"' in line.text:
            read = _quoted(used, ahead, lines, form.delimiter)
            mistake, cells = ("", read) if read is not None else (UNPAIRED, (line.text.strip(),))
        else:
            cells = tuple(line.text.rstrip("\r\n").split(form.delimiter))
        byte, number = byte + sum(one.size for one in used), count + 1
        count += len(used)
        if mistake or any(map(str.strip, cells)):
            yield Record(number, tuple(map(_plain, cells)), Place(byte, count), mistake)


def _quoted(used: list[_Line], ahead: deque[_Line], lines: Iterator[_Line], delimiter: str) -> tuple[str, ...] | None:
    """The cells of a record that begins with the line in `used`, which then holds all of its lines.

    None where its quotation marks do not pair up: the lines after the first are then still to be read.
    """

    def its_lines() -> Iterator[str]:
        yield used[0].text
        length = len(used[0].text)
        while len(used) < MOST_LINES:
            line = ahead.popleft() if ahead else next(lines, None)
            if line is None:
                return
            used.append(line)
            length += len(line.text)
            if line.is_too_long or length > LONGEST_RECORD:
                return
            yield line.text

    try:
        return tuple(next(csv.reader(its_lines(), delimiter=delimiter, strict=True, skipinitialspace=True)))
    except (csv.Error, StopIteration):
        ahead.extendleft(reversed(used[1:]))
        del used[1:]
        return None


def _lines(pieces: Iterable[bytes], encoding: str, before: int) -> Iterator[_Line]:
    decoder, rest, skipped, count = codecs.getincrementaldecoder(encoding)("strict"), "", 0, before
    for piece, is_last in _with_last(pieces):
        try:
            text = rest + decoder.decode(piece, final=is_last)
        except UnicodeDecodeError as error:
            good = rest + bytes(error.object[: error.start]).decode(encoding, "ignore")
            raise Unreadable(_not_utf8(count + 1 + len(_BREAKS.findall(good)))) from None
        begin = 0
        for found in _BREAKS.finditer(text):
            if found[0] == "\r" and found.end() == len(text) and not is_last:
                break  # its \n may come with the next piece
            line, begin = text[begin : found.end()], found.end()
            yield _line(line, skipped, encoding)
            skipped, count = 0, count + 1
        rest = text[begin:]
        if is_last and (rest or skipped):
            yield _line(rest, skipped, encoding)
        elif len(rest) > LONGEST_RECORD and not rest.endswith("\r"):
            skipped, rest = skipped + len(rest.encode(encoding)), ""


def _line(text: str, skipped: int, encoding: str) -> _Line:
    is_too_long = bool(skipped) or len(text) > LONGEST_RECORD
    return _Line("" if is_too_long else text, skipped + len(text.encode(encoding)), is_too_long)


def _with_last(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each piece, and whether it is the last one; a last piece of nothing where there is none."""
    before = b""
    for piece in pieces:
        if before:
            yield before, False
        before = bytes(piece)
    yield before, True


def _plain(cell: str) -> str:
    """A NUL can be stored nowhere; what stands for it is refused wherever it matters."""
    return cell.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _not_utf8(line: int) -> str:
    return (
        f"Line {line:,} is not written in UTF-8. In Excel, save the sheet as “CSV UTF-8 (Comma delimited)” and upload "
        "that file."
    )
