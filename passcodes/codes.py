"""The digits of a challenge, made from its row and a secret key whenever they are needed (R13).

Knows the keyed function and which keys this installation has. It must never store, log or return digits to anyone but
the mail's renderer and the comparison here, and no message of an exception names a key, a nonce or a code.
"""

import hmac
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.conf import settings

from passcodes.models import NONCE_OCTETS, Challenge
from passcodes.rules import DIGITS

# Keeps these digits apart from whatever else is derived from the same keys.
_PURPOSE: Final = b"vestibule: digits of a passcode, 1\0"
_VALUES: Final = 10**DIGITS
_DRAW_BITS: Final = 27  # the fewest that hold every value; about one draw in four is too large
_MOST_BLOCKS: Final = 256


class NoCode(LookupError):
    """The digits cannot be made: the nonce was wiped at use, or PASSCODE_KEYS has no such key (any more)."""


def derive(*, key: bytes, key_id: int, tenant_id: UUID, challenge_id: UUID, nonce: bytes) -> str:
    """Eight decimal digits, each of the 10**8 values equally likely (R12, R13).

    HMAC-SHA-256 over fields of fixed length, so that no two inputs read alike; its output is cut into 27-bit draws and
    the first draw below 10**8 is the code. The others are thrown away, as a modulus would favour the low values.
    """
    if len(nonce) != NONCE_OCTETS:
        raise ValueError(f"A nonce has {NONCE_OCTETS} octets.")
    message = _PURPOSE + key_id.to_bytes(4, "big") + tenant_id.bytes + challenge_id.bytes + nonce
    value = next(draw for draw in _draws(key, message) if draw < _VALUES)
    return f"{value:0{DIGITS}d}"


def code_of(challenge: Challenge) -> str:
    """The digits of a row. Raises NoCode."""
    key = dict(settings.PASSCODE_KEYS).get(challenge.key_id)
    if key is None or challenge.nonce is None:
        raise NoCode("The digits of this challenge cannot be made.")
    return derive(
        key=key,
        key_id=challenge.key_id,
        tenant_id=challenge.tenant_id,
        challenge_id=challenge.id,
        nonce=bytes(challenge.nonce),
    )


def matches(*, issued: str, typed: str) -> bool:
    """Whether both are the same digits, in a time that says nothing about how many agree."""
    return hmac.compare_digest(issued.encode(), typed.encode())


def newest_key_id() -> int:
    """The key that new rows name: the first of PASSCODE_KEYS."""
    key_id: int = settings.PASSCODE_KEYS[0][0]
    return key_id


def has_key(key_id: int) -> bool:
    """Whether digits made with this key can still be made."""
    return key_id in dict(settings.PASSCODE_KEYS)


def _draws(key: bytes, message: bytes) -> Iterator[int]:
    """2,048 draws; that none of them fits has a chance of 2**-4000."""
    for block in range(_MOST_BLOCKS):
        digest = hmac.digest(key, message + block.to_bytes(1, "big"), "sha256")
        for start in range(0, len(digest), 4):
            yield int.from_bytes(digest[start : start + 4], "big") >> (32 - _DRAW_BITS)
