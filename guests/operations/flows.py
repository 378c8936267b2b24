"""A sign-in in progress: its row, its passcode and its line of history, made together or not at all (R10, R16, R38).

Knows how a flow begins for whoever asks. It must never go another way for an address that nobody invited: the same
statements in the same order, and only the history says what the pages do not (R19).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from guests import limits
from guests.models import Guest, Invitation, SignInFlow, Way
from guests.rules import FLOW_LIFE, is_domain_taken
from passcodes.operations import request_passcode
from passcodes.rules import Pool
from providers.rules import Decision, reason_as_json
from tenants import audit, budgets
from tenants.addresses import Address, canonical
from tenants.audit import Actor
from tenants.limits import may_write_refusal
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

ACTION = "sign_in.begun"


@dataclass(frozen=True)
class Asker:
    """The browser that asks. `browser_hash` is of its cookie's secret; `source` is its network address, `is_trusted`
    when the tenant lists that network; `epochs` are the device cookie's: address key to the guest's epoch then."""

    browser_hash: str
    source: str
    is_trusted: bool
    epochs: Mapping[str, int]
    actor: Actor


@dataclass(frozen=True)
class Landing:
    """Where a sign-in leads: `url` on a registered origin, "" for My Apps. `unregistered` is the address that was asked
    for and lies elsewhere: it is not followed, and the history says so (R39)."""

    url: str = ""
    unregistered: str = ""


@dataclass(frozen=True)
class SignUp:
    """Becoming a guest without an invitation (R39a): for which application, and the name that was typed."""

    application_id: UUID
    name: str


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What is known when Send code is pressed. `guest` is whoever has the address here, allowed in or not; a `sign_up`
    needs none."""

    address: Address
    guest: Guest | None
    invitation: Invitation | None = None
    pool: Pool
    way: Way
    landing: Landing
    decision: Decision
    refused: Code | None = None
    """Why this guest's own method leads nowhere, while a stranger's page is shown (R19): the code is a decoy then."""
    sign_up: SignUp | None = None


def is_taken(*, tenant: Tenant, guest: Guest) -> bool:
    """Whether the tenant takes guests of this one's domain; who has redeemed stays (R53)."""
    return guest.has_accepted or is_domain_taken(
        guest.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains
    )


def begin_flow(*, tenant: Tenant, beginning: Beginning, asker: Asker, now: datetime) -> SignInFlow | Refusal:
    """Make the flow and ask for its code. For operations. Refuses E-WAIT.

    Who may not sign in gets a decoy, and the history the reason: E-NOT-INVITED, E-BLOCKED or E-DOMAIN (R19, R38).
    """
    why_not, sign_up = beginning.refused or _why_not(tenant, beginning), beginning.sign_up
    with transaction.atomic():
        challenge = request_passcode(
            address=beginning.address,
            decoy=why_not is not None,
            pool=beginning.pool,
            source=asker.source,
            trusted_source=asker.is_trusted,
            lifetime=timedelta(minutes=tenant.passcode_minutes),
            tenant_mails_per_hour=tenant.code_mails_per_hour,
            actor=asker.actor,
            now=now,
        )
        if isinstance(challenge, Refusal):
            return challenge  # not raised: the refusal's line in the history is all there is to commit
        flow = SignInFlow.objects.create(
            id=uuid.uuid4(),
            tenant_id=tenant.id,
            browser_hash=asker.browser_hash,
            way=beginning.way,
            guest=None if why_not else beginning.guest,
            invitation=beginning.invitation,
            address=beginning.address.to_send,
            pool=beginning.pool,
            challenge_id=challenge.id,
            method=beginning.decision.method.value,
            reasons=[reason_as_json(one) for one in beginning.decision.reasons],
            landing=beginning.landing.url,
            sign_up_application_id=sign_up.application_id if sign_up else None,
            sign_up_name=sign_up.name if sign_up else "",
            expires_at=now + FLOW_LIFE,
        )
        guest_id = beginning.guest.id if beginning.guest else None
        note_beginning(
            flow=flow,
            guest_id=guest_id,
            address_key=beginning.address.key,
            left_out=beginning.landing.unregistered,
            why_not=why_not,
            asker=asker,
            now=now,
        )
        return flow


def note_beginning(
    *,
    flow: SignInFlow,
    guest_id: UUID | None,
    address_key: str,
    left_out: str,
    why_not: Code | None,
    asker: Asker,
    now: datetime,
) -> None:
    """The line of history of a flow, in its transaction. `left_out` is a landing that nobody registered (R39)."""
    audit.record(
        actor=asker.actor,
        action=ACTION,
        at=now,
        subject_kind="guest",
        subject_id=guest_id,
        outcome=audit.Outcome.REFUSED if why_not else audit.Outcome.SUCCESS,
        code=why_not or "",
        details={
            "address": address_key,
            "way": Way(flow.way).value,
            "method": flow.method,
            "flow": str(flow.id),
            **({"sign_up": str(flow.sign_up_application_id)} if flow.sign_up_application_id else {}),
            **({"redirect_url_not_registered": left_out} if left_out else {}),
        },
    )


def count_answer(*, flow: SignInFlow, step: str, asker: Asker) -> Refusal | None:
    """Count a provider's answer before it is kept ("post") or read ("return"). For operations. Returns E-WAIT."""
    until = budgets.take_all(
        limits.for_returning(
            tenant_id=flow.tenant_id,
            flow_id=flow.id,
            address_key=canonical(flow.address).key if flow.address else "",
            pool=Pool(flow.pool),
            step=step,
            source=asker.source,
            trusted=asker.is_trusted,
        )
    )
    if until is None:
        return None
    return Refusal(Code.WAIT, until=until, reason="Too many answers of a provider came from here.")


def refuse_to_begin(
    refusal: Refusal, *, address_key: str, guest_id: UUID | None, way: Way, asker: Asker, now: datetime
) -> Refusal:
    """Write why no sign-in began, unless this network has had its lines, and hand the refusal on. For operations."""
    if not may_write_refusal(actor=asker.actor, address_key=address_key, now=now):
        return refusal
    audit.record(
        actor=asker.actor,
        action=ACTION,
        at=now,
        subject_kind="guest",
        subject_id=guest_id,
        outcome=audit.Outcome.REFUSED,
        code=refusal.code,
        details={"address": address_key, "way": way.value, "reason": refusal.reason},
    )
    return refusal


def _why_not(tenant: Tenant, beginning: Beginning) -> Code | None:
    guest = beginning.guest
    if guest is None:
        return None if beginning.sign_up else Code.NOT_INVITED
    if not guest.may_sign_in:
        return Code.BLOCKED
    return None if is_taken(tenant=tenant, guest=guest) else Code.DOMAIN
