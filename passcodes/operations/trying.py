"""Trying a code, and using the challenge that it opened (R11, R14, R16, R17).

Knows the order that no burst of requests gets round: the try and the budgets are spent and committed, only then is
anything compared, and only one of many right answers marks the challenge as used. It must never write, return or log
what somebody typed.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from passcodes import codes, limits, rules
from passcodes.limits import Spent
from passcodes.models import Challenge
from passcodes.operations.refusing import refuse, refuse_sparingly, refuse_to_wait
from passcodes.rules import Pool
from tenants import budgets
from tenants.audit import Actor
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id

log = logging.getLogger(__name__)

_SPEND_TRY: Final = """
UPDATE passcodes_challenge SET attempts = attempts + 1
 WHERE id = %s AND tenant_id = %s AND attempts < %s
   AND used_at IS NULL AND expires_at > statement_timestamp()
RETURNING *
"""


@dataclass(frozen=True, slots=True)
class RightCode:
    """Somebody typed the digits of this challenge while it lived, and paid for the try. Only `try_code` makes one.

    It opens nothing by itself: `use_challenge` decides which of several wins. `requested_at` and `pool` are for the
    caller's own checks.
    """

    challenge_id: UUID
    tenant_id: UUID
    address_key: str
    pool: Pool
    requested_at: datetime


def try_code(
    *,
    challenge_id: UUID,
    typed: object,
    pool: Pool,
    source: str,
    trusted_source: bool,
    actor: Actor,
    now: datetime,
) -> RightCode | Refusal:
    """Spend one try on what was typed and say whether it is right.

    Opens and commits its own transaction before it compares; called inside another one it raises RuntimeError, as the
    caller could roll the try back. Refuses E-INPUT for an entry that is no code, which costs nothing; E-WAIT when a
    budget of R17 is spent, which costs no try; E-CODE alike for wrong, used, expired, exhausted, void and unknown, and
    for every decoy: the reason is for the audit.
    """
    code = rules.read_code(typed)
    if isinstance(code, rules.Malformed):
        return Refusal(Code.INPUT, reason="malformed")
    tenant_id = current_tenant_id()
    address_key = why_dead = ""
    try:
        with transaction.atomic(durable=True):
            challenge = _spend_try(challenge_id, tenant_id)
            if challenge is None:
                address_key, why_dead = _dead(challenge_id)
            else:
                address_key = challenge.address_key
            prices = limits.source_tries(
                tenant_id=tenant_id, pool=pool, address_key=address_key, source=source, trusted=trusted_source
            )
            if challenge is not None:
                prices += limits.failures(tenant_id=tenant_id, address_key=address_key, pool=pool)
            limits.spend(prices)
    except Spent as spent:
        return refuse_to_wait(
            spent, challenge_id=challenge_id, address_key=address_key, step="try", actor=actor, now=now
        )
    if challenge is None:  # it cost no try: nothing else bounds its lines (R17)
        return refuse_sparingly(
            Refusal(Code.CODE, reason=why_dead),
            challenge_id=challenge_id,
            address_key=address_key,
            step="try",
            actor=actor,
            now=now,
        )
    # A decoy's digits are compared like any others, so that it takes as long (R19).
    is_right = _is_right(challenge, code)
    if challenge.is_decoy or not is_right:
        return refuse(
            Refusal(Code.CODE, reason=_why_not(challenge)),
            challenge_id=challenge_id,
            address_key=address_key,
            step="try",
            actor=actor,
            now=now,
        )
    return RightCode(
        challenge_id=challenge.id,
        tenant_id=tenant_id,
        address_key=address_key,
        pool=pool,
        requested_at=challenge.created_at,
    )


def use_challenge(*, right: RightCode, actor: Actor, now: datetime) -> bool:
    """Mark the challenge as used, inside the caller's transaction; True for exactly one caller (R14, R20).

    Either way the failure budgets get their units back, as a double click is no guess: so commit when it answers
    False, too. The winner also ends the strangers' streak (R17). False as well when the challenge was made void since.
    """
    is_first = bool(Challenge.objects.unspent().filter(id=right.challenge_id).update(used_at=Now(), nonce=None))
    paid = [
        price.key
        for price in limits.failures(tenant_id=right.tenant_id, address_key=right.address_key, pool=right.pool)
    ]
    if is_first:
        streak = limits.streak_key(tenant_id=right.tenant_id, address_key=right.address_key)
        budgets.give_back(paid, forgotten=[streak])
        return True
    budgets.give_back(paid)
    refuse(
        Refusal(Code.CODE, reason="used or void a moment ago"),
        challenge_id=right.challenge_id,
        address_key=right.address_key,
        step="use",
        actor=actor,
        now=now,
    )
    return False


def _spend_try(challenge_id: UUID, tenant_id: UUID) -> Challenge | None:
    """One try of a live or a void challenge, or None. Later requests wait for the row: no two see the same count.

    A void one pays like a decoy: a stranger whose tries cost nothing, or never ran out, would learn that an
    administrator has reset or blocked a guest of this address (R19).
    """
    for challenge in Challenge.objects.raw(_SPEND_TRY, [challenge_id, tenant_id, rules.TRIES]):
        return challenge
    return None


def _is_right(challenge: Challenge, code: str) -> bool:
    if challenge.nonce is None:  # void: nothing is right any more
        return False
    try:
        return codes.matches(issued=codes.code_of(challenge), typed=code)
    except codes.NoCode:
        # Fails closed. A worker or web process still runs with other PASSCODE_KEYS, or a key was dropped too early.
        log.error("PASSCODE_KEYS has no key %s, which a live passcode was made with.", challenge.key_id)
        return False


def _why_not(challenge: Challenge) -> str:
    """For the administrator, why a try that was paid for opened nothing."""
    if challenge.is_decoy:
        return "decoy"
    return "wrong" if challenge.voided_at is None else "void"


def _dead(challenge_id: UUID) -> tuple[str, str]:
    """The challenge's address key, and for the administrator why no try was left to spend."""
    challenge = Challenge.objects.filter(id=challenge_id).annotate(at=Now()).first()
    if challenge is None:
        return "", "unknown"
    if challenge.used_at is not None:
        return challenge.address_key, "used"
    if challenge.voided_at is not None:
        return challenge.address_key, "void"
    return challenge.address_key, "expired" if challenge.expires_at <= challenge.at else "exhausted"
