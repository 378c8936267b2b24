"""A CSV file read record by record out of its pieces, from wherever the last look ended.

Knows lines, cells and quotation marks. It holds no more than one piece and one record, whatever the file is, and gives
every row with a cell in it: what cannot be read becomes a record with its mistake. Long stretches of empty rows are
told as well, so that who reads can stop amid them. It must never guess what a damaged row meant, nor know what the rows
are for.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

PIECE: Final = 256 * 1024
"""Bytes of each piece of a file but the last."""

LONGEST_RECORD: Final = 65_536
"""Characters of one row; a longer one is a quotation mark that was never closed, or no table."""

MOST_LINES: Final = 100
"""Lines of one row."""

MOST_CELLS: Final = 1000
"""Cells of one row: the delimiter alone, sixty thousand times, would be a row of sixty thousand cells."""

TOGETHER: Final = 500
"""Rows that are worked at together. Of empty rows, as many are passed over before a place behind them is told."""

MOST_TOGETHER: Final = 4 * 1024 * 1024
"""Bytes of the file that are worked at together, and one row more."""

MOST_EMPTY: Final = 100_000
"""Empty rows of one file."""

TOO_MANY_EMPTY: Final = (
    f"The file has more than {MOST_EMPTY:,} empty rows. In Excel, delete the rows under the last guest, save the file "
    "and upload it again."
)
UNPAIRED: Final = (
    "Quotation marks do not pair: Put one before and one after the text, and write one that belongs to the text twice."
)
TOO_LONG: Final = f"Too long: A row has at most {LONGEST_RECORD:,} characters. Look for a missing quotation mark."
TOO_MANY_CELLS: Final = f"Too many cells: A row has at most {MOST_CELLS:,}. Look for delimiters that are not needed."

_BREAKS: Final = re.compile(r"\r\n|\n|\r")
_ONE_LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n|\n|\r)")
# A megabyte of empty rows is a thousand matches instead of a million lines. Long ones are left to the slow way.
_LINES: Final = {
    delimiter: re.compile(
        rf"(?P<empty>(?:[ {delimiter}]{{0,100}}+(?:\r\n|\n|\r)){{1,{TOGETHER}}}+)|{_ONE_LINE.pattern}"
    )
    for delimiter in (",", ";", "\t")
}


class Unreadable(ValueError):
    """A file that no row can be taken from. Its text is a sentence for a person with the fix."""


@dataclass(frozen=True)
class Place:
    """Where reading goes on: a byte of the file, the lines before it, and how many of them were empty."""

    byte: int
    lines: int
    empty: int = 0

    def __str__(self) -> str:
        return f"{self.byte}:{self.lines}:{self.empty}"

    @classmethod
    def of(cls, text: str) -> Place:
        return cls(*map(int, text.split(":")))


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
    """One row of the file. `number` is the line that it begins on, from 1; `end` the place behind it.

    Without a cell and without a mistake it is no row: all up to `end` was empty.
    """

    number: int
    cells: tuple[str, ...]
    end: Place
    mistake: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.cells and not self.mistake


@dataclass(frozen=True)
class _Line:
    """One line, or `lines` empty ones that follow one another."""

    text: str
    size: int
    is_too_long: bool = False
    lines: int = 1


def records(pieces: Iterable[bytes], form: Format, at: Place) -> Iterator[Record]:
    """The rows from that place on; `pieces` begin there. Behind each TOGETHER empty rows is a Record that is_empty.

    Raises Unreadable where the text is not in the file's encoding, and behind MOST_EMPTY empty rows.
    """
    lines, ahead = _lines(pieces, form, at.lines), deque[_Line]()
    byte, count, empty, told, nothing = at.byte, at.lines, at.empty, at, f" \t\r\n{form.delimiter}"
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
        elif line.text.strip(nothing):
            cells = tuple(line.text.rstrip("\r\n").split(form.delimiter, MOST_CELLS))
        if len(cells) > MOST_CELLS:
            mistake, cells = TOO_MANY_CELLS, cells[:1]
        byte, number = byte + sum(one.size for one in used), count + 1
        count += (its_lines := sum(one.lines for one in used))
        if mistake or any(map(str.strip, cells)):
            told = Place(byte, count, empty)
            yield Record(number, tuple(map(_plain, cells)), told, mistake)
            continue
        empty += its_lines
        if empty > MOST_EMPTY:
            raise Unreadable(TOO_MANY_EMPTY)
        if empty - told.empty >= TOGETHER or byte - told.byte >= MOST_TOGETHER:
            told = Place(byte, count, empty)
            yield Record(number, (), told)


def portions(found: Iterable[Record], at: Place) -> Iterator[list[Record]]:
    """The same, as many together as one statement and the memory can take: TOGETHER, or MOST_TOGETHER bytes.

    Where the file cannot be read on, what was read before comes first, and then Unreadable is raised.
    """
    some: list[Record] = []
    try:
        for one in found:
            some.append(one)
            if is_full(some, at):
                yield some
                some, at = [], one.end
    except Unreadable:
        if some:
            yield some
        raise
    if some:
        yield some


def is_full(some: Sequence[Record], at: Place) -> bool:
    """Whether no more rows are worked at together with these, that begin there."""
    return bool(some) and (len(some) == TOGETHER or some[-1].end.byte - at.byte >= MOST_TOGETHER)


def _quoted(used: list[_Line], ahead: deque[_Line], lines: Iterator[_Line], delimiter: str) -> tuple[str, ...] | None:
    """The cells of a record that begins with the line in `used`, which then holds all of its lines.

    None where its quotation marks do not pair up: the lines after the first are then still to be read.
    """

    def its_lines() -> Iterator[str]:
        yield used[0].text
        length, count = len(used[0].text), 1
        while count < MOST_LINES:
            line = ahead.popleft() if ahead else next(lines, None)
            if line is None:
                return
            used.append(line)
            length, count = length + len(line.text), count + line.lines
            if line.is_too_long or length > LONGEST_RECORD:
                return
            yield line.text

    try:
        return tuple(next(csv.reader(its_lines(), delimiter=delimiter, strict=True, skipinitialspace=True)))
    except (csv.Error, StopIteration):
        ahead.extendleft(reversed(used[1:]))
        del used[1:]
        return None


def _lines(pieces: Iterable[bytes], form: Format, before: int) -> Iterator[_Line]:
    encoding, either = form.encoding, _LINES[form.delimiter]
    decoder, rest, skipped, count = codecs.getincrementaldecoder(encoding)("strict"), "", 0, before
    for piece, is_last in _with_last(pieces):
        try:
            text = rest + decoder.decode(piece, final=is_last)
        except UnicodeDecodeError as error:
            good = rest + bytes(error.object[: error.start]).decode(encoding, "ignore")
            raise Unreadable(_not_utf8(count + 1 + len(_BREAKS.findall(good)))) from None
        begin = 0
        while found := (_ONE_LINE if skipped else either).match(text, begin):
            if found.end() == len(text) and text.endswith("\r") and not is_last:
                break  # its \n may come with the next piece
            line, begin = found[0], found.end()
            if found.lastgroup:
                lines = len(_BREAKS.findall(line))
                yield _Line(line, len(line.encode(encoding)), lines=lines)
                count += lines
            else:
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
