"""How long a mail waits, and what of a server's answer is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outbox.rules import back_off, jittered, kept_reason


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [(0, 2), (1, 2), (2, 5), (3, 15), (4, 30), (5, 60), (6, 60), (30, 60), (31, 600), (2000, 600)],
)
def test_B11_it_waits_longer_after_each_failed_try(tries: int, seconds: int) -> None:
    assert back_off(tries) == timedelta(seconds=seconds)


def test_B11_a_code_is_tried_seven_times_within_a_minute_whatever_chance_adds() -> None:
    tried_at, tries = timedelta(), 1
    while tried_at + jittered(back_off(tries, is_code=True), 1) <= timedelta(minutes=1):
        tried_at += jittered(back_off(tries, is_code=True), 1)
        tries += 1
    assert tries >= 7
    waits = [back_off(tries, is_code=True) for tries in range(1, 2000)]
    assert waits == sorted(waits), "it never waits less than before"


@pytest.mark.parametrize(("share", "seconds"), [(0, 60), (0.5, 67.5), (1, 75)])
def test_B11_it_adds_up_to_a_quarter_so_that_mails_do_not_return_together(share: float, seconds: float) -> None:
    assert jittered(timedelta(seconds=60), share) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <nicole@firstup.example>: no such mailbox", "550 5.1.1 … no such mailbox"),
        ("554 spam: Your code is 1234 5678.", "554 spam: Your code is … …"),
        ("554 spam: 12345678", "554 spam: …"),
        ("554 see https://guests.example/fabrikam.example/redeem/aBcDefGhIjKlMnOpQrStUv", "554 see …"),
        ("554 see https://spam.example/why", "554 see https://spam.example/why"),
        ("450 4.2.2\r\n mailbox\tfull\x00", "450 4.2.2 mailbox full"),
        ("", ""),
    ],
)
def test_B4_it_keeps_of_an_answer_what_is_neither_address_nor_code_nor_link(said: str, kept: str) -> None:
    assert kept_reason(said) == kept


def test_B4_it_keeps_one_short_line_of_a_long_answer() -> None:
    kept = kept_reason("no " * 500)
    assert len(kept) == 200
    assert kept.endswith("…")
