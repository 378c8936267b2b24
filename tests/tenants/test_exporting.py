"""Files to download: no spreadsheet runs a cell, and the body is made in its own tenant's scope."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

import pytest

from applications.models import Application
from tenants.exporting import PIECE, as_written, csv_row, harmless, stream_csv, stream_lines
from tenants.models import Tenant
from tenants.scope import OutsideScope, current_scope, tenant_scope

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "\u00a0=1", "\ttab first"]
MOVED = "\t\r\n"
TEXTS = [
    "",
    "nicole@example.com",
    "a=b",
    "'quoted'",
    "3 - 2",
    "O'Brien",
    "1,2",
    'say "hi"',
    "two\nlines",
    "a; b = c",
    "x;y",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_it_makes_a_formula_a_text(text: str) -> None:
    (cell,) = next(csv.reader(StringIO(csv_row([text]), newline="")))
    assert cell == "'" + (text if text[0] not in MOVED or "=" not in text else f"{text[0]}'{text[1:]}")
    assert as_written(cell) == text


SPLIT = {
    "x;=HYPERLINK(1)": "x;'=HYPERLINK(1)",
    "x; =1": "x;' =1",
    'x;"=1"': 'x;\'"=1"',
    "x\t@SUM(A1)": "x\t'@SUM(A1)",
    "Hello\n- one\n- two": "Hello\n'- one\n'- two",
    "a;-1;+1": "a;'-1;'+1",
    "a;'=1": "a;''=1",
    "a\r\n＝1": "a\r\n'＝1",
    "Bye,\n\n- Adele": "Bye,\n\n'- Adele",
    "=1;=2": "'=1;'=2",
}


@pytest.mark.parametrize("text", SPLIT)
def test_it_makes_a_formula_a_text_where_a_spreadsheet_splits_the_cell(text: str) -> None:
    (cell,) = next(csv.reader(StringIO(csv_row([text]), newline="")))
    assert cell == SPLIT[text]
    assert as_written(cell) == text


@pytest.mark.parametrize("text", TEXTS)
def test_it_leaves_other_texts_as_they_are(text: str) -> None:
    (cell, _) = next(csv.reader(StringIO(csv_row([text, "x"]), newline="")))
    assert cell == text == as_written(text) == harmless(text)


def test_it_writes_numbers_truths_and_nothing(now) -> None:
    assert csv_row([-3, True, False, None, now]) == f"-3,true,false,,{now.isoformat()}\r\n"


@pytest.mark.django_db
def test_it_makes_the_body_in_the_tenants_scope_and_leaves_it_between_pieces(fabrikam: Tenant, contoso: Tenant) -> None:
    for tenant, name in ((fabrikam, "Expenses"), (contoso, "Travel")):
        with tenant_scope(tenant.id):
            Application.objects.create(tenant_id=tenant.id, name=name, url="https://app.example/")

    def rows() -> Iterator[list[str]]:
        for _ in range(PIECE + 1):
            yield [Application.objects.get().name]

    response = stream_csv(tenant_id=fabrikam.id, filename="apps für alle.csv", header=["name"], rows=rows)
    pieces = []
    for piece in response:
        pieces.append(piece.decode())
        with pytest.raises(OutsideScope):
            current_scope()
    assert len(pieces) == 2
    assert "".join(pieces) == "\ufeffname\r\n" + "Expenses\r\n" * (PIECE + 1)
    assert response.headers["Content-Disposition"].startswith("attachment; filename")
    assert "X-Accel-Buffering" not in response.headers, "a slow reader is the proxy's, not one of a few threads'"


@pytest.mark.django_db
def test_it_streams_any_lines(fabrikam: Tenant) -> None:
    response = stream_lines(
        tenant_id=fabrikam.id, filename="a.jsonl", content_type="application/jsonl", lines=lambda: iter(["{}\n"])
    )
    assert b"".join(response) == b"{}\n"
