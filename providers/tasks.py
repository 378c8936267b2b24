"""Beat's work for federations: partners' metadata is read again every day, by one message for each provider.

A partner that does not answer keeps no other waiting. All other work goes first, and no message outlasts the broker's
visibility timeout.
"""

from __future__ import annotations

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from providers.models import IdentityProvider
from providers.operations.refreshing import refresh_metadata
from tenants.audit import SYSTEM
from tenants.doors.tasks import TenantTask
from tenants.queue import nudge_last
from tenants.refusals import Refusal
from tenants.scope import every_tenant

REFRESH = "providers.tasks.refresh_provider_metadata"

log = logging.getLogger(__name__)


@shared_task(name="providers.tasks.refresh_all_metadata")
def refresh_all_metadata(**later: object) -> None:
    """Publish a message for each provider that is on and whose metadata has an address."""
    with every_tenant(reason="find the providers whose metadata is read again"):
        found = list(
            IdentityProvider.objects.filter(is_enabled=True, settings__metadata_url__startswith="http")
            .order_by("tenant_id", "id")
            .values_list("tenant_id", "id")
        )
    for tenant_id, provider_id in found:
        nudge_last(REFRESH, tenant_id=tenant_id, row_id=provider_id)


@shared_task(name=REFRESH, base=TenantTask)
def refresh_provider_metadata(*, row_id: str, **later: object) -> None:
    """Read the metadata of one provider again. A failure stands in the tenant's history."""
    outcome = refresh_metadata(provider_id=UUID(row_id), actor=SYSTEM, now=timezone.now())
    if isinstance(outcome, Refusal):
        log.warning("The metadata of provider %s stays as it was: %s", row_id, outcome.reason)
