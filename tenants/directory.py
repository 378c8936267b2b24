"""Which tenant a name in an address means.

Knows the two names of a tenant: its id and its verified domains (R37a). Reads only; it is how a scope is found.
"""

from __future__ import annotations

from uuid import UUID

from tenants.addresses import AddressRefused, canonical_domain
from tenants.models import Tenant


def find_tenant(name: str) -> Tenant | None:
    """The active tenant with this id or verified domain, in any case, an international domain as it is typed.

    None where there is none: the caller answers alike for a tenant that is unknown and one that is switched off.
    One statement.
    """
    try:
        return Tenant.objects.filter(id=UUID(name), is_active=True).first()
    except ValueError:
        pass
    try:
        domain = canonical_domain(name)
    except AddressRefused:
        return None
    return Tenant.objects.filter(domains__domain=domain, is_active=True).first()
