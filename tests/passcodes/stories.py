"""How stories about passcodes ask, guess and let time pass, in as few words as they need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from passcodes import codes, operations
from passcodes.models import Challenge
from passcodes.operations import RightCode
from passcodes.rules import LONGEST_LIFE, TRIES, Pool
from tenants.addresses import Address, canonical
from tenants.audit import Actor, ActorKind
from tenants.models import Budget
from tenants.refusals import Code, Refusal

NICOLE = canonical("Nicole@firstupconsultants.com")
STRANGER = Actor(ActorKind.STRANGER, source="192.0.2.7", correlation="7F3A-91C2-0D4E")
SOURCE = "192.0.2.7"
MAILS_PER_HOUR = 600


def request(address: Address = NICOLE, **others: Any) -> Challenge | Refusal:
    """A stranger asks for a code, unless the story says who does."""
    asked: dict[str, Any] = {
        "decoy": False,
        "pool": Pool.STRANGER,
        "source": SOURCE,
        "trusted_source": False,
        "lifetime": LONGEST_LIFE,
        "tenant_mails_per_hour": MAILS_PER_HOUR,
        "actor": STRANGER,
        "now": datetime.now(UTC),
    }
    return operations.request_passcode(address=address, **{**asked, **others})


def issue(address: Address = NICOLE, **others: Any) -> Challenge:
    """The same, and it is granted."""
    challenge = request(address, **others)
    assert isinstance(challenge, Challenge), challenge
    return challenge


def resend(challenge: Challenge, **others: Any) -> Challenge | Refusal:
    """A stranger presses Resend."""
    asked: dict[str, Any] = {
        "pool": Pool.STRANGER,
        "source": SOURCE,
        "trusted_source": False,
        "tenant_mails_per_hour": MAILS_PER_HOUR,
        "actor": STRANGER,
        "now": datetime.now(UTC),
    }
    return operations.resend_passcode(challenge_id=challenge.id, **{**asked, **others})


def try_code(challenge: Challenge | UUID, typed: object, **others: Any) -> RightCode | Refusal:
    """A stranger types this."""
    asked: dict[str, Any] = {
        "pool": Pool.STRANGER,
        "source": SOURCE,
        "trusted_source": False,
        "actor": STRANGER,
        "now": datetime.now(UTC),
    }
    challenge_id = challenge.id if isinstance(challenge, Challenge) else challenge
    return operations.try_code(challenge_id=challenge_id, typed=typed, **{**asked, **others})


def refused(answer: object) -> Refusal:
    """The answer, which is a refusal."""
    assert isinstance(answer, Refusal), answer
    return answer


def use(right: RightCode) -> bool:
    """The caller's transaction goes on to open a session."""
    return operations.use_challenge(right=right, actor=STRANGER, now=datetime.now(UTC))


def code_of(challenge: Challenge) -> str:
    """What the mail says."""
    return codes.code_of(fresh(challenge))


def wrong_code(challenge: Challenge, at: int = 1) -> str:
    """Eight digits that are not the code; another `at`, other digits."""
    return f"{(int(code_of(challenge)) + at) % 10**8:08d}"


def fresh(challenge: Challenge) -> Challenge:
    """The row as it stands now."""
    return Challenge.objects.get(id=challenge.id)


def row(address: Address = NICOLE, *, tenant_id: UUID, **others: Any) -> Challenge:
    """A challenge that costs no budget and sends no mail, for stories about tries."""
    now = datetime.now(UTC)
    fields: dict[str, Any] = {
        "is_decoy": False,
        "pool": Pool.STRANGER,
        "nonce": bytes(range(16)),
        "key_id": codes.newest_key_id(),
        "created_at": now,
        "sent_at": now,
        "code_since": now,
        "expires_at": now + LONGEST_LIFE,
    }
    return Challenge.objects.create(
        tenant_id=tenant_id,
        address_key=address.key,
        send_key=address.send_key,
        to_send=address.to_send,
        **{**fields, **others},
    )


def fail(times: int, *, tenant_id: UUID, address: Address = NICOLE, **others: Any) -> list[Refusal]:
    """Wrong codes, on fresh challenges so that only the budgets count; what each was answered."""
    answers: list[Refusal] = []
    while len(answers) < times:
        challenge = row(address, tenant_id=tenant_id)
        for at in range(1, min(TRIES, times - len(answers)) + 1):
            answer = try_code(challenge, wrong_code(challenge, at), **others)
            assert isinstance(answer, Refusal)
            answers.append(answer)
    return answers


def evaluated(answers: list[Refusal]) -> int:
    """How many of these were compared with the code."""
    return sum(answer.code is Code.CODE for answer in answers)


def pass_time(by: timedelta) -> None:
    """Make every challenge and every budget as old as they will be then."""
    Challenge.objects.update(**{name: F(name) - by for name in ("created_at", "sent_at", "code_since", "expires_at")})
    Budget.objects.update(ends_at=F("ends_at") - by)
