"""The outbox's doors: the nudged task, the relay, housekeeping."""

from __future__ import annotations

import logging
import re
import signal
import socket
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from config import health
from outbox import operations, tasks
from outbox.management.commands.relay import Relay
from outbox.models import OutboundMail, State
from outbox.rules import HEAD_START
from tenants.models import Tenant
from tenants.scope import every_tenant, tenant_scope
from tests.outbox.conftest import Enqueue, pass_time
from tests.outbox.sink import Does, Sink


def nudged(tenant: Tenant, mail_id: object, **more: Any) -> None:
    """What a worker runs when a nudge arrives."""
    tasks.deliver.apply(kwargs={"row_id": str(mail_id), **more}, headers={"tenant": str(tenant.id)}, throw=True)


def states() -> Counter[str]:
    with every_tenant(reason="the test counts"):
        return Counter(OutboundMail.objects.values_list("state", flat=True))


def test_B8_it_sends_one_mail_for_a_message_that_comes_five_times(
    fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    with tenant_scope(fabrikam.id):
        mail = enqueue()
    nudged(contoso, mail.id)
    assert not sink.taken
    for _ in range(5):
        nudged(fabrikam, mail.id, an_argument_of_a_newer_version=1)
    nudged(fabrikam, uuid4())
    assert sink.copies() == {mail.message_id: 1}
    assert states() == {State.HANDED_OVER: 1}


@pytest.mark.django_db(transaction=True)
def test_B8_it_sends_what_no_worker_has_picked_up(
    fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.script = [Does.REFUSES_RECIPIENT]
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            for kind in ("letter", "decoy", "broken", "letter"):
                pass_time(enqueue(kind), HEAD_START)
            enqueue()
    with caplog.at_level(logging.INFO):
        relay = Relay(is_draining=True)
        assert relay.run(4)
    assert relay.failed is None
    assert len(sink.taken) == 3
    assert states() == {State.HANDED_OVER: 3, State.FAILED: 1, State.SUPPRESSED: 2, State.QUEUED: 4}
    said = [entry.getMessage() for entry in caplog.records if entry.name.endswith("relay")]
    assert said[0] == "Took up mail that no worker had picked up."
    assert sum(int(digits) for line in said for digits in re.findall(r"(\d+) taken up", line)) == 8


@pytest.mark.django_db(transaction=True)
def test_it_claims_nothing_more_once_it_was_told_to_stop(fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    with tenant_scope(fabrikam.id):
        pass_time(enqueue(), HEAD_START)
    relay = Relay(is_draining=False)
    relay.stop(signal.SIGTERM, None)
    assert relay.run(2)
    assert states() == {State.QUEUED: 1}


def test_B11_a_mail_server_that_is_down_makes_the_installation_degraded(
    fabrikam: Tenant, enqueue: Enqueue, sink: Sink, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        settings.EMAIL_PORT = gone.getsockname()[1]
    with tenant_scope(fabrikam.id):
        mail = enqueue()
    nudged(fabrikam, mail.id)

    def grow_older(by: timedelta) -> None:
        with tenant_scope(fabrikam.id):
            OutboundMail.objects.update(created_at=F("created_at") - by)
            mail.refresh_from_db()

    grow_older(timedelta(seconds=20))
    assert not says_that_mail_waits()
    with tenant_scope(fabrikam.id):
        OutboundMail.objects.update(due_at=F("due_at") + timedelta(minutes=1))  # as after more tries
    grow_older(timedelta(seconds=10))
    assert mail.due_at > datetime.now(UTC)
    assert says_that_mail_waits()


def says_that_mail_waits() -> bool:
    """Whether /readyz, asked anew, names the outbox."""
    health.slow_parts.forget()
    try:
        return "outbox" in Client().get("/readyz").json()["degraded"]
    finally:
        health.slow_parts.forget()


def test_it_forgets_what_was_settled_long_ago_and_nothing_else(
    fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    kept = []
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            old = [enqueue() for _ in range(3)]
            for mail in old:
                nudged(tenant, mail.id)
            OutboundMail.objects.settled().update(settled_at=F("settled_at") - timedelta(days=31))
            kept += [enqueue(), enqueue()]
            nudged(tenant, kept[-1].id)
            pass_time(kept[-2], timedelta(days=60))
    with every_tenant(reason="housekeeping in a test"):
        before = kept[-1].created_at - timedelta(days=30)
        assert [operations.forget_settled(before=before, at_most=4) for _ in range(3)] == [4, 2, 0]
        assert set(OutboundMail.objects.values_list("id", flat=True)) == {mail.id for mail in kept}
