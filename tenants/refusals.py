"""What the product says no with.

Knows the list of codes that a person may see (BEHAVIOUR J) and the value that carries one. Wording belongs to the
doors: nothing here is a sentence for a guest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Code(StrEnum):
    """The stable codes of section J."""

    OTP_OFF = "E-OTP-OFF"
    NOT_INVITED = "E-NOT-INVITED"
    LINK_GONE = "E-LINK-GONE"
    WRONG_ACCOUNT = "E-WRONG-ACCOUNT"
    CODE = "E-CODE"
    WAIT = "E-WAIT"
    BLOCKED = "E-BLOCKED"
    DOMAIN = "E-DOMAIN"
    NO_METHOD = "E-NO-METHOD"
    PROVIDER = "E-PROVIDER"
    DECLINED = "E-DECLINED"
    SESSION = "E-SESSION"
    INPUT = "E-INPUT"


@dataclass(frozen=True)
class Refusal:
    """An expected no. `until` is when a wait ends; `reason` is for administrators and the audit, never for guests."""

    code: Code
    until: datetime | None = None
    reason: str = ""


class Refused(Exception):
    """Carries a refusal out of a transaction that has to roll back. Never leaves the operation that raised it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal
