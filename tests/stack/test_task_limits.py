"""Every task ends before the broker hands it out again, and no heap of beat's messages waits for a stopped worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery.schedules import crontab
from django.conf import settings

from config.beat import SCHEDULE
from config.celery import app


def test_every_task_ends_before_the_broker_hands_it_out_again() -> None:
    visible_after = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < visible_after


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_message_of_beat_expires_when_the_next_is_due(name: str) -> None:
    entry = SCHEDULE[name]
    schedule = entry["schedule"]
    longest = schedule if isinstance(schedule, timedelta) else timedelta(hours=1)
    assert isinstance(schedule, timedelta | crontab)
    assert 0 < entry["options"]["expires"] <= longest.total_seconds()
