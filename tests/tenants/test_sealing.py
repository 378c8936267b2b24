"""R64: the history is sealed into a chain per tenant, and what is altered afterwards is named."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from guests.models import Summing
from guests.operations.summing import sum_up
from tenants import audit, sealing, tasks
from tenants.audit import Actor
from tenants.models import AuditEntry, AuditSeal, Tenant
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant
from tenants.seals import canonical_row, seal_hash
from tenants.searching import Search, file_end, in_order
from tenants.tasks import seal_audit
from tenants.verifying import Head, Verdict, verify_tenant
from tests.tenants.history import write

pytestmark = pytest.mark.django_db(transaction=True)


def test_R64_it_chains_blocks_and_finds_them_sound(sealed: list[int]) -> None:
    seals = list(AuditSeal.objects.order_by("sequence"))
    assert [(seal.sequence, seal.first_id, seal.last_id, seal.count) for seal in seals] == [
        (1, sealed[0], sealed[2], 3),
        (2, sealed[3], sealed[5], 3),
        (3, sealed[6], sealed[6], 1),
    ]
    assert bytes(seals[0].previous_hash) == bytes(32)
    assert [bytes(seal.previous_hash) for seal in seals[1:]] == [bytes(seal.hash) for seal in seals[:-1]]
    assert verify_tenant() == Verdict(3, 7, 0, None, Head(3, bytes(seals[-1].hash)), None)


def test_R64_it_goes_on_where_it_ended(sealed: list[int], operator: Actor) -> None:
    assert seal_tenant() == 0
    more = write(operator, 2)
    assert verify_tenant().waiting == 2
    assert seal_tenant() == 2
    verdict = verify_tenant()
    assert (verdict.seals, verdict.rows, verdict.finding) == (4, 9, None)
    assert AuditSeal.objects.get(sequence=4).last_id == more[-1]


def test_R64_a_run_leaves_the_rest_of_a_long_history_to_the_next(
    fabrikam: Tenant, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "LARGEST_BLOCK", 2)
    monkeypatch.setattr(tasks, "STAYS", 0.0)
    with tenant_scope(fabrikam.id):
        write(operator, 5)
    for sealed_by_now in (2, 4, 5):
        seal_audit()
        with tenant_scope(fabrikam.id):
            assert sum(seal.count for seal in AuditSeal.objects.all()) == sealed_by_now


def test_R64_an_empty_history_is_sound(fabrikam: Tenant) -> None:
    with tenant_scope(fabrikam.id):
        assert seal_tenant() == 0
        assert verify_tenant() == Verdict(0, 0, 0, None, None, None)


@contextmanager
def a_transaction_that_writes(tenant: Tenant, actor: Actor) -> Iterator[None]:
    """Another one: it has drawn a line's id and commits on the way out, later than any limit that we know of."""
    drawn, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with tenant_scope(tenant.id), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config(name, '0', true) FROM pg_settings WHERE name LIKE '%_timeout'"
                    " AND name IN ('transaction_timeout', 'idle_in_transaction_session_timeout')"
                )
                audit.record(actor=actor, action="guest.invited", at=datetime.now(UTC), details={"late": True})
                drawn.set()
                assert go_on.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert drawn.wait(30)
        yield
    finally:
        go_on.set()
        thread.join(30)


