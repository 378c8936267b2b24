"""The tenant that somebody means: by its name, or by an address that is a guest there (R37d).

Knows the one statement that asks for all tenants, inside `every_tenant()`. What it finds may be shown to nobody before
the address is proven: a stranger must not learn where somebody is a guest (R19).
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, OuterRef, Subquery

from guests import limits
from guests.models import Guest, Invitation
from tenants import budgets
from tenants.addresses import Address
from tenants.directory import find_tenant_by_words
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

OFFERED = 50
"""Organizations that one page lists; nobody has been seen with more."""


def find_named(*, text: str, source: str) -> Tenant | Refusal | None:
    """The active tenant with this id, domain or name; None where there is none. `source` is the client's address.

    Refuses E-WAIT: a look reads the names of all tenants, so each network's are counted (R17).
    """
    until = budgets.take(limits.for_naming(source=source))
    if until is not None:
        return Refusal(Code.WAIT, until=until, reason="Too many organizations were looked for from here.")
    return find_tenant_by_words(text)


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
