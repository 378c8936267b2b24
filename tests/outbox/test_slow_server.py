"""A mail server that is slow but works gets each mail once; one that is too slow is left, and the mail tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from outbox import conversation, operations
from outbox.models import OutboundMail, State
from outbox.operations import claiming
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.outbox.conftest import Enqueue
from tests.outbox.sink import Sink
from tests.outbox.test_claim import claim_next

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease and its renewal as they are in production, ten times as fast; the server has half a second a step."""
    monkeypatch.setattr(claiming, "LEASE", timedelta(seconds=1.5))
    monkeypatch.setattr(conversation, "RENEWED_EVERY", 0.2)
    monkeypatch.setattr(conversation, "ENDS_WITHIN", 0.5)


@pytest.fixture
def mail(fabrikam: Tenant, enqueue: Enqueue) -> OutboundMail:
    with tenant_scope(fabrikam.id):
        return enqueue()


def delivered(tenant: Tenant, mail: OutboundMail) -> State | None:
    with tenant_scope(tenant.id):
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
        state = operations.deliver(claimed=claimed)
        mail.refresh_from_db()
    return state


@contextmanager
def rival() -> Iterator[list[operations.Claimed]]:
    """Another sender that looks for mail all the time; what it took."""
    taken: list[operations.Claimed] = []
    stopping = threading.Event()

    def look() -> None:
        try:
            while not stopping.wait(0.05):
                claimed = claim_next()
                if claimed is not None:
                    taken.append(claimed)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        looking = pool.submit(look)
        try:
            yield taken
        finally:
            stopping.set()
            looking.result()


def test_B8_a_slow_server_gets_a_mail_once(fabrikam: Tenant, mail: OutboundMail, sink: Sink) -> None:
    sink.slow, sink.pause = {"MAIL": 0.45, "RCPT": 0.45, "QUIT": 30}, 0.45
    began = time.monotonic()
    with rival() as taken:
        assert delivered(fabrikam, mail) == State.HANDED_OVER
    assert time.monotonic() - began < 10, "a goodbye that is not answered holds nothing up"
    assert taken == []
    assert (mail.tries, mail.leases_lost, sink.copies()) == (1, 0, {mail.message_id: 1})


def test_B8_a_conversation_that_lasts_too_long_is_ended_and_leaves_no_copy(
    fabrikam: Tenant, mail: OutboundMail, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "LASTS_AT_MOST", 0.6)
    sink.slow = {"MAIL": 0.4, "RCPT": 0.4}
    assert delivered(fabrikam, mail) == State.QUEUED
    assert mail.reason == "no answer: within 1 s"
    sink.slow = {}
    with tenant_scope(fabrikam.id):
        OutboundMail.objects.update(due_at=mail.created_at)
    assert delivered(fabrikam, mail) == State.HANDED_OVER
    assert sink.copies() == {mail.message_id: 1}


def test_B8_a_sender_whose_row_was_taken_ends_its_conversation(
    fabrikam: Tenant, mail: OutboundMail, sink: Sink
) -> None:
    sink.slow = {"RCPT": 0.4}

    def take() -> None:
        OutboundMail.objects.update(tries=2)

    with tenant_scope(fabrikam.id):
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
        assert operations.deliver(claimed=claimed, on_slow=take) is None
    assert sink.taken == []


def test_B10_a_renewal_that_fails_leaves_the_delivery_alone(
    fabrikam: Tenant, mail: OutboundMail, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.slow = {"RCPT": 0.4}
    failures: list[bool] = []
    renewed = claiming._renewed

    def fails_at_first(claimed: operations.Claimed, condition: str = "true") -> bool:
        if condition == "true" and not failures:
            failures.append(True)
            raise OperationalError("the connection was closed")
        return renewed(claimed, condition)

    monkeypatch.setattr(claiming, "_renewed", fails_at_first)
    assert delivered(fabrikam, mail) == State.HANDED_OVER
    assert failures
    assert sink.copies() == {mail.message_id: 1}


def test_B10_a_delivery_is_settled_after_the_database_cut_the_connection(
    fabrikam: Tenant, mail: OutboundMail, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "RENEWED_EVERY", 30.0)
    sink.pause = 0.4
    with tenant_scope(fabrikam.id), connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()

        def cut() -> None:
            try:
                while not sink.connections:
                    time.sleep(0.02)
                time.sleep(0.2)
                with connection.cursor() as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [backend])
            finally:
                connection.close()

        with ThreadPoolExecutor() as pool:
            cutting = pool.submit(cut)
            assert delivered(fabrikam, mail) == State.HANDED_OVER
            cutting.result()
        assert AuditEntry.objects.filter(action="mail.handed_over").count() == 1
    assert sink.copies() == {mail.message_id: 1}
