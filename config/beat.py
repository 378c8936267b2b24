"""What beat starts, and when: the tasks that nobody asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

_NIGHTLY = timedelta(hours=1)
"""How long a nightly task waits for a worker."""

_BUSY = timedelta(minutes=5)
"""How long workers may have other work: a message that expired sooner would never be read then."""


def _entry(task: str, schedule: timedelta | crontab) -> dict[str, Any]:
    """A task whose message expires, so that no heap of them waits for a stopped worker."""
    expires = max(schedule, _BUSY) if isinstance(schedule, timedelta) else _NIGHTLY
    return {"task": task, "schedule": schedule, "options": {"expires": expires.total_seconds()}}


SCHEDULE = {
    "seal the audit": _entry("tenants.tasks.seal_audit", timedelta(seconds=30)),
    "take up batches": _entry("guests.tasks.take_up_batches", timedelta(seconds=10)),
    "sum up": _entry("guests.tasks.sum_up_tenants", timedelta(seconds=60)),
    "forget what has expired": _entry("config.tasks.purge", timedelta(minutes=10)),
    # By the clock, as an interval begins anew with each start; partners announce a certificate weeks before its use.
    "forget old history": _entry("tenants.tasks.forget_old_history", crontab(hour=2, minute=43)),
    "read partners' metadata": _entry("providers.tasks.refresh_all_metadata", crontab(hour=3, minute=17)),
}
