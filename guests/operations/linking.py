"""Linking: a redemption keeps the identity that it was made with (R3, R36), and a reset lets go of it (R40).

Knows the one moment at which an identity becomes a guest's: their last consent. For operations, inside theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from guests.models import FederatedIdentity, Guest, GuestSession
from providers.operations import remember_microsoft_account
from providers.rules import Asserted, Method
from tenants.refusals import Code, Refusal, Refused


def identity_of(*, kind_id: str, asserted: Asserted) -> Mapping[str, str]:
    """What a flow and a session keep of an identity until it is linked."""
    return {
        "kind": kind_id,
        "issuer": asserted.issuer,
        "subject": asserted.subject,
        "address": shown_address(asserted),
        "name": asserted.name[:100],
    }


def shown_address(asserted: Asserted) -> str:
    """The address that a provider gives a person: one that it vouches for, else what it claims, else ""."""
    return next(iter((*asserted.verified, *asserted.claimed)), "")[:254]


def link_identity(*, guest: Guest, session: GuestSession) -> None:
    """Make the session's identity the guest's. Raises Refused (E-WRONG-ACCOUNT) when another guest has it by now.

    A deleted guest holds it no longer than until somebody redeems with it: whoever was invited anew is let in (R55).
    """
    identity = session.identity or {}
    try:
        with transaction.atomic():
            FederatedIdentity.objects.filter(
                kind=identity["kind"],
                provider_id=session.provider_id,
                issuer=identity["issuer"],
                subject=identity["subject"],
                guest__deleted_at__isnull=False,
            ).delete()
            FederatedIdentity.objects.create(
                tenant_id=guest.tenant_id,
                guest=guest,
                kind=identity["kind"],
                provider_id=session.provider_id,
                issuer=identity["issuer"],
                subject=identity["subject"],
                address=identity["address"],
            )
    except IntegrityError:
        reason = "This account at the provider belongs to another guest of this tenant."
        raise Refused(Refusal(Code.WRONG_ACCOUNT, reason=reason)) from None
    if session.method == Method.MICROSOFT_ACCOUNT.value:
        remember_microsoft_account(address_key=guest.address_key)


def seen_again(*, identity: FederatedIdentity, asserted: Asserted) -> str:
    """Note that an identity signed in; returns the address that it had before, if that is another now, else ""."""
    address = shown_address(asserted)
    FederatedIdentity.objects.filter(id=identity.id).update(last_seen_at=Now(), address=address)
    return identity.address if address and identity.address != address else ""


def unlink_identities(*, guest: Guest) -> int:
    """Let go of a guest's identities, for a reset; returns how many there were."""
    gone, _ = FederatedIdentity.objects.filter(guest=guest).delete()
    return gone
