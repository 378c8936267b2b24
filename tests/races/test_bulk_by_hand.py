"""A file and people by hand invite the same addresses at the same moment: no error, nobody twice (R50, R54)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from guests.models import Batch, Guest, Invitation
from guests.operations.batches.slices import start_batch
from guests.operations.inviting import Details, Invited, Inviter, invite_guest_by_mail
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.bulk import lines, uploaded, work_off

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESSES = [f"guest{n:02}@many.example" for n in range(30)]


def test_R50_two_files_and_people_by_hand_make_each_guest_once(
    fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    files = [
        uploaded(fabrikam, lines(*ADDRESSES), operator, now, name="there.csv"),
        uploaded(fabrikam, lines(*reversed(ADDRESSES)), operator, now, name="back.csv"),
    ]
    barrier = threading.Barrier(len(files) + 2)

    def work(batch: Batch) -> None:
        try:
            with tenant_scope(fabrikam.id):
                start_batch(batch_id=batch.id, actor=operator, now=now)
                barrier.wait()
                work_off(batch.id, now)
        finally:
            connection.close()

    def by_hand(addresses: list[str]) -> list[object]:
        try:
            with tenant_scope(fabrikam.id):
                barrier.wait()
                return [
                    invite_guest_by_mail(
                        tenant=fabrikam,
                        address=canonical(address),
                        details=Details(message="By hand"),
                        inviter=Inviter("Bo", f"{len(addresses)}@fabrikam.example"),
                        actor=operator,
                        now=now,
                    )
                    for address in addresses
                ]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(work, batch) for batch in files]
        hands = [pool.submit(by_hand, some) for some in (ADDRESSES[:10], ADDRESSES[:-11:-1])]
        for one in running:
            one.result(timeout=60)
        assert all(isinstance(outcome, Invited) for one in hands for outcome in one.result(timeout=60))
    with tenant_scope(fabrikam.id):
        assert sorted(Guest.objects.values_list("address_key", flat=True)) == ADDRESSES
        assert Invitation.objects.filter(ended_at__isnull=True).count() == len(ADDRESSES)
        assert AuditEntry.objects.filter(action="guest.invited").count() == len(ADDRESSES)
        assert AuditEntry.objects.filter(action="guest.invited_again").count() == len(ADDRESSES) + 20
        for batch in files:
            batch.refresh_from_db()
            assert (batch.state, batch.done, batch.failed) == ("done", len(ADDRESSES), 0)
