"""The digits: derived, unbiased, bound to their row and compared in constant time (R12, R13)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from uuid import UUID

import pytest

from passcodes import codes
from passcodes.models import Challenge

KEY = bytes(range(32))
TENANT = UUID("11111111-2222-4333-8444-555555555555")
CHALLENGE = UUID("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
NONCE = bytes.fromhex("000102030405060708090a0b0c0d0e0f")

# The 1 % point of chi-squared with 9 degrees of freedom. The nonces are fixed, so the test cannot be unlucky.
CHI_SQUARED = 21.67
SAMPLE = 50_000


def derive(**others):
    given = {"key": KEY, "key_id": 1, "tenant_id": TENANT, "challenge_id": CHALLENGE, "nonce": NONCE}
    return codes.derive(**{**given, **others})


def draws(nonce: bytes) -> list[int]:
    """The first block's draws, by the definition of HMAC rather than by our code."""
    label = b"vestibule: digits of a passcode, 1\0"
    message = label + bytes([0, 0, 0, 1]) + TENANT.bytes + CHALLENGE.bytes + nonce + b"\0"
    padded = KEY.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in padded) + message).digest()
    digest = hashlib.sha256(bytes(octet ^ 0x5C for octet in padded) + inner).digest()
    bits = f"{int.from_bytes(digest, 'big'):0256b}"
    return [int(bits[at : at + 27], 2) for at in range(0, 256, 32)]


@pytest.mark.parametrize("number", range(200))
def test_R13_it_takes_the_first_draw_below_ten_to_the_eighth(number):
    nonce = number.to_bytes(16, "big")
    expected = next(draw for draw in draws(nonce) if draw < 10**8)
    assert derive(nonce=nonce) == f"{expected:08d}"


def test_R13_it_throws_large_draws_away():
    nonces = [number.to_bytes(16, "big") for number in range(200)]
    rejected = [nonce for nonce in nonces if draws(nonce)[0] >= 10**8]
    assert 30 < len(rejected) < 75  # one in four
    assert all(derive(nonce=nonce) != f"{draws(nonce)[0] % 10**8:08d}" for nonce in rejected)


def test_R13_it_goes_on_to_the_next_block_when_none_of_the_first_fits(monkeypatch):
    blocks = {0: b"\xff" * 32, 1: bytes(32)}
    monkeypatch.setattr(hmac, "digest", lambda key, message, name: blocks[message[-1]])
    assert derive() == "00000000"


@pytest.mark.parametrize(
    "others",
    [
        pytest.param({"key": bytes(range(1, 33))}, id="R13-another-key"),
        pytest.param({"key_id": 2}, id="R13-another-key-id"),
        pytest.param({"tenant_id": CHALLENGE}, id="R13-another-tenant"),
        pytest.param({"challenge_id": TENANT}, id="R13-another-challenge"),
        pytest.param({"nonce": bytes(16)}, id="R13-another-nonce"),
    ],
)
def test_it_gives_other_digits_for(others):
    assert derive(**others) != derive()
    assert derive(**others) == derive(**others)


def test_R13_it_refuses_a_nonce_of_another_length():
    with pytest.raises(ValueError, match="16 octets"):
        derive(nonce=b"short")


def test_R12_it_makes_every_digit_equally_likely_in_every_place():
    made = [derive(nonce=number.to_bytes(16, "big")) for number in range(SAMPLE)]
    expected = SAMPLE / 10
    for place in range(8):
        seen = Counter(code[place] for code in made)
        chi_squared = sum((seen[digit] - expected) ** 2 / expected for digit in "0123456789")
        assert chi_squared < CHI_SQUARED, f"place {place}"


def test_R12_it_keeps_leading_zeros():
    made = [derive(nonce=number.to_bytes(16, "big")) for number in range(2_000)]
    assert all(len(code) == 8 and code.isdecimal() for code in made)
    assert 150 < sum(code.startswith("0") for code in made) < 250


def test_R13_it_never_repeats_digits_by_pattern():
    made = {derive(nonce=number.to_bytes(16, "big")) for number in range(10_000)}
    assert len(made) > 9_985


@pytest.mark.parametrize(
    ("issued", "typed", "same"),
    [
        pytest.param("00345678", "00345678", True, id="R14-right"),
        pytest.param("00345678", "00345679", False, id="R14-last-digit-wrong"),
        pytest.param("00345678", "10345678", False, id="R14-first-digit-wrong"),
        pytest.param("00345678", "345678", False, id="R14-zeros-left-out"),
        pytest.param("00345678", "", False, id="R14-nothing"),
    ],
)
def test_it_compares(issued, typed, same):
    assert codes.matches(issued=issued, typed=typed) is same


def test_R13_it_compares_in_constant_time(monkeypatch):
    compared: list[tuple[bytes, bytes]] = []

    def compare_digest(issued: bytes, typed: bytes) -> bool:
        compared.append((issued, typed))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare_digest)
    assert codes.matches(issued="12345678", typed="87654321")
    assert compared == [(b"12345678", b"87654321")]


class TestKeys:
    """PASSCODE_KEYS holds several; the first makes new codes, the others still verify (R13)."""

    OLD, NEW = bytes(range(32)), bytes(range(32, 64))

    def row(self, **fields):
        given = {"id": CHALLENGE, "tenant_id": TENANT, "key_id": 1, "nonce": NONCE}
        return Challenge(**{**given, **fields})

    def test_R13_it_makes_new_codes_with_the_first(self, settings):
        settings.PASSCODE_KEYS = ((2, self.NEW), (1, self.OLD))
        assert codes.newest_key_id() == 2

    def test_R13_it_still_reads_rows_of_the_others(self, settings):
        settings.PASSCODE_KEYS = ((1, self.OLD),)
        before = codes.code_of(self.row())
        settings.PASSCODE_KEYS = ((2, self.NEW), (1, self.OLD))
        assert codes.code_of(self.row()) == before
        assert codes.code_of(self.row(key_id=2)) != before

    def test_R13_it_says_so_when_a_key_is_gone(self, settings):
        settings.PASSCODE_KEYS = ((2, self.NEW),)
        assert codes.has_key(2)
        assert not codes.has_key(1)
        with pytest.raises(codes.NoCode) as raised:
            codes.code_of(self.row())
        assert base64.b64encode(NONCE).decode() not in str(raised.value)

    def test_R13_it_makes_no_digits_once_the_nonce_is_wiped(self, settings):
        settings.PASSCODE_KEYS = ((1, self.OLD),)
        with pytest.raises(codes.NoCode):
            codes.code_of(self.row(nonce=None))
