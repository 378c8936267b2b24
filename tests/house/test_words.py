"""How pages and mails write times, codes and quoted text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string

from config.templatetags.words import LINE, folded, full_moment, quoted, terms_blocks
from tests.house.mail_samples import MAILS
from tests.house.page_samples import SAMPLES, Sample
from tests.house.reading import Page

NOW = datetime(2026, 11, 22, 19, 32, tzinfo=UTC)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NOBODY_S_WORDS = r"oops|be advised|successful(ly)?|unfortunately|kindly|e-mails?|log[ -](in|out|on)|click here"
NOT_FOR_GUESTS = re.compile(
    rf"\b({NOBODY_S_WORDS}|invalid|users?|passcodes?|tenants?|login|logout|he|she|sign-in to|signin)\b", re.I
)
NOT_FOR_ANYBODY = re.compile(rf"\b({NOBODY_S_WORDS})\b", re.I)
MARKUP = re.compile(r"{% comment.*?endcomment %}|{[%#].*?[%#]}|{{.*?}}|<[^>]*>", re.S)


def moment(at: datetime, *, day: str = "near", now: datetime | None = NOW) -> str:
    return Template(f"{{% load words %}}{{% moment at '{day}' %}}").render(Context({"at": at, "now": now}))


@pytest.mark.parametrize(
    ("at", "day", "written"),
    [
        (NOW + timedelta(minutes=26), "near", "19:58 UTC"),
        (NOW + timedelta(hours=5), "near", "23 Nov, 00:32 UTC"),
        (NOW - timedelta(days=365), "near", "22 Nov 2025, 19:32 UTC"),
        (NOW + timedelta(days=1), "long", "23 November, 19:32 UTC"),
        (NOW + timedelta(days=60), "long", "21 January 2027, 19:32 UTC"),
        (NOW.astimezone(timezone(timedelta(hours=9))), "near", "19:32 UTC"),
    ],
    ids=["today", "tomorrow", "last year", "long", "long, next year", "given in another zone"],
)
def test_it_writes_a_moment_as_short_as_it_stays_exact(at, day, written):
    assert f">{written}</time>" in moment(at, day=day)


def test_it_leaves_nothing_out_where_no_one_knows_what_day_it_is():
    assert ">22 Nov 2026, 19:32 UTC</time>" in moment(NOW, now=None)


def test_it_gives_the_script_the_moment_in_UTC_to_the_second():
    assert 'datetime="2026-11-22T19:32:00Z"' in moment(NOW)


def test_it_dates_a_mail_in_full():
    assert full_moment(NOW) == "22 November 2026 at 19:32 UTC"


def test_it_folds_a_paragraph_but_never_a_link():
    link = "https://guests.example/" + "x" * 80
    lines = folded(f"Open {link} when {'you can ' * 20}").splitlines()
    assert link in lines
    assert all(len(line) <= LINE for line in lines if line != link)


def test_R51_it_quotes_every_line_so_that_none_can_pass_for_ours():
    assert quoted("Hello\r\n\r\n-- \r\nFabrikam") == "  | Hello\n  |\n  | --\n  | Fabrikam"


@pytest.mark.parametrize("sample", SAMPLES, ids=[one.id for one in SAMPLES])
def test_it_speaks_to_a_guest_in_the_words_of_the_house(sample: Sample) -> None:
    page = Page(render_to_string(sample.template, sample.names))
    said = " ".join((page.one("title").text, page.one("body").text))
    assert not NOT_FOR_GUESTS.findall(said)


@pytest.mark.parametrize("mail", MAILS, ids=[one.id for one in MAILS])
def test_it_writes_to_a_guest_in_the_words_of_the_house(mail: Sample) -> None:
    said = " ".join(render_to_string(f"{mail.template}/{part}.txt", mail.context) for part in ("subject", "body"))
    assert not NOT_FOR_GUESTS.findall(said)


def test_it_speaks_to_administrators_without_the_words_that_nobody_should_read():
    texts = {path: MARKUP.sub(" ", path.read_text()) for path in TEMPLATES.rglob("*.*")}
    assert not {str(path): found for path, text in texts.items() if (found := NOT_FOR_ANYBODY.findall(text))}


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("1. Scope\n\nYou may.", [(True, "1. Scope"), (False, "You may.")]),
        ("# Scope\r\n\r\nYou\r\nmay.", [(True, "Scope"), (False, "You\nmay.")]),
        ("1. You may use it.", [(False, "1. You may use it.")]),
        ("1. One\n2. Two", [(False, "1. One\n2. Two")]),
        ("\n\n  \n", []),
    ],
    ids=["numbered", "hash, as Windows writes lines", "a numbered sentence", "a list", "nothing"],
)
def test_R22_it_finds_the_headings_in_plain_terms(text, blocks):
    assert terms_blocks(text) == blocks
