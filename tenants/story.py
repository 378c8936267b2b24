"""The story of one request, by the reference that a person quotes (BEHAVIOUR J).

Knows how a reference is written and where its lines stand. Reads only.
"""

from __future__ import annotations

import re
from typing import Final

from tenants.models import AuditEntry, Tenant

_DIGITS: Final = re.compile(r"[0-9A-F]{12}")


def canonical_reference(text: str) -> str | None:
    """`7F3A-91C2-0D4E` however it was typed or read out; None for what is no reference."""
    digits = re.sub(r"[\s\-–]", "", text).upper()
    if not _DIGITS.fullmatch(digits):
        return None
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def lines_of(reference: str) -> list[AuditEntry]:
    """The history's lines of that request, oldest first, in the open scope or, inside every_tenant(), of all."""
    # Naming the tenants lets PostgreSQL look into the index of (tenant, correlation) once for each.
    found = AuditEntry.objects.filter(correlation=reference, tenant__in=Tenant.objects.all())
    return list(found.select_related("tenant").order_by("id")[:500])
