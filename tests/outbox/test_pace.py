"""Bulk mails leave at their tenant's rate, however many are late, and what is withdrawn gives its time back (R17)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import F

from outbox import operations
from outbox.models import OutboundMail, Rank, State
from outbox.rules import HEAD_START, LASTS, LEASE
from tenants.models import AuditEntry, Tenant
from tenants.pacing import plan_bulk_mails
from tenants.scope import every_tenant, tenant_scope
from tests.outbox.conftest import Enqueue, pass_time
from tests.outbox.test_claim import claim_next

HOUR = timedelta(hours=1)
APART = timedelta(minutes=10)


def bulk(tenant: Tenant, count: int, *, late_by: timedelta = HOUR, deadline: datetime | None = None) -> list[UUID]:
    """Bulk mails that were due so long ago, a second after one another; their ids, the oldest first."""
    Tenant.objects.filter(id=tenant.id).update(bulk_mails_per_hour=HOUR // APART)
    first = datetime.now(UTC) - late_by
    with tenant_scope(tenant.id):
        planned = [operations.Planned(uuid4(), first + timedelta(seconds=n), deadline) for n in range(count)]
        operations.enqueue_many(kind="letter", planned=planned, now=first)
        there = OutboundMail.objects.filter(subject_id__in=[one.subject_id for one in planned])
        return list(there.order_by("due_at").values_list("id", flat=True))


def taken() -> list[UUID]:
    """What a relay takes until nothing is due."""
    return [claimed.id for claimed in iter(claim_next, None)]


def test_R17_late_bulk_mails_leave_at_the_tenants_rate_and_codes_at_once(
    fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue
) -> None:
    first, second, *_ = bulk(fabrikam, 5)
    contosos, *_ = bulk(contoso, 3)
    assert set(taken()) == {first, contosos}
    with tenant_scope(fabrikam.id):
        code = enqueue()
        pass_time(code, HEAD_START)
    assert taken() == [code.id]
    Tenant.objects.filter(id=fabrikam.id).update(bulk_paced_at=F("bulk_paced_at") - APART)
    assert taken() == [second]


def test_R17_a_look_that_comes_a_little_late_does_not_slow_them_down(fabrikam: Tenant) -> None:
    mails = bulk(fabrikam, 3, late_by=timedelta(seconds=30))
    Tenant.objects.filter(id=fabrikam.id).update(bulk_mails_per_hour=90, bulk_paced_at=datetime.now(UTC) - HOUR)
    assert taken() == mails[:2]


def test_R17_a_mail_that_is_too_late_takes_no_time_from_the_others(fabrikam: Tenant) -> None:
    dead = bulk(fabrikam, 2, late_by=2 * HOUR, deadline=datetime.now(UTC) - HOUR)
    alive, _ = bulk(fabrikam, 2)
    assert taken() == [*dead, alive]


def test_R17_after_a_stop_of_four_days_each_mail_leaves_when_its_turn_comes(fabrikam: Tenant) -> None:
    mails = bulk(fabrikam, 3, late_by=timedelta(days=4))
    for mail_id in mails:
        claimed = claim_next()
        assert claimed is not None
        assert (claimed.id, claimed.is_late) == (mail_id, False)
        with tenant_scope(fabrikam.id):
            # Three days for other tries begin now.
            wait = OutboundMail.objects.get(id=mail_id).deadline_at - datetime.now(UTC)
            assert LASTS - HOUR < wait < LASTS
        Tenant.objects.filter(id=fabrikam.id).update(bulk_paced_at=F("bulk_paced_at") - APART)
    with tenant_scope(fabrikam.id):
        OutboundMail.objects.filter(id=mails[0]).update(
            due_at=F("due_at") - LASTS, deadline_at=F("deadline_at") - LASTS
        )
    again = claim_next()
    assert again is not None
    assert (again.id, again.tries, again.is_late) == (mails[0], 2, True)


def test_R17_a_bulk_mail_that_is_tried_again_goes_first_and_takes_no_other_mails_time(fabrikam: Tenant) -> None:
    first, second, *_ = bulk(fabrikam, 4, late_by=5 * HOUR)
    claimed = claim_next()
    assert claimed is not None
    assert claimed.id == first
    with tenant_scope(fabrikam.id):
        assert operations.retry_later(claimed=claimed, reason="451 later", again_after=timedelta()) == State.QUEUED
    assert taken() == []
    with tenant_scope(fabrikam.id):
        OutboundMail.objects.filter(id=first).update(due_at=datetime.now(UTC) - timedelta(seconds=1))
    Tenant.objects.filter(id=fabrikam.id).update(bulk_paced_at=F("bulk_paced_at") - APART)
    assert taken() == [first, second]


def test_R17_a_lost_lease_of_a_bulk_mail_is_taken_up_without_waiting_for_the_rate(fabrikam: Tenant) -> None:
    first, *_ = bulk(fabrikam, 3)
    assert taken() == [first]
    with tenant_scope(fabrikam.id):
        pass_time(OutboundMail.objects.get(id=first), LEASE)
    assert taken() == [first]


def test_R17_what_waits_for_the_rate_is_not_late(fabrikam: Tenant, enqueue: Enqueue) -> None:
    bulk(fabrikam, 3)
    with every_tenant(reason="a test looks as the operator's pages do"):
        assert OutboundMail.objects.late(timedelta(minutes=1)).count() == 3, "nobody sends"
    claim_next()
    with every_tenant(reason="a test looks as the operator's pages do"):
        assert OutboundMail.objects.late(timedelta(minutes=1)).count() == 0
    with tenant_scope(fabrikam.id):
        pass_time(enqueue(), HOUR)
    with every_tenant(reason="a test looks as the operator's pages do"):
        assert OutboundMail.objects.late(timedelta(minutes=1)).count() == 1


def test_B11_a_mail_is_late_by_how_long_it_waits_and_not_by_its_next_try(fabrikam: Tenant, enqueue: Enqueue) -> None:
    bulk(fabrikam, 1, late_by=-HOUR)
    with tenant_scope(fabrikam.id):
        tried = OutboundMail.objects.filter(id=enqueue().id)
        tried.update(tries=4, due_at=datetime.now(UTC) + HOUR)
    with every_tenant(reason="a test looks as the operator's pages do"):
        late = OutboundMail.objects.late(timedelta(minutes=1))
        assert not late.exists(), "neither the new mail nor the one that is planned for later"
        tried.update(created_at=datetime.now(UTC) - timedelta(minutes=2))
        assert late.count() == 1
        tried.update(tries=31, reason="recipient refused: 451 greylisted")
        assert not late.exists(), "one mailbox that never takes a mail says nothing about the others"
        tried.update(reason="no connection: refused")
        assert late.count() == 1
        tried.update(state=State.FAILED, settled_at=datetime.now(UTC))
        assert not late.exists()


def test_R17_a_bulk_mail_is_late_when_its_turn_came_and_its_tries_fail(fabrikam: Tenant) -> None:
    (only,) = bulk(fabrikam, 1, late_by=timedelta(seconds=1))
    assert taken() == [only]
    with every_tenant(reason="a test looks as the operator's pages do"):
        late = OutboundMail.objects.late(timedelta(minutes=1))
        row = OutboundMail.objects.filter(id=only)
        row.update(state=State.QUEUED, due_at=datetime.now(UTC) + timedelta(minutes=1), tries=4)
        assert not late.exists()
        row.update(tries=5)
        assert late.exists()


@pytest.mark.django_db(transaction=True)
def test_R17_many_senders_share_the_rate_and_wait_for_nobody(fabrikam: Tenant, enqueue: Enqueue) -> None:
    first, *_ = bulk(fabrikam, 20)
    together = threading.Barrier(6)
    found: list[UUID] = []

    def relay() -> None:
        together.wait()
        try:
            for _ in range(10):
                if claimed := claim_next():
                    found.append(claimed.id)
        finally:
            connection.close()

    threads = [threading.Thread(target=relay) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [first]


def test_R54_what_is_withdrawn_is_dropped_and_its_times_are_free(fabrikam: Tenant, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        slots = plan_bulk_mails(tenant_id=fabrikam.id, count=100)
        planned = [operations.Planned(uuid4(), slots.at(place)) for place in range(100)]
        operations.enqueue_many(kind="letter", planned=planned, now=now)
        held = OutboundMail.objects.get(subject_id=planned[5].subject_id)
        OutboundMail.objects.filter(id=held.id).update(state=State.LEASED)
        gone = [one.subject_id for one in planned[5:]]
        assert operations.withdraw_many(kind="letter", subject_ids=gone, reason="Revoked.", now=now) == 94
        assert operations.withdraw_many(kind="invitation", subject_ids=gone, reason="Revoked.", now=now) == 0
        assert OutboundMail.objects.waiting().count() == 6
        assert set(OutboundMail.objects.settled().values_list("state", "reason", "rank")) == {
            (State.DROPPED, "Revoked.", Rank.BULK)
        }
        assert AuditEntry.objects.filter(action="mail.dropped", subject_id__in=gone[1:]).count() == 94
        operations.give_back_times(tenant_id=fabrikam.id)
        assert plan_bulk_mails(tenant_id=fabrikam.id, count=1).first == slots.at(6)
        OutboundMail.objects.all().delete()
        operations.give_back_times(tenant_id=fabrikam.id)
        assert plan_bulk_mails(tenant_id=fabrikam.id, count=1).first < slots.at(1)


def test_B5_nothing_of_another_tenant_is_withdrawn(fabrikam: Tenant, contoso: Tenant, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        slots = plan_bulk_mails(tenant_id=fabrikam.id, count=1)
        subject = uuid4()
        operations.enqueue_many(kind="letter", planned=[operations.Planned(subject, slots.first)], now=now)
    with tenant_scope(contoso.id):
        assert operations.withdraw_many(kind="letter", subject_ids=[subject], reason="Revoked.", now=now) == 0
        operations.give_back_times(tenant_id=contoso.id)
    with tenant_scope(fabrikam.id):
        assert OutboundMail.objects.waiting().count() == 1
        assert plan_bulk_mails(tenant_id=fabrikam.id, count=1).first == slots.at(1)
