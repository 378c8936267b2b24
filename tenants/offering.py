"""Roles for somebody who has an account already: offered by a tenant, accepted or declined by the account's owner.

The only writer of RoleOffer, and beside administering.py of RoleAssignment. It must never tell a tenant anything of an
account before its owner accepted, nor give a role to who was not asked. (R63, R64)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from tenants import audit, budgets
from tenants.audit import Actor
from tenants.budgets import Allowance
from tenants.models import Administrator, RoleAssignment, RoleOffer, Tenant
from tenants.refusals import Code, Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope

APPOINTMENTS: Final = 10
APPOINTMENTS_LAST: Final = timedelta(hours=1)
"""Appointing tells whether an address has an account here, so nobody may ask that often; each leaves a line."""

_BELIEVED: Final = Q(administrator__is_confirmed=True) | Q(tenant=F("administrator__made_in"))
"""Another tenant wrote the address of the account and made its first password: it may be nobody's of that name."""

GONE: Final = "This offer was answered or withdrawn meanwhile. Load the page again."


def take_appointment(administrator: Administrator) -> datetime | None:
    """Spend one of the administrator's appointments, whoever is appointed. Returns when the next ones come, if none is
    left."""
    key = budgets.key("portal-appointments", administrator.pk)
    return budgets.take([Allowance(key, APPOINTMENTS, APPOINTMENTS_LAST)])


def offers_to(administrator: Administrator) -> QuerySet[RoleOffer]:
    """What the owner of the account is asked, the oldest first: nothing by a tenant that has only another one's word
    for who that is, until an operator confirms it."""
    found = RoleOffer.objects.filter(_BELIEVED, administrator=administrator, is_open=True, tenant__is_active=True)
    return found.select_related("tenant").order_by("offered_at", "id")


def is_believed(*, tenant: Tenant, administrator: Administrator) -> bool:
    """Whether the tenant may take the account for the person's whose address it has."""
    return administrator.is_confirmed or administrator.made_in_id == tenant.pk


def roles_in(offer: RoleOffer) -> list[Role]:
    """The roles that this version knows, the most powerful first."""
    return [role for role in Role if role in offer.roles]


def offer_roles(
    *, tenant: Tenant, administrator: Administrator, roles: Collection[Role], actor: Actor, now: datetime
) -> RoleOffer | Refusal:
    """Ask the owner of the account whether they want these roles here. Inside the tenant's scope.

    An account that never chose its own password is offered them alike, and can never accept: whoever made that password
    could. One that another tenant made, and no operator confirmed, is offered them alike too and asked nothing so far.
    Refuses no roles, who holds one here, and a second offer.
    """
    if not roles:
        return _no("Choose at least one role.")
    if RoleAssignment.objects.filter(tenant=tenant, administrator=administrator).exists():
        return _no(f"{administrator.email} is an administrator here already. Change their roles instead.")
    with transaction.atomic():
        offer, is_new = RoleOffer.objects.get_or_create(
            tenant=tenant,
            administrator=administrator,
            defaults={"roles": [*roles], "is_open": not administrator.must_change_password},
        )
        if not is_new:
            return _no(f"{administrator.email} has an offer here already. Withdraw it to make another one.")
        _record("administrator.offered", actor, now, offer, {"email": administrator.email, "roles": roles_in(offer)})
        return offer


def withdraw_offer(*, tenant: Tenant, offer_id: UUID, actor: Actor, now: datetime) -> RoleOffer | Refusal:
    """Take the offer back. Inside the tenant's scope. Refuses one that is not there any more."""
    with transaction.atomic():
        offer = _locked(RoleOffer.objects.filter(tenant=tenant), offer_id)
        if offer is None:
            return _no(GONE)
        offer.delete()
        details = {"email": offer.administrator.email, "roles": roles_in(offer)}
        _record("administrator.offer_withdrawn", actor, now, offer, details)
        return offer


def accept_offer(*, administrator: Administrator, offer_id: UUID, actor: Actor, now: datetime) -> RoleOffer | Refusal:
    """The owner of the account holds the roles from now on. Called outside any scope: it enters the tenant's.

    Refuses an offer that is not theirs or not there any more, alike.
    """
    with transaction.atomic():
        offer = _locked(offers_to(administrator), offer_id)
        if offer is None:
            return _no(GONE)
        offer.delete()
        RoleAssignment.objects.bulk_create(
            (RoleAssignment(tenant=offer.tenant, administrator=administrator, role=role) for role in roles_in(offer)),
            ignore_conflicts=True,
        )
        with tenant_scope(offer.tenant_id):
            _record("administrator.offer_accepted", actor, now, offer, {"roles": roles_in(offer)})
        return offer


def decline_offer(*, administrator: Administrator, offer_id: UUID, actor: Actor, now: datetime) -> RoleOffer | Refusal:
    """The owner of the account wants none of it. Called outside any scope; refuses what accept_offer() refuses.

    The history tells the address alone, as who declines has nothing to do with that tenant: no name, no network.
    """
    with transaction.atomic():
        offer = _locked(offers_to(administrator), offer_id)
        if offer is None:
            return _no(GONE)
        offer.delete()
        with tenant_scope(offer.tenant_id):
            _record("administrator.offer_declined", Actor(actor.kind, administrator.email), now, offer, {})
        return offer


def _locked(among: QuerySet[RoleOffer], offer_id: UUID) -> RoleOffer | None:
    return among.filter(id=offer_id).select_related("administrator", "tenant").select_for_update(of=("self",)).first()


def _record(action: str, actor: Actor, now: datetime, offer: RoleOffer, details: Mapping[str, object]) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        subject_kind="administrator",
        subject_id=offer.administrator_id,
        details=details,
        address=offer.administrator.email,
    )


def _no(reason: str) -> Refusal:
    return Refusal(Code.INPUT, reason=reason)
