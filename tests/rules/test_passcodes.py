"""What a passcode is, as a table per rule (R11, R12, R14, R15); no database."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcodes import rules

SENT = datetime(2026, 11, 22, 19, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        pytest.param("12345678", "12345678", id="R12-plain"),
        pytest.param("1234 5678", "12345678", id="R12-as-shown"),
        pytest.param("1234-5678", "12345678", id="R12-dash"),
        pytest.param("12\u201334\u201456\u221278", "12345678", id="R12-en-dash-em-dash-minus"),
        pytest.param(" \t1 2 3 4 5 6 7 8\r\n", "12345678", id="R12-every-kind-of-space"),
        pytest.param("1234\u00a05678", "12345678", id="R12-no-break-space"),
        pytest.param("\u200e1234\u200b5678\u2069", "12345678", id="R12-invisible-marks-from-pasting"),
        pytest.param("００１２３４５６", "00123456", id="R12-full-width-digits-and-leading-zeros"),
        pytest.param("１２３４　５６７８", "12345678", id="R12-full-width-digits-and-space"),
        pytest.param("１２３４－５６７８", "12345678", id="R12-full-width-dash"),
        pytest.param("00000000", "00000000", id="R12-first-value"),
        pytest.param("99999999", "99999999", id="R12-last-value"),
    ],
)
def test_it_reads_what_people_type(typed, read):
    assert rules.read_code(typed) == read


@pytest.mark.parametrize(
    ("typed", "digits", "others"),
    [
        pytest.param("1234567", 7, False, id="R14-seven-digits"),
        pytest.param("123456789", 9, False, id="R14-nine-digits"),
        pytest.param("", 0, False, id="R14-empty"),
        pytest.param("   - ", 0, False, id="R14-only-spaces-and-dashes"),
        pytest.param("1234567a", 7, True, id="R14-a-letter-for-a-digit"),
        pytest.param("12345678a", 8, True, id="R14-eight-digits-and-a-letter"),
        pytest.param("12345678.0", 9, True, id="R14-a-number-with-a-fraction"),
        pytest.param("+12345678", 8, True, id="R14-a-sign"),
        pytest.param("1234\x005678", 8, True, id="R14-a-null-byte"),
        pytest.param("١٢٣٤٥٦٧٨", 0, True, id="R12-other-scripts-digits-are-none"),
        pytest.param("12345678" * 9, 72, True, id="R14-too-long-to-be-a-code"),
        pytest.param("1" * 1_000_000, 1_000, True, id="R14-a-megabyte-of-digits"),
        pytest.param("\ufdfa" * 1_000_000, 0, True, id="R14-a-megabyte-that-grows-when-normalised"),
        pytest.param(None, 0, True, id="R14-none"),
        pytest.param(12345678, 0, True, id="R14-a-number"),
        pytest.param(["12345678"], 0, True, id="R14-a-list"),
        pytest.param({"code": "12345678"}, 0, True, id="R14-an-object"),
        pytest.param(b"12345678", 0, True, id="R14-bytes"),
    ],
)
def test_it_takes_anything_else_for_no_try(typed, digits, others):
    assert rules.read_code(typed) == rules.Malformed(digits=digits, has_other_signs=others)


@given(st.integers(min_value=0, max_value=10**8 - 1))
def test_R12_it_reads_back_what_it_shows(number):
    code = f"{number:08d}"
    assert rules.read_code(rules.show_code(code)) == code


@given(st.one_of(st.text(max_size=200), st.none(), st.integers(), st.lists(st.text())))
def test_R14_it_never_raises_and_never_reads_anything_but_eight_ascii_digits(typed):
    read = rules.read_code(typed)
    if isinstance(read, str):
        assert len(read) == 8
        assert read.isascii()
        assert read.isdecimal()
    else:
        assert json.dumps([read.digits, read.has_other_signs])


def test_R12_it_shows_a_code_in_two_halves():
    assert rules.show_code("00345678") == "0034 5678"


@pytest.mark.parametrize(
    ("wished", "given_minutes"),
    [
        pytest.param(30, 30, id="R11-thirty"),
        pytest.param(10, 10, id="R11-shortened-to-ten"),
        pytest.param(17, 17, id="R11-between"),
        pytest.param(31, 30, id="R11-never-lengthened"),
        pytest.param(1440, 30, id="R11-never-a-day"),
        pytest.param(9, 10, id="R11-not-below-ten"),
        pytest.param(-5, 10, id="R11-not-negative"),
    ],
)
def test_it_holds_a_life_within_its_bounds(wished, given_minutes):
    assert rules.life_within_bounds(timedelta(minutes=wished)) == timedelta(minutes=given_minutes)


@pytest.mark.parametrize(
    ("resends", "wait"),
    [
        pytest.param(0, 60, id="R15-first-resend"),
        pytest.param(1, 120, id="R15-second-resend"),
        pytest.param(2, 240, id="R15-third-resend"),
        pytest.param(3, None, id="R15-no-fourth"),
        pytest.param(4, None, id="R15-never-again"),
    ],
)
def test_it_says_when_the_next_resend_is_allowed(resends, wait):
    allowed = rules.next_resend_at(sent_at=SENT, resends=resends)
    assert allowed == (None if wait is None else SENT + timedelta(seconds=wait))


@pytest.mark.parametrize(
    ("life", "passed", "same"),
    [
        pytest.param(30, timedelta(seconds=60), True, id="R15-after-a-minute"),
        pytest.param(30, timedelta(minutes=20), True, id="R15-exactly-a-third-left"),
        pytest.param(30, timedelta(minutes=20, microseconds=1), False, id="R15-less-than-a-third-left"),
        pytest.param(30, timedelta(minutes=30), False, id="R15-at-its-end"),
        pytest.param(30, timedelta(hours=3), False, id="R15-long-dead"),
        pytest.param(10, timedelta(minutes=6, seconds=40), True, id="R15-a-third-of-ten-minutes"),
        pytest.param(10, timedelta(minutes=6, seconds=41), False, id="R15-less-than-a-third-of-ten-minutes"),
    ],
)
def test_it_repeats_the_code_while_a_third_of_its_life_remains(life, passed, same):
    repeats = rules.repeats_same_code(since=SENT, expires_at=SENT + timedelta(minutes=life), now=SENT + passed)
    assert repeats is same
