"""Every task ends before the broker hands it out again, and no heap of beat's messages waits for a stopped worker."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from celery.schedules import crontab
from django.conf import settings

from config.beat import SCHEDULE
from config.celery import app
from config.stack.processes import ROOT
from outbox import conversation
from outbox.management.commands import relay


def stops_within(unit: str) -> int:
    """Seconds that systemd waits for a process of ours before it kills it."""
    found = re.search(r"^TimeoutStopSec=(\d+)$", (ROOT / "docs/deploy" / unit).read_text(), re.M)
    assert found
    return int(found[1])


def test_B8_a_restart_waits_for_a_slow_mail_server() -> None:
    assert relay.STOPS_WITHIN > conversation.LASTS_AT_MOST
    assert stops_within("vestibule-relay.service") > relay.STOPS_WITHIN
    assert stops_within("vestibule-worker.service") > settings.CELERY_TASK_TIME_LIMIT


def test_every_task_ends_before_the_broker_hands_it_out_again() -> None:
    visible_after = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < visible_after


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_message_of_beat_waits_for_a_busy_worker_and_then_expires(name: str) -> None:
    entry = SCHEDULE[name]
    schedule = entry["schedule"]
    often = max(schedule, timedelta(minutes=5)) if isinstance(schedule, timedelta) else timedelta(hours=1)
    assert isinstance(schedule, timedelta | crontab)
    assert entry["options"]["expires"] == often.total_seconds()
