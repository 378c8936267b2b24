"""Coming back from a provider: what it asserted becomes a session, a link that a code has to make, or a refusal.

Knows the order: the provider is asked outside any transaction, then the assertion, the flow and the session are spent
and made in one. It must never open a session from anything but a verified assertion that was handed over as an
argument. (R20, R23, R36, R38)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from guests import limits
from guests.models import Guest, SignInFlow
from guests.operations.flows import Asker, count_answer
from guests.operations.identities import BoundElsewhere, Linkable, Linked, Newcomer, Unproven, whose
from guests.operations.linking import identity_of, seen_again, shown_address
from guests.operations.signing_in import Proof, SignedIn, open_session_for
from guests.operations.signing_up import guest_of_sign_up
from providers.handshakes import handshake
from providers.kinds import BY_ID
from providers.operations import arrive, spend_assertion
from providers.rules import Asserted
from tenants import audit, budgets
from tenants.addresses import AddressRefused, canonical
from tenants.limits import may_write_refusal
from tenants.models import Tenant
from tenants.refusals import Code, Refusal, Refused

ACTION = "guest.returned"


@dataclass(frozen=True)
class NotVouchedFor:
    """Proven at the provider, which does not vouch for the address that the flow is for: a code to it makes the link.

    `claimed` is what the provider says, for the person's own eyes; "" where it says nothing.
    """

    flow: SignInFlow
    claimed: str


@dataclass(frozen=True)
class OtherMethod:
    """A guest who has proven their address, and redeemed in another way that they are to take (R3)."""

    guest: Guest


@dataclass(frozen=True)
class Mistaken:
    """Signed in at the provider as somebody else than the link names (R23). `claimed` is their own address there."""

    flow: SignInFlow
    claimed: str


Returned = SignedIn | NotVouchedFor | OtherMethod | Mistaken | Refusal


def return_from_provider(
    *, tenant: Tenant, flow: SignInFlow, answer: Mapping[str, str], browser: str, asker: Asker, now: datetime
) -> Returned:
    """Who came back, and what it opens. `answer` are the parameters that the browser brought.

    The state has been compared and the browser is the flow's own: the door does that. Refuses E-PROVIDER, E-DECLINED
    (cancelled there), E-NOT-INVITED, E-BLOCKED, E-DOMAIN, E-SESSION when the flow has ended meanwhile, and E-WAIT
    before anything is asked. The fifth failure ends the flow (R17).
    """
    if waits := count_answer(flow=flow, step="return", asker=asker):
        return waits
    asserted = _ask(tenant, flow, answer, now)
    if isinstance(asserted, Refusal):
        _count_failure(flow)
        return _told(asserted, flow, asker, now)
    try:
        with transaction.atomic():
            found = whose(tenant=tenant, flow=flow, asserted=asserted)
            _spend(flow, asserted)  # after the guest is locked, as a reset locks guests before flows
            if isinstance(found, Refusal) and found.code is Code.WRONG_ACCOUNT:
                _told(found, flow, asker, now)
                return Mistaken(flow, shown_address(asserted))
            if isinstance(found, Refusal):
                return _told(found, flow, asker, now)
            if isinstance(found, BoundElsewhere):
                refusal = Refusal(Code.WRONG_ACCOUNT, reason=f"{found.guest.address_key} redeemed in another way.")
                _told(refusal, flow, asker, now)
                return OtherMethod(found.guest)
            if isinstance(found, Unproven):
                return _keep(flow, asserted, asker, now)
            if isinstance(found, Newcomer):
                guest = _welcome(found, flow, asserted, asker, now)
                if isinstance(guest, Refusal):
                    return _told(guest, flow, asker, now)
                if guest.bound_method is not None:  # who redeemed in the moment since we looked
                    return OtherMethod(guest)
                found = Linkable(guest)
            if isinstance(found, Linked):
                _note_new_address(found, asserted, asker, now)
            identity = identity_of(kind_id=flow.kind, asserted=asserted) if isinstance(found, Linkable) else None
            proof = Proof(BY_ID[flow.kind].method, provider_id=flow.provider_id, identity=identity)
            return open_session_for(flow=flow, guest=found.guest, proof=proof, browser=browser, asker=asker, now=now)
    except Refused as refused:
        _count_failure(flow)
        return _told(refused.refusal, flow, asker, now)


def _ask(tenant: Tenant, flow: SignInFlow, answer: Mapping[str, str], now: datetime) -> Asserted | Refusal:
    if flow.handshake_key_id is None or flow.handshake_salt is None:
        return Refusal(Code.PROVIDER, reason="This sign-in never left for a provider.")
    try:
        shake = handshake(
            tenant_id=tenant.id, flow_id=flow.id, key_id=flow.handshake_key_id, salt=bytes(flow.handshake_salt)
        )
    except LookupError as error:
        return Refusal(Code.PROVIDER, reason=str(error))
    return arrive(kind_id=flow.kind, provider_id=flow.provider_id, handshake=shake, answer=dict(answer), now=now)


def _count_failure(flow: SignInFlow) -> None:
    """Count an answer that proved nothing. Too many of them end the flow, so that it costs nothing any more."""
    if budgets.take(limits.for_failed_return(flow_id=flow.id)) is not None:
        SignInFlow.objects.filter(id=flow.id, ended_at__isnull=True).update(ended_at=Now())


def _spend(flow: SignInFlow, asserted: Asserted) -> None:
    """The flow leads in once, and so does the assertion. Raises Refused."""
    still = SignInFlow.objects.filter(id=flow.id, ended_at__isnull=True, identity__isnull=True)
    if not still.update(ended_at=Now()):
        raise Refused(Refusal(Code.SESSION, reason="The sign-in had ended, or was answered before."))
    if not spend_assertion(asserted=asserted):
        raise Refused(Refusal(Code.PROVIDER, reason="The assertion was used before (replay)."))


def _welcome(found: Newcomer, flow: SignInFlow, asserted: Asserted, asker: Asker, now: datetime) -> Guest | Refusal:
    """Who was proven and is no guest: becomes one in a sign-up (R39a), and learns only now that they are none (R38)."""
    if flow.sign_up_application_id is None:
        return Refusal(Code.NOT_INVITED, reason=f"Nobody invited {found.address}.")
    return guest_of_sign_up(
        flow=flow,
        address=canonical(found.address),
        name=flow.sign_up_name or asserted.name,
        actor=asker.actor,
        now=now,
    )


def _keep(flow: SignInFlow, asserted: Asserted, asker: Asker, now: datetime) -> NotVouchedFor | Refusal:
    """The flow goes on: it keeps the identity until a code to the address vouches for it (R36).

    In a sign-up nobody has typed an address: it is the one that the provider claims.
    """
    address = flow.address or _readable(asserted)
    if not address:
        refusal = Refusal(Code.PROVIDER, reason="The provider gives no address that a code could be sent to.")
        return _told(refusal, flow, asker, now)
    identity = dict(identity_of(kind_id=flow.kind, asserted=asserted))
    SignInFlow.objects.filter(id=flow.id).update(identity=identity, address=address, ended_at=None)
    flow.identity, flow.address, flow.ended_at = identity, address, None
    reason = "The provider does not vouch for the address; a code to it has to make the link."
    _told(Refusal(Code.WRONG_ACCOUNT, reason=reason), flow, asker, now)
    return NotVouchedFor(flow, shown_address(asserted))


def _readable(asserted: Asserted) -> str:
    for claimed in asserted.claimed:
        try:
            return canonical(claimed).to_send
        except AddressRefused:
            continue
    return ""


def _note_new_address(found: Linked, asserted: Asserted, asker: Asker, now: datetime) -> None:
    before = seen_again(identity=found.identity, asserted=asserted)
    if before:
        audit.record(
            actor=asker.actor,
            action="identity.address_changed",
            at=now,
            subject_kind="guest",
            subject_id=found.guest.id,
            details={"before": before, "after": shown_address(asserted)},
        )


def _told(refusal: Refusal, flow: SignInFlow, asker: Asker, now: datetime) -> Refusal:
    """Write why coming back opened nothing, unless this network has had its lines, and hand the refusal on."""
    address = flow.address or "-"
    if may_write_refusal(actor=asker.actor, address_key=address, now=now):
        audit.record(
            actor=asker.actor,
            action=ACTION,
            at=now,
            subject_kind="guest",
            subject_id=flow.guest_id,
            outcome=audit.Outcome.REFUSED,
            code=refusal.code,
            details={"address": address, "reason": refusal.reason, "flow": str(flow.id), "method": flow.method},
        )
    return refusal
