"""Which tenant a name in an address means.

Knows the two names of a tenant: its id and its verified domains (R37a). Reads only; it is how a scope is found.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from uuid import UUID

from django.db.models import F, Func, QuerySet, TextField
from django.db.models.functions import Cast

from tenants.addresses import AddressRefused, canonical_domain
from tenants.models import Tenant

LONGEST_WORDS = 300
"""Characters: longer than any domain, id or name."""


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


def find_tenants(ids: Collection[UUID]) -> list[Tenant]:
    """The active tenants among these, in no order. One statement."""
    return list(_for_a_request().filter(id__in=ids))


def find_tenant_by_words(text: str) -> Tenant | None:
    """The active tenant that somebody means who typed its id, a verified domain or its whole name (R37d).

    Names are compared without case, with their accents, however those were composed. None for a name that nobody has
    and for one that several have, alike and for the same work: there is no directory of tenants to read.
    """
    words = _folded(text)
    if words is None:
        return None
    found = find_tenant(words)
    if found is not None:
        return found
    called = Func(F("name"), function="normalize", template="%(function)s(%(expressions)s, NFKC)")
    named = _for_a_request().annotate(called=Cast(called, TextField())).filter(called__iexact=words)
    some = list(named.order_by("name", "id")[:2])  # ordered, so that the second match does not end the reading early
    return some[0] if len(some) == 1 else None


def _folded(text: str) -> str | None:
    """What was typed in one form, or None for what can be no name: nothing, too much, control characters."""
    if len(text) > LONGEST_WORDS:
        return None
    words = " ".join(unicodedata.normalize("NFKC", text).split())
    # PostgreSQL's text can hold neither a NUL nor half a surrogate pair, and no name has a hidden character.
    return words if words and len(words) <= LONGEST_WORDS and words.isprintable() else None
