"""Beat's housekeeping that spans the apps."""

from __future__ import annotations

from time import monotonic

from celery import shared_task
from django.utils import timezone

from config.housekeeping import forget_expired
from tenants.key_fingerprints import note_keys
from tenants.queue import begin_again

PURGE = "config.tasks.purge"

STAYS = 20.0
"""Seconds that one run deletes. The queue hands out again what is not done within a minute."""


@shared_task(name=PURGE)
def purge(**later: object) -> None:
    """Note which keys this worker uses, and delete what has expired, in batches.

    What is left after STAYS seconds is another run's, which stands in the queue behind what came meanwhile.
    """
    note_keys()
    until = monotonic() + STAYS
    forget_expired(now=timezone.now(), until=until)
    if monotonic() >= until:
        begin_again(PURGE)
