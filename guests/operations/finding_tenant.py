"""Whose guest an address is, looked for in every tenant at once (R37d).

Knows the one statement that asks for all tenants, inside `every_tenant()`. What it finds may be shown to nobody before
the address is proven: a stranger must not learn where somebody is a guest (R19).
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, OuterRef, Subquery

from guests.models import Guest, Invitation
from tenants.addresses import Address
from tenants.models import Tenant

OFFERED = 50
"""Organizations that one page lists; nobody has been seen with more."""


def find_home(*, address: Address) -> Tenant | None:
    """The active tenant where this address last signed in, else the one that invited it last; None for a stranger.

    Where it is blocked or deleted it is no guest. One statement, the same for every address.
    """
    newest = Invitation.objects.filter(guest_id=OuterRef("pk")).order_by("-created_at").values("created_at")[:1]
    guest = (
        Guest.objects.filter(address_key=address.key, deleted_at=None, is_blocked=False, tenant__is_active=True)
        .select_related("tenant")
        .defer("tenant__logo")
        .order_by(
            F("last_sign_in_at").desc(nulls_last=True), Subquery(newest).desc(nulls_last=True), "-created_at", "id"
        )
        .first()
    )
    return guest.tenant if guest is not None else None


def other_homes(*, address_key: str, besides: UUID) -> list[Tenant]:
    """The other active tenants that have this address as a guest, neither blocked nor deleted, by name.

    Only for whoever has proven the address.
    """
    guests = (
        Guest.objects.filter(address_key=address_key, deleted_at=None, is_blocked=False, tenant__is_active=True)
        .exclude(tenant_id=besides)
        .select_related("tenant")
        .defer("tenant__logo")
        .order_by("tenant__name", "tenant__primary_domain")[:OFFERED]
    )
    return [guest.tenant for guest in guests]
