"""Asking for a passcode, and asking for its mail once more (R10, R15, R17, R19).

Knows the rows that one mail begins with. It must never let a decoy go another way than an invited address: the same
statements in the same order, and only the worker, which nobody waits for, leaves the mail out.
"""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from outbox.models import Rank
from outbox.operations import enqueue
from passcodes import codes, limits, rules
from passcodes.limits import Price, Spent
from passcodes.models import NONCE_OCTETS, Challenge
from passcodes.operations.refusing import refuse_sparingly, refuse_to_wait
from passcodes.rules import Pool
from tenants import audit
from tenants.addresses import Address
from tenants.audit import Actor
from tenants.budgets import take_all
from tenants.refusals import Code, Refusal, Refused
from tenants.scope import current_tenant_id

MAIL: Final = "passcode"
"""The kind of its mails, which OUTBOX_RENDERERS maps to the renderer."""

# By hand, as only RETURNING brings the database's times back in the same statement.
_INSERT: Final = """
INSERT INTO passcodes_challenge (id, tenant_id, address_key, send_key, to_send, is_decoy, pool, nonce, key_id,
                                 attempts, resends, created_at, sent_at, code_since, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0,
        statement_timestamp(), statement_timestamp(), statement_timestamp(), statement_timestamp() + %s)
RETURNING *
"""


def request_passcode(
    *,
    address: Address,
    decoy: bool,
    pool: Pool,
    source: str,
    trusted_source: bool,
    lifetime: timedelta,
    tenant_mails_per_hour: int,
    actor: Actor,
    now: datetime,
) -> Challenge | Refusal:
    """Begin a challenge for an address and put its mail into the outbox.

    `lifetime` is the tenant's wish, held between 10 and 30 minutes (R11). A decoy is for an address that may not sign
    in: its rows and statements are the same and its mail is never sent (R19). Refuses E-WAIT when a budget of R17 is
    spent; the refusal's line stands in the audit unless the caller rolls its own transaction back.
    """
    tenant_id = current_tenant_id()
    challenge_id = uuid.uuid4()
    try:
        with transaction.atomic():
            _spend_send(
                pool=pool,
                send_key=address.send_key,
                always=(
                    *limits.source_sends(
                        tenant_id=tenant_id,
                        pool=pool,
                        address_key=address.key,
                        source=source,
                        trusted=trusted_source,
                    ),
                    *limits.mails_of_tenant(
                        tenant_id=tenant_id, pool=pool, decoy=decoy, per_hour=tenant_mails_per_hour
                    ),
                ),
            )
            (challenge,) = Challenge.objects.raw(
                _INSERT,
                [
                    challenge_id,
                    tenant_id,
                    address.key,
                    address.send_key,
                    address.to_send,
                    decoy,
                    pool,
                    secrets.token_bytes(NONCE_OCTETS),
                    codes.newest_key_id(),
                    rules.life_within_bounds(lifetime),
                ],
            )
            _mail_it(challenge, actor=actor, action="passcode.requested", now=now)
    except Spent as spent:
        return refuse_to_wait(
            spent, challenge_id=challenge_id, address_key=address.key, step="request", actor=actor, now=now
        )
    return challenge


def resend_passcode(
    *,
    challenge_id: UUID,
    pool: Pool,
    source: str,
    trusted_source: bool,
    tenant_mails_per_hour: int,
    actor: Actor,
    now: datetime,
    told_within: Sequence[Price] = (),
    mailed_within: Sequence[Price] = (),
) -> Challenge | Refusal:
    """Mail a challenge's code again, or a new code once less than a third of the old one's life is left (R15).

    The new code lives as long as the old one did and replaces it; tries are never refilled. Refuses E-WAIT before the
    next resend is allowed (with its time), after the last one (without) and when a budget of R17 is spent; E-CODE for
    a challenge that is unknown, used or out of tries, and to the known pool for a void one: a stranger gets the page
    of a resend for it, as for a decoy, and no mail.

    `told_within` are more budgets that end in E-WAIT. Where one of `mailed_within` is spent, the answer is the usual
    one and no mail leaves.
    """
    tenant_id = current_tenant_id()
    address_key = ""
    try:
        with transaction.atomic():
            challenge = Challenge.objects.select_for_update().filter(id=challenge_id).annotate(at=Now()).first()
            if challenge is None:
                raise Refused(Refusal(Code.CODE, reason="unknown"))
            address_key = challenge.address_key
            _check_resend(challenge, pool=pool, at=challenge.at)
            _spend_send(
                pool=pool,
                send_key=challenge.send_key,
                always=(
                    *limits.source_sends(
                        tenant_id=tenant_id,
                        pool=pool,
                        address_key=address_key,
                        source=source,
                        trusted=trusted_source,
                    ),
                    *limits.mails_of_tenant(
                        tenant_id=tenant_id, pool=pool, decoy=challenge.is_decoy, per_hour=tenant_mails_per_hour
                    ),
                    *told_within,
                ),
            )
            is_mailed = not mailed_within or take_all(mailed_within) is None
            _renew(challenge, at=challenge.at)
            _mail_it(challenge, actor=actor, action="passcode.resent", now=now, is_mailed=is_mailed)
    except Spent as spent:
        return refuse_to_wait(
            spent, challenge_id=challenge_id, address_key=address_key, step="resend", actor=actor, now=now
        )
    except Refused as refused:
        return refuse_sparingly(
            refused.refusal, challenge_id=challenge_id, address_key=address_key, step="resend", actor=actor, now=now
        )
    return challenge


