"""A guest's way through, as rules.

Knows the statuses, how long things last and where a guest may be sent. Pure: no clock, no rows, no settings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

SESSION_LIFE = timedelta(hours=24)
"""R21: a session ends 24 hours after authentication, whatever was done with it."""

FLOW_LIFE = timedelta(hours=4)
"""A flow outlives its codes: 30 minutes, three times sent again with lives of their own, and time to read the terms."""

DEVICE_LIFE = timedelta(days=90)
"""R17: a browser that signed in is known for 90 days."""

LONGEST_NAME = 100
"""Characters in a guest's name."""

LONGEST_MESSAGE = 500
"""Characters in what somebody writes to a guest whom they invite (R51)."""

JOINERS = frozenset("\u200c\u200d")
"""Hidden characters that names in some scripts are spelled with."""


class RedemptionStatus(StrEnum):
    """Graph's externalUserState."""

    PENDING = "PendingAcceptance"
    ACCEPTED = "Accepted"


class Step(StrEnum):
    """What stands between a fresh session and the resource (R22), in this order."""

    PERMISSIONS = "permissions"
    TERMS = "terms"
    DONE = "done"


def next_step(*, status: str, given: Collection[tuple[str, int]], terms_version: int) -> Step:
    """The page that a signed-in guest sees next: `given` holds (kind, version) of the consents on record (R22).

    Shown once: who has accepted is never asked again, also when the terms change afterwards.
    """
    if status == RedemptionStatus.ACCEPTED:
        return Step.DONE
    if not any(kind == Step.PERMISSIONS for kind, _ in given):
        return Step.PERMISSIONS
    if terms_version and (Step.TERMS.value, terms_version) not in given:
        return Step.TERMS
    return Step.DONE


def is_domain_taken(domain: str, *, allowed: Collection[str], denied: Collection[str]) -> bool:
    """Whether guests of this domain (A-labels) are taken: an allow list or a deny list, never both (R53).

    A listed domain covers itself only, not what stands below it: corp.example says nothing about evil.corp.example.
    """
    if allowed:
        return domain in allowed
    return domain not in denied


class NameMistake(StrEnum):
    """Why a typed name cannot be taken."""

    MISSING = "missing"
    TOO_LONG = "tooLong"
    HIDDEN = "hidden"


NAME_MISTAKES = {
    NameMistake.MISSING: "A name has letters. Leave the field empty if you don’t know it.",
    NameMistake.TOO_LONG: f"Use a shorter name: one may have {LONGEST_NAME} characters.",
    NameMistake.HIDDEN: "Type the name by hand: a hidden character came with the copied text.",
}
"""What is said to whoever typed somebody else's name."""


def read_name(text: str) -> str | NameMistake:
    """A name as a person types it: composed, on one line, its spaces single (R39a).

    A name without a letter is missing; one that holds control, direction or other hidden characters is not taken, as it
    would not read as it is written.
    """
    if len(text) > 10 * LONGEST_NAME:  # not worth composing
        return NameMistake.TOO_LONG
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(sign)[0] == "C" and sign not in JOINERS for sign in name):
        return NameMistake.HIDDEN
    if not any(sign.isalpha() for sign in name):
        return NameMistake.MISSING
    return NameMistake.TOO_LONG if len(name) > LONGEST_NAME else name


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain_message(text: str) -> str:
    """An inviter's words with one kind of line end, as they are counted, stored and mailed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def message_mistake(message: str) -> str:
    """Why these words cannot be mailed as they stand, in a sentence; nothing where they can (R51).

    Signs that turn the direction of writing could make what follows in the mail read as something else.
    """
    if len(message) > LONGEST_MESSAGE:
        return f"The message has {len(message):,} characters. {LONGEST_MESSAGE} fit."
    if any(sign in _TURNING or (unicodedata.category(sign) == "Cc" and sign not in "\n\t") for sign in message):
        return "The message holds characters that nobody sees. Type it anew."
    return ""


def user_principal_name(address_key: str, tenant_domain: str) -> str:
    """`local_domain#EXT#@tenant-domain`, as Entra writes a guest's name (R40)."""
    return f"{address_key.replace('@', '_')}#EXT#@{tenant_domain}"


def invitation_expiry(*, now: datetime, days: int | None) -> datetime | None:
    """When an invitation made now ends: never by default (R52)."""
    return None if days is None else now + timedelta(days=days)
