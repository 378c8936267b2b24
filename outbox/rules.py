"""How long a mail waits before it is tried again, and what of a server's answer may be kept.

Pure: knows numbers and words, no row and no network. It must never let a recipient, a code or a link's secret into a
reason that is stored. (DESIGN 4, Mail; SAFETY B4, B11.)
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

LEASE: Final = timedelta(seconds=15)
"""How long a sender may be silent about a row before another one takes it up. A conversation renews it while it goes on
(outbox/conversation.py)."""

HEAD_START: Final = timedelta(seconds=2)
"""A fresh row is the nudged worker's first; the relay takes what nobody has picked up by then."""

LASTS: Final = timedelta(days=3)
"""A mail without an earlier deadline is given up after this, as mail servers do."""

AWAITS_ITS_TURN: Final = timedelta(days=30)
"""How long after its planned time a bulk mail may wait for its turn: a stop of the senders puts off all that are behind
it, too. LASTS begins with the turn."""

PACE_FORGIVES: Final = timedelta(minutes=1)
"""How far a tenant's bulk mails may fall behind their rate and still catch up, so that a look every second does not
slow them down. What is later leaves at the rate (R17)."""

MOST_LEASES_LOST: Final = 5
"""Senders that may die over one row before it is parked, so that a row which kills them stops doing so."""

LARGEST_EVENTS: Final = 2 * 1024 * 1024
"""Bytes of what a mail provider posts at once: 1,000 events where it collects them."""

LATE_BULK_TRIES: Final = 5
"""Tries after which a bulk mail has been waiting for a minute since its turn came."""

PATIENT_AFTER: Final = 30
"""Tries after which a mail has been refused for about half an hour."""

SHORTEST_WAIT: Final = timedelta(seconds=1)
"""Between the end of a try and the next, where the try itself took as long as the wait after it."""

_WAITS: Final = (2, 5, 15, 30, 60)
_WAITS_OF_CODES: Final = (2, 4, 6, 8, 8, 8, 8, 10, 15, 30, 60)
"""Somebody waits for a code at a page: it is tried seven times or more within its first minute. Of servers that fail
at 37 % of the tries, 0.03 % of the codes need longer (SAFETY B11)."""
RECIPIENT_REFUSED: Final = "recipient refused"
"""How the reason of a mail begins whose recipient the server refused."""

_PATIENT: Final = 600
_LONGEST_REASON: Final = 200
_LONGEST_WORD: Final = 40
_COULD_BE_SECRET: Final = re.compile(r"@|\d{4}")


def back_off(tries: int, *, is_code: bool = False) -> timedelta:
    """The shortest time from the `tries`-th try to the next: 2, 5, 15, 30, then 60 seconds, for codes less at first.

    A mail that has been refused for half an hour waits 10 minutes from then on: no code is that old.
    """
    if tries > PATIENT_AFTER:
        return timedelta(seconds=_PATIENT)
    waits = _WAITS_OF_CODES if is_code else _WAITS
    return timedelta(seconds=waits[min(max(tries, 1), len(waits)) - 1])


def jittered(wait: timedelta, share: float) -> timedelta:
    """`wait` and up to a quarter more, by `share` (0 to 1), so that mails refused together do not return together."""
    return wait * (1 + share / 4)


def kept_reason(text: str) -> str:
    """A server's answer in one line of at most 200 characters, safe to store and to show to an administrator.

    A word that could be an address, a code or a link with its secret becomes an ellipsis: servers like to quote what
    they refuse.
    """
    words = (
        "…" if len(word) > _LONGEST_WORD or _COULD_BE_SECRET.search(word) else word
        for word in "".join(c if c.isprintable() else " " for c in text).split()
    )
    line = " ".join(words)
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
