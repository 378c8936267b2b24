"""Signing in: a right code opens a session, in the transaction that spends it (R14, R20); and signing out."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from guests.models import Ended, Guest, GuestSession, SignInFlow
from guests.operations.flows import Asker
from guests.operations.signing_up import guest_of_sign_up
from guests.rules import SESSION_LIFE
from passcodes.limits import Price
from passcodes.models import Challenge
from passcodes.operations import RightCode, resend_passcode, try_code, use_challenge
from passcodes.rules import Pool
from providers.kinds import BY_ID
from providers.models import EmailPasscodePolicy
from providers.rules import Method
from tenants import audit
from tenants.addresses import canonical
from tenants.audit import Actor, ActorKind
from tenants.limits import may_write_refusal
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


@dataclass(frozen=True)
class Proof:
    """What a session is made from: a spent code, or an identity that a provider has just proven, or both (R20, R36).

    `identity` is what a first redemption links (`identity_of`); None for a passcode, and where it is linked already.
    """

    method: Method
    challenge_id: UUID | None = None
    provider_id: UUID | None = None
    identity: Mapping[str, str] | None = None


@dataclass(frozen=True)
class SignedIn:
    """A session that has just begun. `token` is the cookie's value, known to nobody but the browser."""

    session: GuestSession
    guest: Guest
    token: str


def token_hash(token: str) -> str:
    """What stands in the row for a browser's or a session's secret: SHA-256 of 256 random bits, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def resend_code(
    *,
    tenant: Tenant,
    flow: SignInFlow,
    asker: Asker,
    now: datetime,
    told_within: Sequence[Price] = (),
    mailed_within: Sequence[Price] = (),
) -> Challenge | Refusal:
    """Have the code of this flow mailed again (R15), within these budgets as well.

    Refuses what resend_passcode refuses, and E-OTP-OFF where passcodes are off or were since the code was asked for.
    """
    if flow.challenge_id is None:
        return Refusal(Code.CODE, reason="This sign-in never asked for a code.")
    policy = EmailPasscodePolicy.objects.first()
    asked = Challenge.objects.filter(id=flow.challenge_id).values_list("created_at", flat=True)
    if policy is not None and policy.voids(asked.first()):
        refusal = Refusal(Code.OTP_OFF, reason="Email one-time passcode was turned off.")
        if may_write_refusal(actor=asker.actor, address_key=canonical(flow.address).key, now=now):
            _refused(refusal, flow, asker, now)
        return refusal
    return resend_passcode(
        challenge_id=flow.challenge_id,
        pool=Pool(flow.pool),
        source=asker.source,
        trusted_source=asker.is_trusted,
        tenant_mails_per_hour=tenant.code_mails_per_hour,
        actor=asker.actor,
        now=now,
        told_within=told_within,
        mailed_within=mailed_within,
    )


def sign_in_with_passcode(
    *, flow: SignInFlow, typed: str, browser: str, asker: Asker, now: datetime
) -> SignedIn | Refusal:
    """Spend one try on `typed`, 8 digits; if they are right, open a session for 24 hours.

    The try is committed before anything is compared; a right code that opens nothing is used up all the same. Refuses
    E-CODE (wrong, used, expired, exhausted and decoys look alike), E-WAIT, E-OTP-OFF where passcodes were turned off
    since, E-BLOCKED to who has proven the address.
    """
    if flow.challenge_id is None:
        return Refusal(Code.CODE, reason="This sign-in never asked for a code.")
    right = try_code(
        challenge_id=flow.challenge_id,
        typed=typed,
        pool=Pool(flow.pool),
        source=asker.source,
        trusted_source=asker.is_trusted,
        actor=asker.actor,
        now=now,
    )
    if isinstance(right, Refusal):
        return right
    # Refusals are returned, not raised: what a right code paid is given back only if this commits (R14).
    with transaction.atomic():
        guest = _locked(flow)
        if not use_challenge(right=right, actor=asker.actor, now=now):
            return Refusal(Code.CODE, reason="The code was used already.")
        if guest is None and flow.sign_up_application_id is not None:
            newcomer = _newcomer(flow, right, asker, now)
            if isinstance(newcomer, Refusal):
                return _refused(newcomer, flow, asker, now)
            guest = newcomer
        if guest is None or guest.deleted_at is not None:
            return _refused(Refusal(Code.CODE, reason="The guest is no longer in the directory."), flow, asker, now)
        refusal = _no_longer_allowed(guest, right)
        if refusal is not None:
            return _refused(refusal, flow, asker, now)
        if not SignInFlow.objects.filter(id=flow.id, ended_at__isnull=True).update(ended_at=Now()):
            return _refused(Refusal(Code.CODE, reason="The flow had ended."), flow, asker, now)
        return open_session_for(
            flow=flow, guest=guest, proof=_proof_of_code(flow, guest), browser=browser, asker=asker, now=now
        )


def sign_out(*, session: GuestSession, actor: Actor, now: datetime) -> None:
    """End this browser's session. Signing out twice changes nothing."""
    with transaction.atomic():
        if end_sessions_of(guest_id=session.guest_id, why=Ended.SIGNED_OUT, only=session.id):
            audit.record(
                actor=actor, action="guest.signed_out", at=now, subject_kind="guest", subject_id=session.guest_id
            )


