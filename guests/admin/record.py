"""What became of a guest, for their page: what they agreed to and how they redeemed.

Knows which rows tell it and how an administrator reads them. Reads only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guests.admin.words import method_words
from guests.models import Consent, ConsentKind, Guest, Redemption
from providers.rules import QUESTIONS, VERDICT_WORDS, Verdict

SHOWN: Final = 50
"""Consents and redemptions on the page."""


@dataclass(frozen=True)
class Agreed:
    """One yes in words."""

    words: str
    consent: Consent


@dataclass(frozen=True)
class Why:
    """One rule of a redemption's decision in words (R35)."""

    question: str
    answer: str
    sentence: str


@dataclass(frozen=True)
class Redeemed:
    """One redemption: `why` holds what was looked at before it was decided, in order."""

    redemption: Redemption
    method: str
    why: list[Why]


def agreed_by(guest: Guest) -> list[Agreed]:
    """What the guest said yes to, newest first; withdrawn ones, too. One statement."""
    found = Consent.objects.filter(guest=guest).order_by("-given_at", "id")[:SHOWN]
    return [Agreed(consent_words(one), one) for one in found]


def consent_words(consent: Consent) -> str:
    """`Terms of use, version 3`."""
    words = ConsentKind(consent.kind).label
    return f"{words}, version {consent.version}" if consent.version else words


def redemptions_of(guest: Guest) -> list[Redeemed]:
    """How the guest redeemed, newest first. One statement."""
    found = Redemption.objects.filter(guest=guest).order_by("-redeemed_at")[:SHOWN]
    return [Redeemed(one, method_words(one.method), _why(one.reasons)) for one in found]


def _why(reasons: object) -> list[Why]:
    """A stored decision in words; rules that were never reached decided nothing and are left out."""
    found = []
    for one in reasons if isinstance(reasons, list) else []:
        verdict = one.get("verdict", "")
        if verdict != Verdict.NOT_REACHED:
            answer = VERDICT_WORDS[Verdict(verdict)] if verdict in set(Verdict) else ""
            found.append(Why(QUESTIONS.get(one.get("rule", ""), one.get("rule", "")), answer, one.get("sentence", "")))
    return found
