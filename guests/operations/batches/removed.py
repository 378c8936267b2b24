"""Providers that are gone and that guests still depend on: those guests wait for a reset (R3).

Knows how to find them without reading the guests: one step along an index for each provider that anybody redeemed
with. It must never list a provider's guests to find out whether it is still there.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from providers.models import IdentityProvider
from tenants.scope import current_tenant_id

MOST = 500
"""Providers, there or gone, that are looked at: far more than any tenant has had."""

# The tenant is named although row security would see to it: only then does the index begin with a known value.
_PROVIDERS = """
    WITH RECURSIVE hop AS (
        (SELECT method_provider_id AS id, 1 AS n FROM guests_guest
          WHERE tenant_id = %(tenant)s AND method_provider_id IS NOT NULL ORDER BY method_provider_id LIMIT 1)
        UNION ALL
        SELECT (SELECT method_provider_id FROM guests_guest
                 WHERE tenant_id = %(tenant)s AND method_provider_id > hop.id ORDER BY method_provider_id LIMIT 1),
               n + 1
          FROM hop WHERE hop.id IS NOT NULL AND n < %(most)s
    )
    SELECT id FROM hop WHERE id IS NOT NULL
"""


def removed_providers() -> list[UUID]:
    """The ids of providers that are gone and that guests, deleted ones too, still depend on. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_PROVIDERS, {"tenant": current_tenant_id(), "most": MOST})
        used = [row[0] for row in cursor.fetchall()]
    if not used:
        return []
    there = set(IdentityProvider.objects.filter(pk__in=used).values_list("pk", flat=True))
    return [one for one in used if one not in there]
