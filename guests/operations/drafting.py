"""What a new guest and a new invitation are made of: rows that are not saved, for inviting one and for inviting many.

Knows each field and what inviting again may change. It must never save a row, nor decide whether somebody may come.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from guests import tickets
from guests.models import Guest, Invitation
from guests.rules import LONGEST_NAME, invitation_expiry, user_principal_name
from tenants.addresses import Address
from tenants.inviters import InviterKind
from tenants.models import Tenant
from tenants.origins import is_registered, rebuilt

SAID = (
    "redirect_url",
    "resource_name",
    "message",
    "cc",
    "language",
    "inviter_id",
    "inviter_name",
    "inviter_address",
    "expires_at",
    "reminders",
)
"""What inviting again may change of an invitation. Whether it has ended is not among it."""


@dataclass(frozen=True)
class Inviter:
    """Who invites, as the mail names them. `id` is the administrator's or the guest's, none for an operator at the
    shell; `kind` is what the tenant's choice of who may invite asks about (R53). A name is cut where it is longer than
    the columns for it: who has none goes by their address."""

    name: str
    address: str
    id: UUID | None = None
    kind: InviterKind = InviterKind.OPERATOR

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_NAME:
            object.__setattr__(self, "name", f"{self.name[: LONGEST_NAME - 1]}…")


@dataclass(frozen=True)
class Details:
    """What an invitation says. `redirect_url` must lie on an origin that the tenant registered (R39).

    `sponsors` are a new guest's, the inviter where it is empty (R55); a guest who is there already keeps theirs.
    """

    name: str = ""
    redirect_url: str = ""
    resource_name: str = ""
    message: str = ""
    cc: str = ""
    language: str = ""
    sponsors: tuple[Address, ...] = ()


def guest_fields(
    *, tenant: Tenant, key: str, to_send: str, details: Details, sponsors: Sequence[dict[str, str]]
) -> dict[str, Any]:
    """A new guest's columns, the key of their address excepted. `key` and `to_send` are of one Address; `sponsors` has
    at least one (R55)."""
    first, *others = sponsors
    return {
        "tenant_id": tenant.id,
        "address": to_send,
        "domain": key.rpartition("@")[2],
        "name": details.name,
        "name_key": details.name.casefold()[:100],
        "language": details.language,
        "user_principal_name": user_principal_name(key, tenant.primary_domain),
        "sponsor_name": first["name"],
        "sponsor_address": first["address"],
        "other_sponsors": others,
    }


def draft_invitation(
    *, tenant: Tenant, guest: Guest, details: Details, inviter: Inviter, now: datetime
) -> tuple[Invitation, str]:
    """A fresh invitation with a fresh nonce, and the secret of its link, of which the row holds the hash.

    Who has accepted waits for nothing: theirs is accepted from the beginning, as no redemption will come to say so. It
    says when they did, which is before the row is there, whosever clock tells: so it is known from one that they took.
    """
    invitation_id = uuid.uuid4()
    key_id, nonce = tickets.new_nonce()
    secret = tickets.ticket(key_id=key_id, nonce=nonce, tenant_id=tenant.id, invitation_id=invitation_id)
    invitation = Invitation(
        id=invitation_id,
        tenant_id=tenant.id,
        guest=guest,
        key_id=key_id,
        nonce=nonce,
        ticket_hash=tickets.ticket_hash(secret),
        accepted_at=guest.redemption_status_changed_at if guest.has_accepted else None,
    )
    say_anew(invitation, tenant=tenant, details=details, inviter=inviter, now=now)
    return invitation, secret


def say_anew(invitation: Invitation, *, tenant: Tenant, details: Details, inviter: Inviter, now: datetime) -> None:
    """Put what is said into an invitation, in the place of what it said before: the columns in SAID (R50)."""
    invitation.redirect_url = landing_of(tenant, details.redirect_url)
    invitation.resource_name, invitation.message, invitation.cc = details.resource_name, details.message, details.cc
    invitation.language = details.language
    invitation.inviter_id, invitation.inviter_name = inviter.id, inviter.name
    invitation.inviter_address = inviter.address
    invitation.expires_at = invitation_expiry(now=now, days=tenant.invitation_days)
    invitation.reminders = 0


def landing_of(tenant: Tenant, url: str) -> str:
    """The address if its origin is registered with the tenant, else nothing, which means My Apps (R39)."""
    return (rebuilt(url) or "") if url and is_registered(url, tenant.landing_origins) else ""
