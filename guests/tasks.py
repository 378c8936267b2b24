"""Celery's doors to the guests' long deeds: a nudge for one batch, and beat's look for those that nobody is at."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import CARRY_ON, batches_left_alone, carry_on
from tenants.doors.tasks import TenantTask
from tenants.queue import nudge
from tenants.scope import current_tenant_id, every_tenant

AT_MOST = 100
"""Batches that one look nudges; the next look finds the others."""


@shared_task(name=CARRY_ON, base=TenantTask)
def carry_on_batch(*, row_id: str, **later: object) -> None:
    """Work at one batch for a turn; then it stands in the queue again, behind what came meanwhile."""
    if carry_on(batch_id=UUID(row_id), work=WORK, now=timezone.now()):
        nudge(CARRY_ON, tenant_id=current_tenant_id(), row_id=UUID(row_id))


@shared_task(name="guests.tasks.take_up_batches")
def take_up_batches(**later: object) -> None:
    """Nudge for each batch that nobody is at: its worker was killed, or the broker was away."""
    with every_tenant(reason="find the batches of all tenants that nobody is at"):
        left = batches_left_alone(at_most=AT_MOST)
    for tenant_id, batch_id in left:
        nudge(CARRY_ON, tenant_id=tenant_id, row_id=batch_id)
