"""Sealing the history: lines become blocks of a chain, one chain for each tenant (R64).

Knows when a line can no longer be joined by an older one. It must never lock or delay whoever is appending: lines are
sealed afterwards, and a chain that every sign-in had to extend would queue a tenant's guests.

*Which lines can be sealed*: read the newest id N that is visible. Then ask PostgreSQL which transactions hold the lock
that every INSERT into the table takes before it draws an id and keeps until its transaction ends. A line with an id up
to N that is not visible yet belongs to one of them, as ids are drawn in order. Once each of them has ended, none can
appear any more, however long it lasted: no clock and no limit of the server is part of the proof. A prepared
transaction holds the lock, too. Any role may read pg_locks. The sequence must not cache ids (it does not by default),
else a session could draw an old one late.

What else needs a line below which none appears (files of the history, summing up) reads up to the last seal.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from math import inf
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from tenants.models import AuditEntry, AuditSeal
from tenants.scope import current_tenant_id
from tenants.seals import FIRST_PREVIOUS, row_hash, seal_hash

WAITS: Final = 5.0
"""Seconds that the sealer waits for those who are writing. Where one takes longer, the next run seals."""

LOOKS_AGAIN_AFTER: Final = 0.05
"""Seconds; most transactions last less."""

LARGEST_BLOCK: Final = 5_000
"""Lines in a block: bounds memory and the transaction that writes one."""

log = logging.getLogger(__name__)

_WRITERS = """
SELECT virtualtransaction, pid FROM pg_locks
 WHERE locktype = 'relation' AND relation = 'tenants_auditentry'::regclass AND mode = 'RowExclusiveLock' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pid IS DISTINCT FROM pg_backend_pid()
"""


def tenants_to_seal(*, older_than: timedelta = timedelta(0)) -> list[UUID]:
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


def settled_id() -> int:
    """The id up to which every line of the scope is visible or will never be. Waits for those who are writing.

    0 where there is no line, and where somebody has been writing for longer than WAITS. Call it outside a transaction
    that has written lines, and read the lines in a later statement (READ COMMITTED).
    """
    newest: int = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    until = monotonic() + WAITS
    writing = _writers() if newest else {}
    while writing:
        if monotonic() > until:
            pids = ", ".join(str(pid or "a prepared transaction") for pid in writing.values())
            log.warning("No history is sealed while these processes of PostgreSQL go on writing to it: %s.", pids)
            return 0
        sleep(LOOKS_AGAIN_AFTER)
        still = _writers()
        writing = {one: pid for one, pid in writing.items() if one in still}
    return newest


def _writers() -> dict[str, int | None]:
    """Other transactions that may hold a line which nobody else sees yet, each with its process."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS)
        return dict(cursor.fetchall())


def seal_tenant(*, up_to: int | None = None, until: float = inf) -> int:
    """Seal the open tenant's lines up to that settled id, in blocks of at most 5,000; returns how many lines.

    A transaction for each block; the last one begins before `until`, by time.monotonic(). Where another process is
    sealing the same tenant it does nothing.
    """
    settled = settled_id() if up_to is None else up_to
    sealed = 0
    while count := _seal_block(settled):
        sealed += count
        if count < LARGEST_BLOCK or monotonic() >= until:
            break
    return sealed


def _seal_block(settled: int) -> int:
    tenant_id = current_tenant_id()
    with transaction.atomic():
        if not _is_only_sealer(tenant_id):
            return 0
        before = AuditSeal.objects.order_by("-sequence").first()
        unsealed = AuditEntry.objects.filter(id__gt=before.last_id if before else 0, id__lte=settled)
        entries = list(unsealed.order_by("id")[:LARGEST_BLOCK])
        if not entries:
            return 0
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


def last_sealed() -> int:
    """The open tenant's newest sealed line: none can appear below it any more. 0 before the first seal."""
    return AuditSeal.objects.order_by("-sequence").values_list("last_id", flat=True).first() or 0
