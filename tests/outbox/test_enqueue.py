"""A mail is put into the outbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import Settings

from outbox import operations
from outbox.models import OutboundMail, Rank, State
from outbox.rules import AWAITS_ITS_TURN, LASTS
from tenants.models import Tenant
from tenants.pacing import plan_bulk_mails
from tenants.scope import OutsideScope, tenant_scope
from tests.outbox.conftest import Enqueue


def test_it_waits_two_seconds_for_the_nudged_worker(in_fabrikam: Tenant, enqueue: Enqueue) -> None:
    mail = enqueue()
    assert (mail.state, mail.tries, mail.tenant_id) == (State.QUEUED, 0, in_fabrikam.id)
    assert timedelta(seconds=1) < mail.due_at - datetime.now(UTC) <= timedelta(seconds=2)


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The tasks that workers were told to run, each with its row."""
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(
        "outbox.operations.queueing.nudge", lambda name, *, tenant_id, row_id: told.append((name, row_id))
    )
    return told


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(None, LASTS), (timedelta(days=365), LASTS), (timedelta(minutes=30), timedelta(minutes=30))],
    ids=["none", "a year", "a code's life"],
)
def test_it_is_given_up_after_three_days_at_the_latest(
    in_fabrikam: Tenant, now: datetime, asked: timedelta | None, kept: timedelta
) -> None:
    deadline = now + asked if asked else None
    mail = operations.enqueue(kind="letter", subject_id=uuid4(), rank=Rank.CODE, deadline=deadline, now=now)
    assert mail.deadline_at == now + kept


@pytest.mark.parametrize("rank", [Rank.CODE, Rank.INVITATION], ids=str)
def test_R17_it_nudges_a_worker_on_commit(
    in_fabrikam: Tenant, enqueue: Enqueue, nudged: list[tuple[str, Any]], rank: Rank
) -> None:
    with transaction.atomic():
        mail = enqueue(rank=rank)
        assert nudged == []
    assert nudged == [("outbox.tasks.deliver", mail.id)]


def test_R17_many_mails_are_due_one_after_another_at_the_bulk_rate_and_nudge_nobody(
    in_fabrikam: Tenant, now: datetime, nudged: list[tuple[str, Any]]
) -> None:
    Tenant.objects.filter(id=in_fabrikam.id).update(bulk_mails_per_hour=1800)
    subjects = [uuid4() for _ in range(3)]
    for batch in (subjects[:2], subjects[2:]):
        slots = plan_bulk_mails(tenant_id=in_fabrikam.id, count=len(batch))
        planned = [operations.Planned(one, slots.at(place)) for place, one in enumerate(batch)]
        operations.enqueue_many(kind="letter", planned=planned, now=now)
    assert nudged == []
    mails = list(OutboundMail.objects.order_by("due_at"))
    assert [mail.subject_id for mail in mails] == subjects
    apart = {later.due_at - earlier.due_at for earlier, later in pairwise(mails)}
    assert apart == {timedelta(seconds=2)}
    assert [mail.deadline_at - mail.due_at for mail in mails] == [AWAITS_ITS_TURN] * 3
    assert {mail.rank for mail in mails} == {Rank.BULK.value}


def test_it_leaves_no_row_when_the_request_is_rolled_back(
    in_fabrikam: Tenant, enqueue: Enqueue, nudged: list[tuple[str, Any]]
) -> None:
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)
    assert nudged == []
    assert not OutboundMail.objects.exists()


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("https://guests.example", "@guests.example>"),
        ("http://127.0.0.1:8000", "@127.0.0.1>"),
        ("http://[::1]:8000", "@[IPv6:::1]>"),
    ],
)
def test_it_names_the_mail_after_the_row_and_our_host(
    in_fabrikam: Tenant, enqueue: Enqueue, settings: Settings, url: str, end: str
) -> None:
    settings.PUBLIC_URL = url
    mail = enqueue()
    assert mail.message_id == f"<{mail.id}{end}"


def test_B5_it_shows_a_mail_to_its_own_tenant_only(fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue) -> None:
    with tenant_scope(fabrikam.id):
        first, second = enqueue(), enqueue()
        OutboundMail.objects.filter(id=second.id).update(subject_id=first.subject_id)
        latest = OutboundMail.objects.latest_for("letter", first.subject_id)
        assert latest in (first, second)
        assert OutboundMail.objects.latest_for("letter", uuid4()) is None
        assert OutboundMail.objects.waiting().count() == 2
        assert not OutboundMail.objects.settled().exists()
    with tenant_scope(contoso.id):
        assert OutboundMail.objects.latest_for("letter", first.subject_id) is None
        assert not OutboundMail.objects.exists()


def test_B5_it_refuses_to_work_where_no_tenant_is_chosen(db: None, enqueue: Enqueue) -> None:
    with pytest.raises(OutsideScope):
        enqueue()
    with pytest.raises(OutsideScope):
        operations.claim_mail(mail_id=uuid4())
