"""Deeds that meet at the same guests wait for each other, and never in a ring (R40, R50, R52, R54)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from guests.models import Batch, BatchKind, BatchRow, Ended, Guest, Invitation
from guests.operations.batches.choosing import revoke_batch
from guests.operations.batches.kinds import WORK
from guests.operations.batches.slices import carry_on, start_batch
from guests.operations.inviting import Details, Invited, Inviter, invite_guest_by_mail
from guests.operations.resending import hold_guests, resend_invitation
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.doors.bulk import lines, uploaded, work_off

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = 20
ADELE = Inviter("Adele Vance", "adele@fabrikam.example")
NICOLE = "nicole@example.com"


def at_once(tenant: Tenant, *deeds: Callable[[], object]) -> list[object]:
    """What each came to, all begun in the same moment; whatever one of them raises is raised here."""
    barrier = threading.Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        try:
            with tenant_scope(tenant.id):
                barrier.wait(30)
                return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [one.result(timeout=60) for one in [pool.submit(run, deed) for deed in deeds]]


def invited(tenant: Tenant, address: str, actor: Actor, now: datetime, inviter: Inviter = ADELE) -> Invited:
    outcome = invite_guest_by_mail(
        tenant=tenant, address=canonical(address), details=Details(), inviter=inviter, actor=actor, now=now
    )
    assert isinstance(outcome, Invited), outcome
    return outcome


def test_R52_inviting_and_sending_again_the_same_guest_at_once(
    fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    # The same person by both doors: one budget.
    adele = Inviter(operator.name, ADELE.address, operator.id)
    with tenant_scope(fabrikam.id):
        first = invited(fabrikam, NICOLE, operator, now, adele).invitation

    def again() -> object:
        return resend_invitation(tenant=fabrikam, invitation_id=first.id, actor=operator, now=now)

    for _ in range(TIMES):
        outcomes = at_once(fabrikam, lambda: invited(fabrikam, NICOLE, operator, now, adele), again)
        assert isinstance(outcomes[1], Invitation)
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.count() == 1


def test_R54_a_file_resets_and_reminders_of_the_same_guests_at_once(
    fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    addresses = [f"guest{n:02}@many.example" for n in range(60)]
    first = uploaded(fabrikam, lines(*addresses), operator, now)
    with tenant_scope(fabrikam.id):
        start_batch(batch_id=first.id, actor=operator, now=now)
        work_off(first.id, now)
        ids = list(Guest.objects.order_by("-address_key").values_list("id", flat=True))
    for turn in range(4):
        file = uploaded(fabrikam, lines(*addresses, f"turn{turn}@many.example"), operator, now)
        with tenant_scope(fabrikam.id):
            start_batch(batch_id=file.id, actor=operator, now=now)
            Invitation.objects.update(last_mailed_at=None)  # due for a reminder
            others = [
                Batch.objects.create(
                    tenant_id=fabrikam.id,
                    kind=kind,
                    name=kind,
                    choice=choice,
                    starts_itself=True,
                    actor_kind="operator",
                    actor_name="olga",
                )
                for kind, choice in (
                    (BatchKind.RESETS, {"guests": [str(one) for one in ids]}),
                    (BatchKind.REMINDERS, {"invited_before": "2100-01-01T00:00:00+00:00"}),
                )
            ]
        at_once(
            fabrikam,
            *(lambda batch=batch: carried(batch, now) for batch in (file, *others)),
        )
        with tenant_scope(fabrikam.id):
            for batch in (file, *others):
                batch.refresh_from_db()
                assert (batch.state, batch.problem) == ("done", "")
    with tenant_scope(fabrikam.id):
        assert Guest.objects.count() == len(addresses) + 4


def begun(tenant: Tenant, deed: Callable[[], object]) -> Future[list[object]]:
    """The deed in another transaction, which has to wait for this one."""
    pool = ThreadPoolExecutor(1)
    outcome = pool.submit(at_once, tenant, deed)
    pool.shutdown(wait=False)
    has_to_wait()
    return outcome


def has_to_wait() -> None:
    """Returns once another transaction waits for a row."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
        time.sleep(0.01)
    pytest.fail("nobody waits")


def test_R52_who_is_revoked_while_a_reminder_waits_is_not_reminded(
    fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        invitation = invited(fabrikam, NICOLE, operator, now).invitation
        Invitation.objects.update(last_mailed_at=None)
        batch = Batch.objects.create(
            tenant_id=fabrikam.id,
            kind=BatchKind.REMINDERS,
            name="Reminder",
            choice={"invited_before": "2100-01-01T00:00:00+00:00"},
            actor_kind="operator",
            actor_name="olga",
        )
        carried(batch, now)
        start_batch(batch_id=batch.id, actor=operator, now=now)
        with transaction.atomic():
            # By whom the guest is not held.
            Invitation.objects.filter(pk=invitation.pk).update(ended_at=Now(), ended_why=Ended.REVOKED)
            reminded = begun(fabrikam, lambda: carried(batch, now + timedelta(minutes=1)))
        reminded.result(60)
        assert BatchRow.objects.get(batch=batch).result_reason == "Accepted, ended, or mailed since."
        assert Invitation.objects.get().reminders == 0


def test_R54_a_file_is_taken_back_behind_who_holds_its_guests(fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    file = uploaded(fabrikam, lines(NICOLE), operator, now)
    with tenant_scope(fabrikam.id):
        start_batch(batch_id=file.id, actor=operator, now=now)
        work_off(file.id, now)
        recall = revoke_batch(batch_id=file.id, tenant=fabrikam, inviter=ADELE, actor=operator, now=now)
        assert isinstance(recall, Batch)
        with transaction.atomic():
            hold_guests(list(Guest.objects.values_list("id", flat=True)))
            revoked = begun(fabrikam, lambda: carried(recall, now))
            assert Invitation.objects.select_for_update(nowait=True).get().ended_at is None
        revoked.result(60)
        assert Invitation.objects.get().ended_why == Ended.REVOKED


def carried(batch: Batch, now: datetime) -> None:
    while carry_on(batch_id=batch.id, work=WORK, now=now):
        pass
