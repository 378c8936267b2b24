"""Celery's doors to the guests' long deeds: a nudge for one batch, beat's look for those that nobody is at, and the
figures of the tenants whose history moved.

A tenant that cannot be summed up must never keep the others waiting.
"""

from __future__ import annotations

import logging
from time import monotonic
from uuid import UUID

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import CARRY_ON, batches_left_alone, carry_on
from guests.operations.summing import sum_up, tenants_to_sum_up
from tenants.doors.tasks import TenantTask
from tenants.queue import nudge
from tenants.scope import current_tenant_id, every_tenant, tenant_scope

log = logging.getLogger(__name__)

AT_MOST = 100
"""Batches that one look nudges; the next look finds the others."""

STAYS = 30.0
"""Seconds that one run sums up, so that codes wait for a free worker no longer than that; beat begins one a minute."""


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


@shared_task(name="guests.tasks.sum_up_tenants")
def sum_up_tenants(**later: object) -> None:
    """Bring the figures of each tenant whose history moved up to date. Who has no turn is first in the next run."""
    with every_tenant(reason="find the tenants whose history moved since it was summed up"):
        waiting = tenants_to_sum_up()
    until = monotonic() + STAYS
    for tenant_id in waiting:
        if monotonic() > until:
            break
        try:
            with tenant_scope(tenant_id):
                sum_up(now=timezone.now())
        except DatabaseError:
            log.exception("The figures of tenant %s were not summed up; the next run tries again.", tenant_id)
