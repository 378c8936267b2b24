"""Beat's work for tenants: sealing the history (R64).

Finds the tenants with something to seal and enters the scope of each. A tenant that cannot be sealed must never keep
the others waiting.
"""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError

from tenants.scope import every_tenant, tenant_scope
from tenants.sealing import seal_tenant, tenants_to_seal

log = logging.getLogger(__name__)


@shared_task(name="tenants.tasks.seal_audit")
def seal_audit(**later: object) -> None:
    """Seal every tenant's history as far as it is settled. Every 30 s: so a line is sealed within two minutes."""
    with every_tenant(reason="find the tenants whose history has something to seal"):
        waiting = tenants_to_seal()
    for tenant_id in waiting:
        try:
            with tenant_scope(tenant_id):
                seal_tenant()
        except DatabaseError:
            log.exception("The history of tenant %s was not sealed; the next run tries again.", tenant_id)
