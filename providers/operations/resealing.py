"""Sealing what is stored under the first of PROVIDER_KEYS, so that an older key can be dropped.

It never shows a secret, and leaves as it is what no key opens: the row says which provider needs its secret anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from providers.connections import KEY, KEY_TABLE, SECRET, TABLE
from providers.models import IdentityProvider, ServiceProviderKey
from tenants.audit import Actor, record
from tenants.encryption import CannotSeal, seal, sealed_under, unseal, writing_key
from tenants.scope import current_tenant_id

ACTION = "provider_secrets.resealed"


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many secrets are sealed anew, and the names of the providers whose secret no key opens."""

    count: int
    lost: tuple[str, ...]


def reseal_provider_secrets(*, actor: Actor, now: datetime) -> Resealed:
    """Seal the open tenant's secrets that another key than the first has sealed. Again, it finds nothing to do.

    Raises CannotSeal while PROVIDER_KEYS is empty.
    """
    tenant_id, first = current_tenant_id(), writing_key()
    count, lost = 0, list[str]()
    with transaction.atomic():
        for row in IdentityProvider.objects.select_for_update().exclude(sealed_secret=None).order_by("name"):
            if row.sealed_secret is None or sealed_under(row.sealed_secret) == first:
                continue
            try:
                sealed = _anew(row.sealed_secret, tenant_id, TABLE, row.id, SECRET)
            except CannotSeal:
                lost.append(row.name)
                continue
            IdentityProvider.objects.filter(id=row.id).update(sealed_secret=sealed)
            count += 1
        for key in ServiceProviderKey.objects.select_for_update():
            if sealed_under(key.sealed_key) == first:
                continue
            try:
                sealed = _anew(key.sealed_key, tenant_id, KEY_TABLE, key.id, KEY)
            except CannotSeal:
                lost.append("the key that signs requests")
                continue
            ServiceProviderKey.objects.filter(id=key.id).update(sealed_key=sealed)
            count += 1
        if count:
            record(actor=actor, action=ACTION, at=now, details={"secrets": count, "key": first})
    return Resealed(count, tuple(lost))


def _anew(sealed: bytes | memoryview, tenant_id: UUID, table: str, row_id: UUID, field: str) -> bytes:
    text = unseal(sealed, tenant_id=tenant_id, table=table, row_id=row_id, field=field)
    return seal(text, tenant_id=tenant_id, table=table, row_id=row_id, field=field)