def end_sessions_of(*, guest_id: UUID, why: Ended, only: UUID | None = None) -> int:
    """End a guest's live sessions, or one of them; returns how many. For operations, inside theirs."""
    live = GuestSession.objects.filter(guest_id=guest_id, ended_at__isnull=True, expires_at__gt=Now())
    if only is not None:
        live = live.filter(id=only)
    return live.update(ended_at=Now(), ended_why=why)


def _locked(flow: SignInFlow) -> Guest | None:
    if flow.guest_id is None:
        return None
    return Guest.objects.select_for_update().filter(id=flow.guest_id).first()


def _newcomer(flow: SignInFlow, right: RightCode, asker: Asker, now: datetime) -> Guest | Refusal:
    """The guest of a sign-up whose code was right (R39a), made only when nothing else can refuse it any more."""
    if _is_void(right):
        return Refusal(Code.OTP_OFF, reason="Email one-time passcode was turned off after the code was sent.")
    if not SignInFlow.objects.select_for_update().filter(id=flow.id, ended_at__isnull=True).values_list("id").first():
        return Refusal(Code.CODE, reason="The flow had ended.")
    name = flow.sign_up_name or (flow.identity or {}).get("name", "")
    return guest_of_sign_up(flow=flow, address=canonical(flow.address), name=name, actor=asker.actor, now=now)


def _is_void(right: RightCode) -> bool:
    """Whether codes are off, or were since this one was asked for (R5). One statement."""
    policy = EmailPasscodePolicy.objects.first()
    return policy is not None and policy.voids(right.requested_at)


def _refused(refusal: Refusal, flow: SignInFlow, asker: Asker, now: datetime) -> Refusal:
    """Write why a right code opened nothing, beside its use, and hand the refusal on."""
    audit.record(
        actor=asker.actor,
        action="guest.signed_in",
        at=now,
        subject_kind="guest",
        subject_id=flow.guest_id,
        outcome=audit.Outcome.REFUSED,
        code=refusal.code,
        details={"reason": refusal.reason, "flow": str(flow.id)},
        address=flow.address,
    )
    return refusal


def _no_longer_allowed(guest: Guest, right: RightCode) -> Refusal | None:
    """R21: what was allowed when the code was asked for may not be any more."""
    if guest.is_blocked:
        return Refusal(Code.BLOCKED, reason="Sign-in is blocked for this guest.")
    if _is_void(right):
        return Refusal(Code.OTP_OFF, reason="Email one-time passcode was turned off after the code was sent.")
    if guest.bound_method not in (None, Method.PASSCODE):  # also where another tab redeemed meanwhile
        return Refusal(Code.CODE, reason=f"The guest is bound to {guest.method}.")
    return None


def _proof_of_code(flow: SignInFlow, guest: Guest) -> Proof:
    """A code by itself, or one that vouches for the identity which this flow brought back (R36)."""
    if flow.identity is None or guest.bound_method is not None:
        return Proof(Method.PASSCODE, challenge_id=flow.challenge_id)
    return Proof(
        BY_ID[flow.kind].method,
        challenge_id=flow.challenge_id,
        provider_id=flow.provider_id,
        identity=flow.identity,
    )


def open_session_for(
    *, flow: SignInFlow, guest: Guest, proof: Proof, browser: str, asker: Asker, now: datetime
) -> SignedIn:
    """Open the session that this proof earns, inside the caller's transaction. For operations."""
    token = secrets.token_urlsafe(32)
    session = GuestSession.objects.create(
        id=uuid.uuid4(),
        tenant_id=guest.tenant_id,
        guest=guest,
        flow=flow,
        token_hash=token_hash(token),
        challenge_id=proof.challenge_id,
        invitation_id=flow.invitation_id,
        method=proof.method.value,
        provider_id=proof.provider_id,
        identity=None if proof.identity is None else dict(proof.identity),
        reasons=flow.reasons,
        landing=flow.landing,
        source=asker.actor.source,
        browser=browser[:120],
        expires_at=Now() + SESSION_LIFE,
    )
    Guest.objects.filter(id=guest.id).update(last_sign_in_at=Now())
    audit.record(
        actor=Actor(ActorKind.GUEST, guest.address_key, guest.id, asker.actor.source, asker.actor.correlation),
        action="guest.signed_in",
        at=now,
        subject_kind="guest",
        subject_id=guest.id,
        details={"method": proof.method.value, "way": flow.way, "session": str(session.id)},
    )
    return SignedIn(session, guest, token)
