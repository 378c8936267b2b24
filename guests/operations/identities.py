"""Whose identity this is: the guest behind what a provider asserted (R23, R36, R38).

Knows the order of the questions: an identity that redeemed before names its guest, whatever address it carries now; a
new one is linked only to a guest who has redeemed with nothing and whose address the provider may vouch for. It must
never link by an e-mail claim alone, and it changes no row.
"""

from __future__ import annotations

from dataclasses import dataclass

from guests.models import FederatedIdentity, Guest, SignInFlow
from guests.operations.flows import is_taken
from providers.models import RedemptionPolicy
from providers.rules import Asserted, Method
from tenants.addresses import AddressRefused, canonical
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


@dataclass(frozen=True)
class Linked:
    """The guest who redeemed with this identity. `identity` is their row."""

    guest: Guest
    identity: FederatedIdentity


@dataclass(frozen=True)
class Linkable:
    """A guest who may redeem with it now: the provider vouches for one of their addresses."""

    guest: Guest


@dataclass(frozen=True)
class Unproven:
    """The provider does not vouch for the address that the flow is for: a passcode to it has to make the link (R36).

    The same answer whether anybody has that address here or not (R19).
    """


@dataclass(frozen=True)
class Newcomer:
    """Nobody here has a verified address of this identity; it may sign up where that is open (R39a)."""

    address: str


@dataclass(frozen=True)
class BoundElsewhere:
    """A guest whose address is verified, and who redeemed with another method or identity (R3)."""

    guest: Guest


Whose = Linked | Linkable | Unproven | Newcomer | BoundElsewhere | Refusal


def whose(*, tenant: Tenant, flow: SignInFlow, asserted: Asserted) -> Whose:
    """Whom this identity signs in, in this flow. Inside the caller's transaction; it locks the guest.

    Refuses E-WRONG-ACCOUNT (the link or the typed address is somebody else's), E-BLOCKED, E-DOMAIN and E-NOT-INVITED,
    all to who has proven their address, and E-SESSION at the moment of a reset.
    """
    row = _row(flow, asserted)
    if row is not None:
        guest = Guest.objects.select_for_update().get(id=row.guest_id)
        if not FederatedIdentity.objects.filter(id=row.id).exists():
            return Refusal(Code.SESSION, reason="The guest was reset at this moment.")
        if flow.invitation is not None and flow.invitation.guest_id != guest.id:
            return Refusal(Code.WRONG_ACCOUNT, reason=f"The identity is linked to {guest.address_key}.")
        return _if_allowed(tenant, guest) or Linked(guest, row)
    guest_ = _meant(flow, asserted)
    if guest_ is None and not asserted.verified:
        return Unproven()
    if guest_ is None:
        newcomer = asserted.verified[0]
        if flow.invitation is not None:
            return Refusal(Code.WRONG_ACCOUNT, reason=f"{newcomer} is none of the invited guest's addresses.")
        return Newcomer(newcomer)
    guest = Guest.objects.select_for_update().get(id=guest_.id)
    if not _proves(asserted, guest):
        return Unproven()
    refusal = _if_allowed(tenant, guest)
    if refusal is not None:
        return refusal
    if guest.bound_method is not None:
        return BoundElsewhere(guest)
    if not _is_decided_for(flow, guest):
        reason = f"{guest.address_key} has to begin with their own address: another domain's order led here."
        return Refusal(Code.WRONG_ACCOUNT, reason=reason)
    if flow.kind == Method.MICROSOFT_ACCOUNT and _is_microsoft_account_disabled():
        return Refusal(Code.NO_METHOD, reason="The Microsoft account was disabled while the guest was there (R32).")
    return Linkable(guest)


def _is_microsoft_account_disabled() -> bool:
    return RedemptionPolicy.objects.filter(is_microsoft_account_enabled=False).exists()


def addresses_of(guest: Guest) -> set[str]:
    """The address keys of a guest: the invited one and the others (R36)."""
    return {guest.address_key, *(key for key in map(_key, guest.other_addresses) if key)}


def _proves(asserted: Asserted, guest: Guest) -> bool:
    """Whether the provider vouches for one of the guest's addresses. The address that another guest was invited with
    is theirs alone, whoever has it among their others: one identity must not open either of two guests (R36)."""
    common = set(asserted.verified) & addresses_of(guest)
    if guest.address_key in common:
        return True
    of_others = Guest.objects.filter(address_key__in=common, deleted_at=None).exclude(id=guest.id)
    return bool(common - set(of_others.values_list("address_key", flat=True)))


def _row(flow: SignInFlow, asserted: Asserted) -> FederatedIdentity | None:
    return FederatedIdentity.objects.filter(
        kind=flow.kind,
        provider_id=flow.provider_id,
        issuer=asserted.issuer,
        subject=asserted.subject,
        guest__deleted_at=None,
    ).first()


def _meant(flow: SignInFlow, asserted: Asserted) -> Guest | None:
    """Whom the flow is for: the invited guest; else whoever has the verified address here."""
    if flow.invitation is not None:
        return flow.invitation.guest if flow.invitation.guest.deleted_at is None else None
    if not asserted.verified:
        return None
    if flow.guest is not None and flow.guest.deleted_at is None and set(asserted.verified) & addresses_of(flow.guest):
        return flow.guest
    return Guest.objects.filter(address_key__in=asserted.verified, deleted_at=None).order_by("created_at").first()


def _is_decided_for(flow: SignInFlow, guest: Guest) -> bool:
    """Whether the flow's method is this guest's by R30: a typed address of another domain may lead elsewhere (R31).

    A sign-up's methods are the administrator's own choice for everybody (R39a).
    """
    if flow.sign_up_application_id is not None or flow.guest_id == guest.id or flow.invitation is not None:
        return True
    return canonical(flow.address).domain == guest.domain


def _if_allowed(tenant: Tenant, guest: Guest) -> Refusal | None:
    if guest.deleted_at is not None:
        return Refusal(Code.NOT_INVITED, reason="The guest was deleted.")
    if guest.is_blocked:
        return Refusal(Code.BLOCKED, reason="Sign-in is blocked for this guest.")
    if not is_taken(tenant=tenant, guest=guest):
        return Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {guest.domain}.")
    return None


def _key(address: str) -> str:
    try:
        return canonical(address).key
    except AddressRefused:
        return ""
