"""A mail is claimed by one sender at a time."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from outbox import operations
from outbox.models import OutboundMail, Rank, State
from outbox.operations import Claimed
from outbox.rules import HEAD_START, LEASE
from tenants.models import AuditEntry, Tenant
from tenants.scope import every_tenant, tenant_scope
from tests.outbox.conftest import Enqueue, pass_time

SENDERS = 7


def claim_next() -> Claimed | None:
    """What a relay's sender does."""
    with every_tenant(reason="a relay in a test"):
        return operations.claim_next()


@pytest.fixture
def mail(fabrikam: Tenant, enqueue: Enqueue) -> OutboundMail:
    """One letter of Fabrikam's."""
    with tenant_scope(fabrikam.id):
        return enqueue()


def later(tenant: Tenant, mail: OutboundMail, by: timedelta) -> None:
    with tenant_scope(tenant.id):
        pass_time(mail, by)


def claimed_by_worker(tenant: Tenant, mail: OutboundMail) -> Claimed | None:
    with tenant_scope(tenant.id):
        return operations.claim_mail(mail_id=mail.id)


def test_B8_it_is_the_workers_first_and_the_relays_after_two_seconds(fabrikam: Tenant, mail: OutboundMail) -> None:
    assert claim_next() is None
    later(fabrikam, mail, HEAD_START)
    claimed = claim_next()
    assert claimed is not None
    assert (claimed.id, claimed.tenant_id, claimed.tries, claimed.is_late) == (mail.id, fabrikam.id, 1, False)
    assert claimed_by_worker(fabrikam, mail) is None


def test_B8_it_cannot_be_taken_while_another_sender_holds_it(fabrikam: Tenant, mail: OutboundMail) -> None:
    assert claimed_by_worker(fabrikam, mail)
    later(fabrikam, mail, LEASE - timedelta(seconds=1))
    assert claimed_by_worker(fabrikam, mail) is None
    assert claim_next() is None


def test_B8_it_is_taken_up_by_another_sender_when_the_lease_ends(fabrikam: Tenant, mail: OutboundMail) -> None:
    dead = claimed_by_worker(fabrikam, mail)
    later(fabrikam, mail, LEASE)
    heir = claim_next()
    assert dead is not None
    assert heir is not None
    assert (heir.id, heir.tries, heir.leases_lost) == (mail.id, 2, 1)
    with tenant_scope(fabrikam.id):
        assert not operations.keep_lease(claimed=dead)
        assert operations.settle(claimed=dead, state=State.FAILED, reason="") is None
        assert operations.retry_later(claimed=dead, reason="", again_after=timedelta()) is None
        mail.refresh_from_db()
        assert (mail.state, mail.tries) == (State.LEASED, 2)
        assert operations.settle(claimed=heir, state=State.HANDED_OVER, reason="") == State.HANDED_OVER


def test_B8_a_sender_that_delivered_settles_also_what_another_one_has_taken_by_now(
    fabrikam: Tenant, mail: OutboundMail
) -> None:
    slow = claimed_by_worker(fabrikam, mail)
    later(fabrikam, mail, LEASE)
    heir = claim_next()
    assert slow is not None
    assert heir is not None
    with tenant_scope(fabrikam.id):
        assert operations.settle(claimed=slow, state=State.HANDED_OVER, reason="") == State.HANDED_OVER
        assert not operations.keep_lease(claimed=heir)
        assert operations.settle(claimed=heir, state=State.HANDED_OVER, reason="") is None
        assert operations.settle(claimed=heir, state=State.FAILED, reason="") is None
        assert AuditEntry.objects.filter(action="mail.handed_over").count() == 1


def test_B8_a_lease_is_renewed_as_long_as_nobody_else_has_it(fabrikam: Tenant, mail: OutboundMail) -> None:
    slow = claimed_by_worker(fabrikam, mail)
    assert slow is not None
    later(fabrikam, mail, LEASE - timedelta(seconds=1))
    with tenant_scope(fabrikam.id):
        assert operations.renew_lease(claimed=slow)
    later(fabrikam, mail, LEASE - timedelta(seconds=1))
    assert claim_next() is None
    later(fabrikam, mail, timedelta(seconds=1))
    heir = claim_next()
    assert heir is not None
    with tenant_scope(fabrikam.id):
        assert not operations.renew_lease(claimed=slow)
        operations.settle(claimed=heir, state=State.HANDED_OVER, reason="")
        assert operations.renew_lease(claimed=heir), "the provider tells of a mail before it answers us"


def test_B8_it_cannot_be_taken_once_it_is_settled(fabrikam: Tenant, mail: OutboundMail) -> None:
    claimed = claimed_by_worker(fabrikam, mail)
    assert claimed is not None
    with tenant_scope(fabrikam.id):
        operations.settle(claimed=claimed, state=State.HANDED_OVER, reason="")
    later(fabrikam, mail, timedelta(hours=1))
    assert claimed_by_worker(fabrikam, mail) is None
    assert claim_next() is None


