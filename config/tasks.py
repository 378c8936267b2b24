"""Beat's housekeeping that spans the apps."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from config.housekeeping import forget_expired
from tenants.key_fingerprints import note_keys


@shared_task(name="config.tasks.purge")
def purge(**later: object) -> None:
    """Delete what has expired, in batches, and note which keys this worker uses."""
    forget_expired(now=timezone.now())
    note_keys()
