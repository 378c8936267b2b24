"""Celery's door to the outbox: the nudged way, which is the usual one.

Knows how a message becomes one claim and one delivery. It must never trust the message: the row says whether there is
anything to do, so a message that comes twice, late or for another tenant does nothing.
"""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from outbox import operations
from tenants.doors.tasks import TenantTask


@shared_task(base=TenantTask, name=operations.DELIVER)
def deliver(*, row_id: str, **later: object) -> None:
    """Send the named mail of the header's tenant, unless another sender has it. `later` is a newer version's."""
    claimed = operations.claim_mail(mail_id=UUID(row_id))
    if claimed:
        operations.deliver(claimed=claimed)
