"""What the workers would do with the batches that a story made, done at once."""

from __future__ import annotations

from datetime import UTC, datetime

from guests.models import AT_WORK, Batch, BatchRow
from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import carry_on
from tenants.models import Tenant
from tenants.scope import tenant_scope


def work_off(tenant: Tenant) -> list[Batch]:
    """Carry on with each of the tenant's batches until nothing is to be done; all of them, oldest first."""
    with tenant_scope(tenant.id):
        for one in Batch.objects.filter(state__in=AT_WORK):
            while carry_on(batch_id=one.id, work=WORK, now=datetime.now(UTC)):
                pass
        return list(Batch.objects.order_by("created_at"))


def results(batch: Batch) -> list[tuple[str, str, str]]:
    """(name, what became of it or was said of it, why) of each row, in order."""
    with tenant_scope(batch.tenant_id):
        rows = BatchRow.objects.filter(batch=batch).order_by("number")
        return [(row.name, row.result or row.verdict, row.result_reason or row.reason) for row in rows]
