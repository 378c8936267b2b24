"""Beat's work for federations: partners' metadata is read again every day.

Finds the providers whose metadata has an address and enters the scope of each tenant. A partner that does not answer
must never keep the others waiting longer than one fetch may take.
"""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from providers.models import IdentityProvider
from providers.operations.refreshing import refresh_metadata
from tenants.audit import SYSTEM
from tenants.refusals import Refusal
from tenants.scope import every_tenant, tenant_scope

log = logging.getLogger(__name__)


@shared_task(name="providers.tasks.refresh_all_metadata")
def refresh_all_metadata(**later: object) -> None:
    """Read the metadata of every provider that is on again. What failed stands in the tenant's history."""
    with every_tenant(reason="find the providers whose metadata is read again"):
        found = list(
            IdentityProvider.objects.filter(is_enabled=True, settings__metadata_url__startswith="http")
            .order_by("tenant_id", "id")
            .values_list("tenant_id", "id")
        )
    for tenant_id, provider_id in found:
        try:
            with tenant_scope(tenant_id):
                outcome = refresh_metadata(provider_id=provider_id, actor=SYSTEM, now=timezone.now())
        except DatabaseError:
            log.exception("The metadata of provider %s was not stored; the next run tries again.", provider_id)
            continue
        if isinstance(outcome, Refusal):
            log.warning("The metadata of provider %s stays as it was: %s", provider_id, outcome.reason)
