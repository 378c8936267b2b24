"""Beat's work for tenants: sealing the history, and forgetting what is older than a tenant keeps (R64).

Finds the tenants with something to do and enters the scope of each. A tenant that fails must never keep the others
waiting.
"""

from __future__ import annotations

import logging
from random import SystemRandom
from time import monotonic

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from tenants.queue import begin_again
from tenants.retention import forget_history, tenants_that_forget
from tenants.scope import every_tenant, tenant_scope
from tenants.sealing import seal_tenant, settled_id, tenants_to_seal

log = logging.getLogger(__name__)

MOST_STEPS = 50
"""Transactions for one tenant in one run: a million lines."""

STAYS = 20.0
"""Seconds that one run seals or forgets. The queue hands out again what is not done within a minute."""

FORGET = "tenants.tasks.forget_old_history"


@shared_task(name="tenants.tasks.seal_audit")
def seal_audit(**later: object) -> None:
    """Seal every tenant's history as far as it is settled. Every 30 s: so a line is sealed within two minutes."""
    with every_tenant(reason="find the tenants whose history has something to seal"):
        settled = settled_id()
        waiting = tenants_to_seal() if settled else []
    until = monotonic() + STAYS
    SystemRandom().shuffle(waiting)  # so that no tenant is always behind the end of the time
    for tenant_id in waiting:
        try:
            with tenant_scope(tenant_id):
                seal_tenant(up_to=settled, until=until)
        except DatabaseError:
            log.exception("The history of tenant %s was not sealed; the next run tries again.", tenant_id)
        if monotonic() >= until:  # beat's next run goes on
            break


@shared_task(name=FORGET)
def forget_old_history(**later: object) -> None:
    """Forget, in every tenant that keeps its history for some days only, the blocks that are older. Every night.

    What is left after STAYS seconds is another run's, which stands in the queue behind what came meanwhile.
    """
    until = monotonic() + STAYS
    for tenant_id in tenants_that_forget():
        try:
            with tenant_scope(tenant_id):
                for _ in range(MOST_STEPS):
                    if monotonic() > until:
                        begin_again(FORGET)
                        return
                    if forget_history(now=timezone.now()) is None:  # a task is a door
                        break
        except DatabaseError:
            log.exception("The old history of tenant %s was not forgotten; tomorrow's run tries again.", tenant_id)
