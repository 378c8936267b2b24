"""What a passcode is: its life, its tries, its resends, how digits are read and shown (R11-R15).

Knows no database, no clock and no settings: every function answers from its arguments alone. It must never see a key,
a nonce or the digits of an issued code; those belong to `codes`.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

DIGITS = 8  # R12: every value from 00000000 to 99999999 is possible.
LONGEST_LIFE = timedelta(minutes=30)  # R11: from then on the code is refused, by the database's clock.
SHORTEST_LIFE = timedelta(minutes=10)  # R11: a tenant may shorten the life to this and never lengthen it.
TRIES = 5  # R14: tries per challenge; a resend does not refill them (R15).
RESEND_WAITS = (timedelta(seconds=60), timedelta(seconds=120), timedelta(seconds=240))  # R15: before each resend.
RESENDS = len(RESEND_WAITS)  # R15: after that only a new flow helps.
REPEATED_WHILE = 3  # R15: a resend repeats the code while one part in this many of its life is left.

READ_AT_MOST = 64  # A code pasted with a sentence around it fits; what is longer is counted, never normalised.
COUNTED_AT_MOST = 1_000  # Characters looked at in a monstrous entry, so that a form error costs no time.

_MINUS = "\N{MINUS SIGN}"  # Category Sm, yet people and programs use it as a dash.
_SKIPPED_CATEGORIES = frozenset(
    {"Zs", "Zl", "Zp", "Pd", "Cf"}
)  # Spaces, dashes and invisible marks that pasting brings.
_SKIPPED_CONTROLS = frozenset("\t\n\v\f\r")


class Pool(StrEnum):
    """Who asks, as R17 tells them apart.

    KNOWN is a browser that has signed in here before or that opened the address's own live invitation link; STRANGER
    is everybody else. The caller decides; nothing in this app widens it.
    """

    KNOWN = "known"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Malformed:
    """An entry that is no code and therefore no try (R14): how many digits it had, and whether it had anything else."""

    digits: int
    has_other_signs: bool


def read_code(typed: object) -> str | Malformed:
    """The eight ASCII digits that somebody typed, or `Malformed` (R12).

    Compatibility forms count as what they stand for (NFKC: full-width digits), spaces, dashes and invisible marks as
    nothing. Anything but text, however odd, is malformed; no input raises and none is slow.
    """
    if not isinstance(typed, str):
        return Malformed(digits=0, has_other_signs=True)
    if len(typed) > READ_AT_MOST:
        digits = sum(sign in "0123456789" for sign in typed[:COUNTED_AT_MOST])
        return Malformed(digits=digits, has_other_signs=True)
    kept = [sign for sign in unicodedata.normalize("NFKC", typed) if not _is_skipped(sign)]
    digits = sum(sign in "0123456789" for sign in kept)
    if digits == DIGITS == len(kept):
        return "".join(kept)
    return Malformed(digits=digits, has_other_signs=digits < len(kept))


def show_code(code: str) -> str:
    """The code as a mail shows it: `1234 5678` (R12)."""
    return f"{code[: DIGITS // 2]} {code[DIGITS // 2 :]}"


def life_within_bounds(lifetime: timedelta) -> timedelta:
    """The tenant's wish, held between 10 and 30 minutes whatever a row says (R11)."""
    return min(max(lifetime, SHORTEST_LIFE), LONGEST_LIFE)


def next_resend_at(*, sent_at: datetime, resends: int) -> datetime | None:
    """When the mail may be sent again after `resends` resends, the last at `sent_at`; None when never (R15)."""
    if resends >= RESENDS:
        return None
    return sent_at + RESEND_WAITS[resends]


def repeats_same_code(*, since: datetime, expires_at: datetime, now: datetime) -> bool:
    """Whether a resend at `now` carries the same code: at least a third of its life remains (R15).

    Otherwise the challenge gets a new code, and the old one is dead: two live codes would double a guesser's odds.
    """
    return (expires_at - now) * REPEATED_WHILE >= expires_at - since


def _is_skipped(sign: str) -> bool:
    return sign == _MINUS or sign in _SKIPPED_CONTROLS or unicodedata.category(sign) in _SKIPPED_CATEGORIES
