"""Leaving for a provider: the flow that a round trip belongs to, and the address that the browser leaves to (R30, R36).

Knows how a flow is bound to one provider configuration and one browser. It asks the provider before the transaction
begins, and must never tell a provider the address of somebody who only typed one that they may not have: what was typed
is theirs to tell.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from guests import limits
from guests.models import Guest, Invitation, SignInFlow, Way
from guests.operations.flows import Asker, Landing, note_beginning, refuse_to_begin
from guests.rules import FLOW_LIFE
from passcodes.rules import Pool
from providers.handshakes import handshake, new_salt
from providers.kinds import BY_ID
from providers.models import IdentityProvider
from providers.operations import depart
from providers.rules import Decision, Method, reason_as_json
from tenants import budgets
from tenants.addresses import canonical
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What the way out is bound to. `address` is the invited or typed one, "" where none was asked for yet.

    `kind_id` and `provider_id` name the provider configuration; the latter is None for what the installation set up.
    `sign_up_flow_id` is the sign-up that goes on in another round trip: it has to be open still (R39a).
    """

    kind_id: str
    provider_id: UUID | None
    address: str
    guest: Guest | None = None
    invitation: Invitation | None = None
    pool: Pool = Pool.STRANGER
    way: Way
    landing: Landing
    reasons: tuple[dict[str, str], ...] = ()
    sign_up_application_id: UUID | None = None
    sign_up_name: str = ""
    sign_up_flow_id: UUID | None = None

    @property
    def address_key(self) -> str:
        return canonical(self.address).key if self.address else ""


@dataclass(frozen=True)
class Leaving:
    """The flow that has begun, where the browser goes, and what the provider is called."""

    flow: SignInFlow
    url: str
    name: str


def provider_for(*, decision: Decision) -> tuple[str, UUID | None] | None:
    """The kind and the provider configuration that this decision leads to; None where it leads to none.

    Creating a Microsoft account ends in signing in with it (R30-6). One statement for a federation, none otherwise.
    """
    method = decision.method
    if method is Method.CREATE_MICROSOFT_ACCOUNT:
        return Method.MICROSOFT_ACCOUNT.value, None
    if method is not Method.FEDERATION or decision.provider_id is None:
        return (method.value, decision.provider_id) if method.value in BY_ID else None
    kind = IdentityProvider.objects.filter(id=decision.provider_id).values_list("kind", flat=True).first()
    return None if kind is None else (kind, decision.provider_id)


def begin_with_provider(*, tenant: Tenant, bound: Bound, asker: Asker, now: datetime) -> Leaving | Refusal:
    """Begin a round trip. Refuses E-WAIT, and E-PROVIDER when the provider is not there or does not answer."""
    return _begin(tenant, bound, asker, now, is_fresh=False)


def begin_with_another_account(*, tenant: Tenant, bound: Bound, asker: Asker, now: datetime) -> Leaving | Refusal:
    """The same, asking the provider to let the person choose whom to sign in as (R23).

    A sign-up goes on in it and not beside it: refuses E-SESSION for one that ended, as closing ends them (R39a).
    """
    return _begin(tenant, bound, asker, now, is_fresh=True)


def begin_sign_up_with_provider(
    *,
    tenant: Tenant,
    application_id: UUID,
    kind_id: str,
    provider_id: UUID | None,
    name: str,
    landing: Landing,
    asker: Asker,
    now: datetime,
) -> Leaving | Refusal:
    """Begin to become a guest with the identity that a provider proves (R39a). The caller knows that it is offered."""
    bound = Bound(
        kind_id=kind_id,
        provider_id=provider_id,
        address="",
        way=Way.APPLICATION,
        landing=landing,
        sign_up_application_id=application_id,
        sign_up_name=name,
    )
    return _begin(tenant, bound, asker, now, is_fresh=False)


def bound_as(*, flow: SignInFlow) -> Bound:
    """What a flow was bound to, for another round trip on the same way."""
    return Bound(
        kind_id=flow.kind,
        provider_id=flow.provider_id,
        address=flow.address,
        guest=flow.guest,
        invitation=flow.invitation,
        pool=Pool(flow.pool),
        way=Way(flow.way),
        landing=Landing(flow.landing),
        reasons=tuple(flow.reasons),
        sign_up_application_id=flow.sign_up_application_id,
        sign_up_name=flow.sign_up_name,
        sign_up_flow_id=flow.id if flow.sign_up_application_id is not None else None,
    )


def reasons_of(decision: Decision) -> tuple[dict[str, str], ...]:
    """The decision's reasons as a flow keeps them (R35)."""
    return tuple(reason_as_json(one) for one in decision.reasons)


def _begin(tenant: Tenant, bound: Bound, asker: Asker, now: datetime, *, is_fresh: bool) -> Leaving | Refusal:
    until = budgets.take(
        limits.for_leaving(
            tenant_id=tenant.id,
            pool=bound.pool,
            address_key=bound.address_key,
            source=asker.source,
            trusted=asker.is_trusted,
        )
    )
    if until is not None:
        return Refusal(Code.WAIT, until=until, reason="Too many sign-ins were begun from this network.")
    flow_id = uuid.uuid4()
    key_id, salt = new_salt()
    shake = handshake(tenant_id=tenant.id, flow_id=flow_id, key_id=key_id, salt=salt)
    departure = depart(
        kind_id=bound.kind_id,
        provider_id=bound.provider_id,
        handshake=shake,
        hint=bound.address,
        is_fresh=is_fresh,
        now=now,
    )
    guest_id = bound.guest.id if bound.guest else None
    if isinstance(departure, Refusal):
        return refuse_to_begin(
            departure, address_key=bound.address_key, guest_id=guest_id, way=bound.way, asker=asker, now=now
        )
    with transaction.atomic():
        if bound.sign_up_flow_id is not None and not _ended(bound.sign_up_flow_id):
            return Refusal(Code.SESSION, reason="The sign-up had ended.")
        flow = SignInFlow.objects.create(
            id=flow_id,
            tenant_id=tenant.id,
            browser_hash=asker.browser_hash,
            way=bound.way,
            guest=bound.guest,
            invitation=bound.invitation,
            address=bound.address,
            pool=bound.pool,
            method=BY_ID[bound.kind_id].method.value,
            reasons=list(bound.reasons),
            landing=bound.landing.url,
            kind=bound.kind_id,
            provider_id=bound.provider_id,
            handshake_key_id=key_id,
            handshake_salt=salt,
            sign_up_application_id=bound.sign_up_application_id,
            sign_up_name=bound.sign_up_name,
            expires_at=now + FLOW_LIFE,
        )
        note_beginning(
            flow=flow,
            guest_id=guest_id,
            address_key=bound.address_key,
            left_out=bound.landing.unregistered,
            why_not=None,
            asker=asker,
            now=now,
        )
    return Leaving(flow, departure.url, departure.name)


def _ended(flow_id: UUID) -> bool:
    """End a sign-up that another round trip takes the place of; False where it had ended already."""
    return bool(SignInFlow.objects.filter(id=flow_id, ended_at__isnull=True).update(ended_at=Now()))
