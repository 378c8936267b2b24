"""A file of guests is read whatever wrote it, row by row, from wherever the last look ended (R54)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from guests.operations.batches.formats import TEMPLATE, recognise
from guests.operations.batches.reading import (
    LONGEST_RECORD,
    MOST_EMPTY,
    PIECE,
    TOGETHER,
    TOO_LONG,
    TOO_MANY_CELLS,
    UNPAIRED,
    Place,
    Record,
    Unreadable,
    records,
)

HEADER = "email,redirect url,send email,message,name"
ROW = 'nicole@example.com,,true,"Welcome, ""Nicole""\r\nto us",Nicole'
CELLS = ("nicole@example.com", "", "true", 'Welcome, "Nicole"\r\nto us', "Nicole")


def read(content: bytes, *, piece: int = 1 << 20) -> list[Record]:
    form, place = recognise(content[: 256 * 1024])
    rest = content[place.byte :]
    return list(records((rest[at : at + piece] for at in range(0, len(rest), piece)), form, place))


@pytest.mark.parametrize("piece", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"], ids=["CRLF", "LF", "CR"])
def test_R54_it_reads_what_any_program_writes(end: str, encoding: str, piece: int) -> None:
    text = end.join([HEADER, ROW, "", "  ", "bo@example.com,,,Grüße,Bo", ""])
    first, second = read(text.encode(encoding), piece=piece)
    assert (first.number, first.cells, first.mistake) == (2, CELLS, "")
    # The message has a line break of its own, and two empty lines follow.
    assert (second.number, second.cells) == (6, ("bo@example.com", "", "", "Grüße", "Bo"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("before", ["", "version:v1.0\r\n", "sep={}\r\n"], ids=["plain", "version", "sep"])
def test_R54_it_finds_the_delimiter_and_the_columns(before: str, delimiter: str) -> None:
    text = before.format(delimiter) + delimiter.join(["Full name", "E-mail address", "Dept"]) + "\r\n"
    form, place = recognise((text + delimiter.join(["Nicole", "n@example.com", "x"])).encode())
    assert form.delimiter == delimiter
    assert form.columns == {"name": 0, "email": 1}
    assert place == Place(len(text), 2 if before else 1)


def test_R54_it_reads_entras_template_in_any_order() -> None:
    form, _ = recognise(("version:v1.0,,,\r\n" + ",".join(reversed(TEMPLATE)) + "\r\n").encode())
    assert form.columns == {"message": 0, "send": 1, "redirect_url": 2, "email": 3}


@pytest.mark.parametrize(
    "empty", ["\n", "\r\n", " ,,\r", "\u00a0\n", '"","\n"\n'], ids=["LF", "CRLF", "cells", "space", "quoted"]
)
@pytest.mark.parametrize("piece", [777, 1 << 20])
def test_R54_empty_rows_are_counted_and_it_goes_on_amid_them(empty: str, piece: int) -> None:
    content = f"email,name\nbo@example.com\n{empty * 3 * TOGETHER}nicole@example.com,Nicole".encode()
    bo, *nothing, nicole = read(content, piece=piece)
    assert len(nothing) >= (3 if empty.count("\n") < 2 else 6) - 1
    assert all(one.is_empty for one in nothing)
    assert not bo.is_empty
    assert nicole.cells == ("nicole@example.com", "Nicole")
    assert (nicole.number, nicole.end.empty) == (3 + nicole.end.empty, 3 * TOGETHER * max(1, empty.count("\n")))
    form, _ = recognise(content)
    for one in nothing:
        (again,) = [row for row in records([content[one.end.byte :]], form, one.end) if not row.is_empty]
        assert again == nicole
        assert Place.of(str(one.end)) == one.end


def test_R54_a_place_from_before_empty_rows_were_counted_is_understood() -> None:
    assert Place.of("120:7") == Place(120, 7, 0)


def test_R54_a_message_keeps_the_empty_lines_in_it() -> None:
    (row,) = read(f'{HEADER}\r\na@b.example,,,"Hello,\r\n\r\n\r\nyou\n\n",Bo'.encode())
    assert row.cells[3] == "Hello,\r\n\r\n\r\nyou\n\n"
    assert row.end.lines == 7
    (first, *_, last) = read(f'{HEADER}\na@b.example,,,"Hello{chr(10) * 120}you",Bo\n{ROW}'.encode())
    assert first.mistake == UNPAIRED
    assert last.cells == CELLS


def test_R54_a_row_of_thousands_of_cells_is_one_row_with_a_mistake() -> None:
    first, quoted, last = read(f'{HEADER}\r\na@b.example{",x" * 5000}\r\n"a"{"," * 5000}\r\n{ROW}'.encode())
    assert (first.cells, first.mistake) == (("a@b.example",), TOO_MANY_CELLS)
    assert (quoted.cells, quoted.mistake) == (("a",), TOO_MANY_CELLS)
    assert last.cells == CELLS


@pytest.mark.parametrize("begins", [b"", b"email,name\n", b'email,name\n"'], ids=["header", "row", "quoted"])
def test_R54_sixty_megabytes_without_a_line_break_are_never_held(begins: bytes) -> None:
    def pieces() -> Iterator[bytes]:
        yield (begins + b"x" * PIECE)[:PIECE]
        for _ in range(60 * 4):
            yield b"x" * PIECE

    tracemalloc.start()
    try:
        first = next(pieces())
        if begins:
            form, place = recognise(first)
            rest = (piece[place.byte :] if at == 0 else piece for at, piece in enumerate(pieces()))
            (row,) = records(rest, form, place)
            assert row.mistake == TOO_LONG
        else:
            with pytest.raises(Unreadable, match="Line 1 is too long for the names"):
                recognise(first)
        assert tracemalloc.get_traced_memory()[1] < 10 * PIECE
    finally:
        tracemalloc.stop()


def test_R54_it_goes_on_from_any_row() -> None:
    content = f'{HEADER}\r\n{ROW}\r\n\r\n"open\r\nbo@example.com\r\n{ROW}\r\n'.encode()
    form, _ = recognise(content)
    whole = read(content)
    for at, one in enumerate(whole):
        assert list(records([content[one.end.byte :]], form, one.end)) == whole[at + 1 :]


@pytest.mark.parametrize("damaged", ['"bo@example.com,,true', '"bo"@example.com', 'a@b.example,"x" y'])
def test_R54_a_quotation_mark_that_is_not_closed_takes_no_other_row_with_it(damaged: str) -> None:
    first, second, third = read(f"{HEADER}\r\n{damaged}\r\nnicole@example.com\r\n{ROW}".encode())
    assert (first.number, first.mistake) == (2, UNPAIRED)
    assert (second.number, second.cells, second.mistake) == (3, ("nicole@example.com",), "")
    assert (third.number, third.cells) == (4, CELLS)


@pytest.mark.parametrize("piece", [1000, 1 << 20])
def test_R54_a_cell_of_a_megabyte_is_one_row_with_a_mistake(piece: int) -> None:
    first, second = read(f"{HEADER}\r\na@b.example,,,{'x' * 1_000_000}\r\n{ROW}".encode(), piece=piece)
    assert (first.number, first.mistake) == (2, TOO_LONG)
    assert (second.number, second.cells) == (3, CELLS)


def test_R54_a_quoted_cell_that_grows_too_long_is_one_too() -> None:
    lines = "\r\n".join(["y" * 1000] * (LONGEST_RECORD // 1000 + 2))
    found = read(f'{HEADER}\r\n"{lines}\r\n{ROW}'.encode())
    assert found[0].mistake == UNPAIRED
    assert found[-1].cells == CELLS
    assert len(found) == LONGEST_RECORD // 1000 + 3


def test_R54_a_hundred_columns_are_read_and_a_nul_is_made_visible() -> None:
    wide = ["email", *(f"column {n}" for n in range(99))]
    (row,) = read((",".join(wide) + "\r\nn\0@example.com" + ",x" * 99).encode())
    assert len(row.cells) == 100
    assert row.cells[0] == "n\ufffd@example.com"


@pytest.mark.parametrize(
    ("content", "fix"),
    [
        pytest.param(b"", "The file is empty", id="R54-empty"),
        pytest.param(b"\xef\xbb\xbf\r\n \r\n", "The file is empty", id="R54-blank"),
        pytest.param(b"version:v2.0\r\nemail\r\n", "Write version:v1.0", id="R54-version"),
        pytest.param(b"version:v1.0\r\nfirst,last\r\n", "No column is called email", id="R54-headers"),
        pytest.param(b"a,b\r\n1,2\r\n", "Name the columns in the first row", id="R54-unknown headers"),
        pytest.param(b"nicole@example.com\r\n", "Put a row above it", id="R54-no header"),
        pytest.param(b"email,mail\r\n", "Take one out", id="R54-twice"),
        pytest.param(b"PK\x03\x04\x00\x00", "save the sheet as", id="R54-workbook"),
        pytest.param(b"MZ\x90\x00\x03\x00\x00\x00\x04\x00", "not a CSV file", id="R54-binary"),
        pytest.param(f"email{',x' * 100}\r\n".encode(), "101 columns; 100 is the most", id="R54-wide"),
        pytest.param(b"email" + b"," * 2000, "Line 1 is too long for the names", id="R54-wider"),
        pytest.param(b"email" + b" " * LONGEST_RECORD, "Line 1 is too long for the names", id="R54-long"),
        pytest.param(b"email\n" + b"\n" * (MOST_EMPTY + 1), "delete the rows under the last guest", id="R54-endless"),
        pytest.param(b"\r" * (MOST_EMPTY + 1), "delete the rows under the last guest", id="R54-endless first"),
        pytest.param("email\r\nm\xfcller@b.example".encode("cp1252"), "Line 2 is not written in UTF-8", id="R54-1252"),
    ],
)
def test_R54_what_is_no_such_file_is_refused_with_the_fix(content: bytes, fix: str) -> None:
    with pytest.raises(Unreadable, match=fix):
        read(content)


def test_R54_a_damaged_line_deep_in_a_file_is_named() -> None:
    with pytest.raises(Unreadable, match="Line 1,003 is not written"):
        read(b"email\r\n" + b"a@b.example\r\n" * 1001 + b"\xff\xfe\xfa\r\n", piece=100)