def test_B11_it_waits_out_its_back_off_also_when_its_message_comes_twice(fabrikam: Tenant, mail: OutboundMail) -> None:
    claimed = claimed_by_worker(fabrikam, mail)
    assert claimed is not None
    with tenant_scope(fabrikam.id):
        operations.retry_later(claimed=claimed, reason="451", again_after=timedelta())
    assert claimed_by_worker(fabrikam, mail) is None
    later(fabrikam, mail, timedelta(seconds=3))
    assert claimed_by_worker(fabrikam, mail)


@pytest.mark.parametrize(("took", "wait"), [(0, 2.0), (1, 1.0), (10, 1.0)])
def test_B11_a_try_that_hung_is_followed_by_the_next_at_once(
    fabrikam: Tenant, mail: OutboundMail, took: float, wait: float
) -> None:
    claimed = claimed_by_worker(fabrikam, mail)
    assert claimed is not None
    with tenant_scope(fabrikam.id):
        operations.retry_later(claimed=claimed, reason="", again_after=timedelta(), took=timedelta(seconds=took))
    later(fabrikam, mail, timedelta(seconds=wait - 0.5))
    assert claimed_by_worker(fabrikam, mail) is None
    later(fabrikam, mail, timedelta(seconds=0.5 + wait / 4))
    assert claimed_by_worker(fabrikam, mail)


def test_B11_it_waits_as_long_as_the_provider_asks(fabrikam: Tenant, mail: OutboundMail) -> None:
    claimed = claimed_by_worker(fabrikam, mail)
    assert claimed is not None
    with tenant_scope(fabrikam.id):
        operations.retry_later(claimed=claimed, reason="429", again_after=timedelta(seconds=120))
    later(fabrikam, mail, timedelta(seconds=119))
    assert claimed_by_worker(fabrikam, mail) is None
    later(fabrikam, mail, timedelta(seconds=31))
    assert claimed_by_worker(fabrikam, mail)


def test_B11_it_never_waits_beyond_its_deadline(fabrikam: Tenant, enqueue: Enqueue, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        mail = enqueue(deadline=now + timedelta(seconds=60))
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
        operations.retry_later(claimed=claimed, reason="429", again_after=timedelta(seconds=600))
        mail.refresh_from_db()
    assert mail.due_at == mail.deadline_at


def test_R17_it_takes_codes_before_invitations_before_bulk(fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue) -> None:
    wanted: list[UUID] = []
    for tenant, rank in [
        (fabrikam, Rank.BULK),
        (fabrikam, Rank.INVITATION),
        (fabrikam, Rank.CODE),
        (contoso, Rank.CODE),
    ]:
        with tenant_scope(tenant.id):
            mail = enqueue(rank=rank)
            pass_time(mail, timedelta(minutes=10) if rank == Rank.BULK else HEAD_START)
        wanted.append(mail.id)
    bulk, invitation, code, contosos_code = wanted
    taken = [claim.id for _ in range(5) if (claim := claim_next())]
    assert taken == [code, contosos_code, invitation, bulk]


def test_B5_it_cannot_be_taken_by_another_tenants_message(
    fabrikam: Tenant, contoso: Tenant, mail: OutboundMail
) -> None:
    assert claimed_by_worker(contoso, mail) is None
    claimed = claimed_by_worker(fabrikam, mail)
    assert claimed is not None
    with tenant_scope(contoso.id):
        assert not operations.keep_lease(claimed=claimed)
        assert operations.settle(claimed=claimed, state=State.FAILED, reason="") is None
        assert operations.claim_mail(mail_id=uuid4()) is None


@pytest.mark.django_db(transaction=True)
def test_B8_it_is_taken_by_exactly_one_of_many_senders(fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue) -> None:
    mails: dict[UUID, UUID] = {}
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            for _ in range(60):
                mail = enqueue()
                pass_time(mail, HEAD_START)
                mails[mail.id] = tenant.id
    together = threading.Barrier(SENDERS)
    taken: list[UUID] = []

    def relay() -> None:
        together.wait()
        try:
            while claimed := claim_next():
                taken.append(claimed.id)
        finally:
            connection.close()

    def worker() -> None:
        together.wait()
        try:
            for mail_id, tenant_id in mails.items():
                with tenant_scope(tenant_id):
                    if operations.claim_mail(mail_id=mail_id):
                        taken.append(mail_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=relay if n % 2 else worker) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(mails)
    with every_tenant(reason="the test counts"):
        assert set(OutboundMail.objects.values_list("state", "tries", "leases_lost")) == {(State.LEASED, 1, 0)}
