"""Which tenant a name in an address means.

Knows the two names of a tenant: its id and its verified domains (R37a). Reads only; it is how a scope is found.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from tenants.addresses import AddressRefused, canonical_domain
from tenants.models import Tenant


def find_tenant(name: str) -> Tenant | None:
    """The active tenant with this id or verified domain, in any case, an international domain as it is typed.

    None where there is none: the caller answers alike for a tenant that is unknown and one that is switched off.
    One statement.
    """
    try:
        return _for_a_request().filter(id=UUID(name)).first()
    except ValueError:
        pass
    try:
        domain = canonical_domain(name)
    except AddressRefused:
        return None
    return _for_a_request().filter(domains__domain=domain).first()


def _for_a_request() -> QuerySet[Tenant]:
    """Active tenants without the logo, which its own address reads."""
    return Tenant.objects.filter(is_active=True).defer("logo")


def find_tenant_by_words(text: str) -> Tenant | None:
    """The active tenant that somebody means who typed its id, a verified domain or its whole name (R37d).

    None for a name that nobody has and for one that several have, alike: there is no directory of tenants to read.
    """
    words = " ".join(text.split())[:300]
    if not words or not words.isprintable():  # no name has a control character, and PostgreSQL's text cannot hold a NUL
        return None
    found = find_tenant(words)
    if found is not None:
        return found
    named = list(Tenant.objects.filter(name__iexact=words, is_active=True)[:2])
    return named[0] if len(named) == 1 else None
