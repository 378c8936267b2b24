"""What beat starts, and when: the tasks that nobody asks for."""

from __future__ import annotations

from datetime import timedelta

from celery.schedules import crontab

SCHEDULE = {
    "seal the audit": {"task": "tenants.tasks.seal_audit", "schedule": timedelta(seconds=30)},
    "take up batches": {"task": "guests.tasks.take_up_batches", "schedule": timedelta(seconds=10)},
    "sum up": {"task": "guests.tasks.sum_up_tenants", "schedule": timedelta(seconds=60)},
    "forget what has expired": {"task": "config.tasks.purge", "schedule": timedelta(minutes=10)},
    # By the clock, as an interval begins anew with each start; partners announce a certificate weeks before its use.
    "forget old history": {"task": "tenants.tasks.forget_old_history", "schedule": crontab(hour=2, minute=43)},
    "read partners' metadata": {"task": "providers.tasks.refresh_all_metadata", "schedule": crontab(hour=3, minute=17)},
}