def _spend_send(*, pool: Pool, send_key: str, always: Sequence[Price]) -> None:
    """Spend one mail: the known pool's own budget first, the strangers' after it (R17, "on top").

    Raises Spent; for the known pool with the earlier of both ends, as either helps.
    """
    tenant_id = current_tenant_id()
    strangers = (*limits.sends_of_strangers(tenant_id=tenant_id, send_key=send_key), *always)
    if pool is Pool.STRANGER:
        limits.spend(strangers)
        return
    known = (*limits.sends_of_known(tenant_id=tenant_id, send_key=send_key), *always)
    try:
        with transaction.atomic():
            limits.spend(known)
    except Spent as own:
        try:
            limits.spend(strangers)
        except Spent as others:
            raise Spent(until=min(own.until, others.until), prices=(*known, *strangers)) from None


def _check_resend(challenge: Challenge, *, pool: Pool, at: datetime) -> None:
    if challenge.used_at is not None:
        raise Refused(Refusal(Code.CODE, reason="used"))
    if challenge.attempts >= rules.TRIES:
        raise Refused(Refusal(Code.CODE, reason="exhausted"))
    # A stranger who is told no would learn that an administrator has reset or blocked a guest of this address.
    if challenge.voided_at is not None and pool is Pool.KNOWN:
        raise Refused(Refusal(Code.CODE, reason="void"))
    allowed_at = challenge.next_resend_at
    if allowed_at is None:
        raise Refused(Refusal(Code.WAIT, reason="no resend left"))
    if at < allowed_at:
        raise Refused(Refusal(Code.WAIT, until=allowed_at, reason="resent too early"))


def _renew(challenge: Challenge, *, at: datetime) -> None:
    """Count the resend, and make the new code where the old one is not repeated."""
    lifetime = challenge.lifetime
    is_repeated = rules.repeats_same_code(since=challenge.code_since, expires_at=challenge.expires_at, now=at)
    # A key that the operator dropped too early can repeat nothing.
    if not is_repeated or not codes.has_key(challenge.key_id):
        challenge.nonce = None if challenge.voided_at else secrets.token_bytes(NONCE_OCTETS)
        challenge.key_id = codes.newest_key_id()
        challenge.code_since = at
        challenge.expires_at = at + lifetime
    challenge.resends += 1
    challenge.sent_at = at
    challenge.save(update_fields=["nonce", "key_id", "code_since", "expires_at", "resends", "sent_at"])


def _mail_it(challenge: Challenge, *, actor: Actor, action: str, now: datetime, is_mailed: bool = True) -> None:
    """Queue the mail and write the line. One that may not leave is queued all the same, and dropped by the worker: the
    statements are those of every other (R19)."""
    deadline = challenge.expires_at if is_mailed else challenge.sent_at
    enqueue(kind=MAIL, subject_id=challenge.id, rank=Rank.CODE, deadline=deadline, now=now)
    audit.record(
        actor=actor,
        action=action,
        at=now,
        subject_kind="passcode",
        subject_id=challenge.id,
        details={
            "address": challenge.address_key,
            "pool": challenge.pool,
            "decoy": challenge.is_decoy or not is_mailed,
            "resends": challenge.resends,
        },
    )