def test_R64_no_line_of_a_transaction_is_skipped_however_long_it_lasts(
    fabrikam: Tenant, contoso: Tenant, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in PostgreSQL 15, which ends no transaction: its limit is off, and the other lines are old."""
    monkeypatch.setattr(sealing, "WAITS", 0.3)
    everything = Search()
    with tenant_scope(fabrikam.id):
        write(operator, 1)
        assert seal_tenant() == 1
    with a_transaction_that_writes(fabrikam, operator):
        with tenant_scope(fabrikam.id):
            write(operator, 2, age=timedelta(hours=1))
            assert seal_tenant() == 0
            first, is_more = file_end(everything, after=0, at_most=10)
            sum_up(now=datetime.now(UTC))
            assert Summing.objects.get().read_to == first
        with tenant_scope(contoso.id):
            write(operator, 1, age=timedelta(hours=1))
        seal_audit()
        assert not is_more
    seal_audit()
    with tenant_scope(fabrikam.id):
        verdict = verify_tenant()
        assert (verdict.rows, verdict.waiting, verdict.finding) == (4, 0, None)
        held = in_order(everything, after=first, up_to=file_end(everything, after=first, at_most=10)[0])
        assert [entry.details.get("late", False) for entry in held] == [True, False, False]
        sum_up(now=datetime.now(UTC))
        assert Summing.objects.get().read_to == AuditSeal.objects.order_by("-sequence")[0].last_id
    with tenant_scope(contoso.id):
        assert verify_tenant().rows == 1


def test_R64_it_waits_for_the_transactions_that_were_writing_and_for_no_later_one(
    fabrikam: Tenant, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While guests sign in all the time, somebody always writes."""
    monkeypatch.setattr(sealing, "WAITS", 20.0)
    later = ExitStack()
    with tenant_scope(fabrikam.id), later, ExitStack() as earlier:
        earlier.enter_context(a_transaction_that_writes(fabrikam, operator))
        write(operator, 2)

        def look_again(seconds: float) -> None:
            later.enter_context(a_transaction_that_writes(fabrikam, operator))
            earlier.close()

        monkeypatch.setattr(sealing, "sleep", look_again)
        assert seal_tenant() == 3
        assert verify_tenant().finding is None
    with tenant_scope(fabrikam.id):
        assert seal_tenant() == 1
        assert verify_tenant().finding is None


def test_R64_beat_seals_every_tenant_and_each_has_its_own_chain(
    fabrikam: Tenant, contoso: Tenant, operator: Actor
) -> None:
    for tenant, count in ((fabrikam, 3), (contoso, 2)):
        with tenant_scope(tenant.id):
            write(operator, count)
    seal_audit(added_in_a_later_version=True)
    for tenant, count in ((fabrikam, 3), (contoso, 2)):
        with tenant_scope(tenant.id):
            verdict = verify_tenant()
            assert (verdict.seals, verdict.rows, verdict.finding) == (1, count, None)


def test_R64_a_seal_of_another_tenant_does_not_fit(fabrikam: Tenant, contoso: Tenant, operator: Actor) -> None:
    with tenant_scope(fabrikam.id):
        write(operator, 1)
        seal_tenant()
        seal = AuditSeal.objects.get()
    assert seal_hash(tenant_id=contoso.id, seal=seal) != bytes(seal.hash)


def test_R64_a_tenant_that_cannot_be_sealed_keeps_no_other_waiting(
    fabrikam: Tenant, contoso: Tenant, operator: Actor
) -> None:
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            write(operator, 1)
    first, second = sorted((fabrikam, contoso), key=lambda tenant: tenant.id)
    with tenant_scope(first.id):
        AuditSeal.objects.create(
            tenant_id=first.id, sequence=1, first_id=0, last_id=0, count=0, rows_hash=b"", previous_hash=b"", hash=b""
        )
        entry = AuditEntry.objects.get()
        AuditSeal.objects.create(
            tenant_id=first.id,
            sequence=0,
            first_id=entry.id,
            last_id=0,
            count=0,
            rows_hash=b"",
            previous_hash=b"",
            hash=b"",
        )
    seal_audit()
    with tenant_scope(second.id):
        assert verify_tenant().seals == 1


def test_R64_many_sealers_make_one_chain(fabrikam: Tenant, operator: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LARGEST_BLOCK", 2)
    with tenant_scope(fabrikam.id):
        write(operator, 20)
    together = threading.Barrier(6)
    sealed: list[int] = []

    def seal() -> None:
        try:
            with tenant_scope(fabrikam.id):
                together.wait()
                sealed.append(seal_tenant())
        finally:
            connection.close()

    threads = [threading.Thread(target=seal) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant_scope(fabrikam.id):
        seal_tenant()
        verdict = verify_tenant()
    assert (verdict.rows, verdict.waiting, verdict.finding) == (20, 0, None)
    assert 0 < sum(sealed) <= 20


def test_R64_appending_waits_for_no_sealer(fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        write(operator, 1)
    appended = threading.Event()

    def append() -> None:
        try:
            with tenant_scope(fabrikam.id):
                audit.record(actor=operator, action="guest.invited", at=now)
            appended.set()
        finally:
            connection.close()

    with tenant_scope(fabrikam.id), transaction.atomic():
        assert seal_tenant() == 1
        thread = threading.Thread(target=append)
        thread.start()
        assert appended.wait(5)
        thread.join()


def test_R64_a_line_is_hashed_as_it_is_documented(fabrikam: Tenant, operator: Actor) -> None:
    with tenant_scope(fabrikam.id):
        (line,) = write(operator, 1)
        entry = AuditEntry.objects.get(id=line)
        text = canonical_row(entry).decode()
    assert json.loads(text)["at"] == entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert '"details":{"name":"Zoë","number":0}' in text
    columns = {field.attname.removesuffix("_id") for field in AuditEntry._meta.concrete_fields}
    # Lines of before the address was a column must keep their hash.
    assert {name.removesuffix("_id") for name in json.loads(text)} == columns - {"address"}
    entry.address = "nicole@firstupconsultants.com"
    assert {name.removesuffix("_id") for name in json.loads(canonical_row(entry))} == columns
