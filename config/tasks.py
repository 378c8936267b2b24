"""Beat's housekeeping that spans the apps."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from config.housekeeping import forget_expired


@shared_task(name="config.tasks.purge")
def purge(**later: object) -> None:
    """Delete what has expired, in batches."""
    forget_expired(now=timezone.now())
