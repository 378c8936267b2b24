"""Sealing the history: lines become blocks of a chain, one chain for each tenant (R64).

Knows when a line can no longer be joined by an older one. It must never lock or delay whoever is appending: lines are
sealed afterwards, and a chain that every sign-in had to extend would queue a tenant's guests.

*Which lines are old enough*: all up to the largest id whose `at` lies more than 65 s back. A line's `at` is the start
of its transaction by the database's clock, its id is drawn when it is inserted, and a transaction lasts at most 30 s
(config/database_roles.py). So the line with that id was inserted 35 s ago or earlier, as was every line with a smaller
id; their transactions have ended 5 s ago or earlier, and no line below that id can appear any more. A line below it may
be younger than 65 s; it is settled all the same. The 5 s are for a clock that is set back. The sequence must not cache
ids (it does not by default), else a session could draw an old one late.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from tenants.models import AuditEntry, AuditSeal
from tenants.scope import current_tenant_id
from tenants.seals import FIRST_PREVIOUS, row_hash, seal_hash

LONGEST_TRANSACTION: Final = timedelta(seconds=30)
SETTLED_AFTER: Final = 2 * LONGEST_TRANSACTION + timedelta(seconds=5)
"""The age of a line's `at` from which nothing can appear below its id; the module's docstring proves it."""

LARGEST_BLOCK: Final = 5_000
"""Lines in a block: bounds memory and the transaction that writes one."""


def tenants_to_seal(*, older_than: timedelta = SETTLED_AFTER) -> list[UUID]:
    """Tenants with unsealed lines of that age. Inside every_tenant(); one statement, two probes for each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.id FROM tenants_tenant t WHERE EXISTS (SELECT 1 FROM tenants_auditentry e"
            " WHERE e.tenant_id = t.id AND e.at < now() - make_interval(secs => %s)"
            " AND e.id > coalesce((SELECT s.last_id FROM tenants_auditseal s WHERE s.tenant_id = t.id"
            " ORDER BY s.sequence DESC LIMIT 1), 0)) ORDER BY t.id",
            [older_than.total_seconds()],
        )
        return [row[0] for row in cursor.fetchall()]


def seal_tenant() -> int:
    """Seal all lines of the open tenant that are old enough, in blocks of at most 5,000; returns how many lines.

    A transaction for each block. Where another process is sealing the same tenant it does nothing.
    """
    sealed = 0
    while count := _seal_block():
        sealed += count
        if count < LARGEST_BLOCK:
            break
    return sealed


def _seal_block() -> int:
    tenant_id = current_tenant_id()
    with transaction.atomic():
        if not _is_only_sealer(tenant_id):
            return 0
        before = AuditSeal.objects.order_by("-sequence").first()
        cutoff = newest_settled(before.last_id if before else 0)
        if cutoff is None:
            return 0
        unsealed = AuditEntry.objects.filter(id__gt=before.last_id if before else 0, id__lte=cutoff)
        entries = list(unsealed.order_by("id")[:LARGEST_BLOCK])
        seal = AuditSeal(
            tenant_id=tenant_id,
            sequence=before.sequence + 1 if before else 1,
            first_id=entries[0].id,
            last_id=entries[-1].id,
            count=len(entries),
            rows_hash=b"".join(row_hash(entry) for entry in entries),
            previous_hash=bytes(before.hash) if before else FIRST_PREVIOUS,
        )
        seal.hash = seal_hash(tenant_id=tenant_id, seal=seal)
        seal.save(force_insert=True)
        return len(entries)


def _is_only_sealer(tenant_id: UUID) -> bool:
    # Two keys of 32 bits: "seal", and the tenant's id folded. A clash of two tenants costs one of them half a minute.
    folded = int.from_bytes(hashlib.sha256(tenant_id.bytes).digest()[:4], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [int.from_bytes(b"seal", "big"), folded])
        return bool(cursor.fetchone()[0])


def newest_settled(after: int) -> int | None:
    """The newest line of the open tenant above this id below which none can appear any more; None where none is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM tenants_auditentry WHERE tenant_id = %s AND id > %s"
            " AND at < now() - make_interval(secs => %s) ORDER BY id DESC LIMIT 1",
            [current_tenant_id(), after, SETTLED_AFTER.total_seconds()],
        )
        row = cursor.fetchone()
    return row[0] if row else None
