"""How a batch goes through workers: one at a time, a slice at once, and on from where the last one was killed (R43)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from guests.models import AT_WORK, Batch, BatchKind, BatchRow, BatchState, Result, Verdict
from guests.operations.batches.slices import (
    MOST_LOST,
    batches_left_alone,
    carry_on,
    claim_batch,
    discard_batch,
    pause_batch,
    start_batch,
)
from tenants.audit import Actor, ActorKind
from tenants.models import AuditEntry, Tenant
from tenants.scope import every_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)

OLGA = Actor(ActorKind.OPERATOR, "olga", source="shell")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROWS = 7


class Counting:
    """Writes ROWS rows, three in a slice, and marks them done, two in a slice; `breaks_at` fails at that row."""

    def __init__(self, breaks_at: int = 0) -> None:
        self.breaks_at = breaks_at

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        begun = int(batch.read_to or 0)
        numbers = range(begun + 1, min(begun + 3, ROWS) + 1)
        for number in numbers:
            BatchRow.objects.create(tenant_id=tenant.id, batch=batch, number=number, verdict=Verdict.NEW)
        batch.read_to = str(begun + len(numbers))
        batch.rows += len(numbers)
        batch.rows_new += len(numbers)
        return int(batch.read_to) < ROWS

    def do(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        waiting = list(BatchRow.objects.filter(batch=batch, result=Result.WAITING).order_by("number")[:2])
        for row in waiting:
            BatchRow.objects.filter(id=row.id).update(result=Result.DONE)
            batch.done += 1
            if row.number == self.breaks_at:
                raise ZeroDivisionError
        return batch.done < ROWS


WORK = {BatchKind.RESETS.value: Counting()}


@pytest.fixture
def batch(fabrikam: Tenant) -> Iterator[Batch]:
    with tenant_scope(fabrikam.id):
        yield Batch.objects.create(
            tenant_id=fabrikam.id, kind=BatchKind.RESETS, name="Seven", actor_kind="operator", actor_name="olga"
        )


def numbers(batch: Batch, result: Result) -> list[int]:
    return list(BatchRow.objects.filter(batch=batch, result=result).order_by("number").values_list("number", flat=True))


def state(batch: Batch) -> str:
    batch.refresh_from_db()
    return batch.state


def test_R43_it_does_nothing_before_somebody_starts_it(batch: Batch) -> None:
    assert carry_on(batch_id=batch.id, work=WORK, now=NOW) is False
    assert (state(batch), batch.rows, batch.done, batch.leased_until) == (BatchState.CHECKED, ROWS, 0, None)
    assert carry_on(batch_id=batch.id, work=WORK, now=NOW) is False
    assert numbers(batch, Result.DONE) == []
    assert start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    carry_on(batch_id=batch.id, work=WORK, now=NOW)
    assert (state(batch), batch.done, batch.waiting) == (BatchState.DONE, ROWS, 0)
    assert numbers(batch, Result.DONE) == list(range(1, ROWS + 1))
    assert not start_batch(batch_id=batch.id, actor=OLGA, now=NOW), "what is done begins again for nobody"
    told = AuditEntry.objects.filter(subject_id=batch.id).order_by("id").values_list("action", flat=True)
    assert list(told) == ["batch.started", "batch.resets_done"]


def test_R43_it_goes_on_by_itself_where_that_was_asked_for(batch: Batch) -> None:
    Batch.objects.filter(id=batch.id).update(starts_itself=True)
    carry_on(batch_id=batch.id, work=WORK, now=NOW)
    assert (state(batch), batch.done) == (BatchState.DONE, ROWS)


def test_R43_it_is_one_workers_at_a_time(batch: Batch, fabrikam: Tenant) -> None:
    taken: list[int | None] = []
    barrier = threading.Barrier(6)

    def claim() -> None:
        try:
            with tenant_scope(fabrikam.id):
                barrier.wait(5)
                taken.append(claim_batch(batch_id=batch.id, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one is None for one in taken) == [False, *[True] * 5]


def left_alone() -> list[UUID]:
    with every_tenant(reason="as beat looks"):
        return [batch_id for _, batch_id in batches_left_alone(at_most=9)]


def test_R43_it_is_taken_up_when_its_worker_was_killed(fabrikam: Tenant) -> None:
    with tenant_scope(fabrikam.id):
        batch = Batch.objects.create(
            tenant_id=fabrikam.id, kind=BatchKind.RESETS, name="Seven", actor_kind="operator", actor_name="olga"
        )
    assert left_alone() == [batch.id]
    with tenant_scope(fabrikam.id):
        assert claim_batch(batch_id=batch.id, now=NOW) is not None  # and nothing more: the worker is killed here
        assert carry_on(batch_id=batch.id, work=WORK, now=NOW) is False
    assert left_alone() == []
    with tenant_scope(fabrikam.id):
        Batch.objects.filter(id=batch.id).update(leased_until=Now() - timedelta(seconds=1))
    assert left_alone() == [batch.id]
    with tenant_scope(fabrikam.id):
        carry_on(batch_id=batch.id, work=WORK, now=NOW)
        assert (state(batch), batch.rows) == (BatchState.CHECKED, ROWS)


class Fatal(Counting):
    """A slice that takes longer than its transaction may: the server ends the connection."""

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        with connection.cursor() as cursor:
            # Two steps: PostgreSQL starts the clock anew only for a transaction that has none running.
            cursor.execute("SET LOCAL transaction_timeout = 0")
            cursor.execute("SET LOCAL transaction_timeout = '200ms'")
            cursor.execute("SELECT pg_sleep(20)")
        return False


class Closing(Counting):
    """A slice in which the connection goes, and what is raised for it says nothing of that."""

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        connection.connection.close()
        raise ZeroDivisionError


@pytest.mark.parametrize("work", [Fatal(), Closing()], ids=["timeout", "closed"])
def test_R43_a_connection_that_goes_leaves_the_batch_to_the_next_worker(
    batch: Batch, fabrikam: Tenant, work: Counting
) -> None:
    caught: list[Exception] = []

    def carry() -> None:
        try:
            with tenant_scope(fabrikam.id):
                carry_on(batch_id=batch.id, work={BatchKind.RESETS.value: work}, now=NOW)
        except Exception as error:  # noqa: BLE001  # looked at below
            caught.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=carry)
    thread.start()
    thread.join()
    assert len(caught) == 1, "it must not pass for done, nor be given up in a scope of nobody"
    assert state(batch) == BatchState.CHECKING
    assert batch.leased_until is not None
    Batch.objects.filter(id=batch.id).update(leased_until=Now() - timedelta(seconds=1))
    carry_on(batch_id=batch.id, work=WORK, now=NOW)
    assert (state(batch), batch.lost_leases) == (BatchState.CHECKED, 0)


def silent(batch: Batch) -> int | None:
    """What a worker gets that is killed then, and its lease run out."""
    lease = claim_batch(batch_id=batch.id, now=NOW)
    Batch.objects.filter(id=batch.id, leased_until__isnull=False).update(leased_until=Now() - timedelta(seconds=1))
    return lease


@pytest.mark.parametrize("is_started", [False, True], ids=["checking", "running"])
def test_R43_what_kills_its_workers_is_stopped_after_eight(batch: Batch, is_started: bool) -> None:
    if is_started:
        carry_on(batch_id=batch.id, work=WORK, now=NOW)
        start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert all(silent(batch) for _ in range(MOST_LOST))
    assert state(batch) == (BatchState.RUNNING if is_started else BatchState.CHECKING)
    assert silent(batch) is None
    assert state(batch) == (BatchState.PAUSED if is_started else BatchState.UNREADABLE)
    assert "8 workers were lost at it" in batch.problem
    assert AuditEntry.objects.get(action="batch.stopped").details["reason"] == "8 workers were lost at it"
    assert left_alone_of(batch) == 0
    if is_started:
        start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
        carry_on(batch_id=batch.id, work=WORK, now=NOW)
        assert (state(batch), batch.done) == (BatchState.DONE, ROWS)


def left_alone_of(batch: Batch) -> int:
    return Batch.objects.filter(id=batch.id, state__in=AT_WORK).count()


def test_R43_a_slice_that_was_done_forgives_the_workers_lost_before_it(batch: Batch) -> None:
    class Once(Counting):
        def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
            super().check(batch, tenant, now)
            Batch.objects.filter(id=batch.id).update(lease=batch.lease + 1)  # its turn ends with this slice
            return True

    for _ in range(2):
        assert all(silent(batch) for _ in range(MOST_LOST - 1))
        carry_on(batch_id=batch.id, work={BatchKind.RESETS.value: Once()}, now=NOW)
        assert state(batch) == BatchState.CHECKING
        assert batch.lost_leases == 0
        Batch.objects.filter(id=batch.id).update(leased_until=None)


def test_R43_a_worker_that_lost_its_batch_to_a_pause_does_no_more(batch: Batch) -> None:
    class Pausing(Counting):
        def do(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
            is_more = super().do(batch, tenant, now)
            # What a press of Pause does as soon as this slice is over.
            Batch.objects.filter(id=batch.id).update(lease=batch.lease + 1)
            return is_more

    carry_on(batch_id=batch.id, work=WORK, now=NOW)
    start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert carry_on(batch_id=batch.id, work={BatchKind.RESETS.value: Pausing()}, now=NOW) is False
    assert numbers(batch, Result.DONE) == [1, 2]


def test_R43_pause_go_on_and_discard_say_what_they_did(batch: Batch) -> None:
    assert not pause_batch(batch_id=batch.id, actor=OLGA, now=NOW), "nothing runs yet"
    carry_on(batch_id=batch.id, work=WORK, now=NOW)
    assert start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert pause_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert carry_on(batch_id=batch.id, work=WORK, now=NOW) is False
    assert start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert discard_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert not discard_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert (state(batch), numbers(batch, Result.DONE)) == (BatchState.DISCARDED, [])


def test_R43_a_mistake_stops_it_with_a_word_instead_of_failing_for_ever(batch: Batch) -> None:
    broken = {BatchKind.RESETS.value: Counting(breaks_at=4)}
    carry_on(batch_id=batch.id, work=broken, now=NOW)
    start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    assert carry_on(batch_id=batch.id, work=broken, now=NOW) is False
    assert (state(batch), batch.done) == (BatchState.PAUSED, 2)
    assert "ZeroDivisionError" in batch.problem
    assert numbers(batch, Result.DONE) == [1, 2], "the slice that failed left nothing"
    assert start_batch(batch_id=batch.id, actor=OLGA, now=NOW)
    carry_on(batch_id=batch.id, work=WORK, now=NOW)
    assert (state(batch), batch.done, batch.problem) == (BatchState.DONE, ROWS, "")


def test_R43_it_is_nothing_to_another_tenant(batch: Batch, contoso: Tenant) -> None:
    batch_id = batch.id
    found: list[object] = []

    def ask() -> None:
        try:
            with tenant_scope(contoso.id):
                found.append(claim_batch(batch_id=batch.id, now=NOW))
                found.append(discard_batch(batch_id=batch_id, actor=OLGA, now=NOW))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [None, False]
    assert state(batch) == BatchState.CHECKING
