"""Workers that invite many guests are killed again and again: each guest is invited once, each row has its result.

The suite takes a few thousand rows; `DRILL_ROWS=100000 pytest tests/faults/test_bulk_killed.py` as many as R54 says.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from io import BytesIO

import pytest
from django.db.models import Count

from guests.models import Batch, BatchRow, BatchState, Guest, Invitation, Result
from guests.operations.batches.slices import start_batch
from guests.operations.batches.uploading import Uploaded, upload_invitations
from guests.operations.inviting import Inviter
from outbox.models import OutboundMail
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.bulk import many
from tests.faults.drill import of_the_test
from tests.processes import Process, started

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

ROWS = int(os.environ.get("DRILL_ROWS", 3000))
KILLS = 3
"""In each half: while the rows are checked, and while they are done."""

WORKER = """
import sys, time
from datetime import timedelta
from uuid import UUID
import django
django.setup()
from django.utils import timezone
from guests.operations.batches import slices
from guests.operations.batches.kinds import WORK
from tenants.scope import tenant_scope
slices.LEASE = timedelta(seconds=1)  # else each kill would cost the suite twenty
tenant, batch = map(UUID, sys.argv[1:])
while True:
    with tenant_scope(tenant):
        slices.carry_on(batch_id=batch, work=WORK, now=timezone.now())
    time.sleep(0.05)
"""
"""What a worker does with the task, over and over."""


def working_at(batch: Batch) -> AbstractContextManager[Process]:
    command = [sys.executable, "-c", WORKER, str(batch.tenant_id), str(batch.pk)]
    return started(command, env={**of_the_test(), "DJANGO_SETTINGS_MODULE": "config.settings"})


def progressed(batch: Batch, column: str, *, beyond: int) -> None:
    """Wait until the batch's count is above that. Fails after two minutes."""
    ends_at = time.monotonic() + 120
    while True:
        batch.refresh_from_db()
        if getattr(batch, column) > beyond:
            return
        assert time.monotonic() < ends_at, f"{column} stands at {getattr(batch, column)} of {batch.rows}"
        time.sleep(0.01)


def killed_at_it(batch: Batch, column: str, is_over: Callable[[], bool]) -> int:
    """Kill a worker several times in the middle, then let one finish; how many kills met it at work."""
    met = 0
    for kill in range(KILLS):
        with working_at(batch):
            progressed(batch, column, beyond=getattr(batch, column))
            time.sleep(0.03 * kill)  # in another part of a slice each time
        batch.refresh_from_db()
        met += not is_over()
    with working_at(batch):
        ends_at = time.monotonic() + 120 + ROWS / 100
        while not is_over():
            assert time.monotonic() < ends_at, f"{batch.state}, {batch.done} of {batch.rows} done"
            time.sleep(0.1)
            batch.refresh_from_db()
    return met


def test_R54_it_invites_each_guest_once_when_workers_are_killed(
    fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        outcome = upload_invitations(
            tenant=fabrikam,
            name="many.csv",
            content=BytesIO(many(ROWS)),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
        assert isinstance(outcome, Uploaded)
        batch = outcome.batch
        met = killed_at_it(batch, "rows", lambda: batch.state != BatchState.CHECKING)
        assert (batch.state, batch.rows, batch.rows_new) == (BatchState.CHECKED, ROWS, ROWS)
        assert not Guest.objects.exists()
        start_batch(batch_id=batch.pk, actor=operator, now=now)
        met += killed_at_it(batch, "done", lambda: batch.state == BatchState.DONE)
        assert met >= KILLS, "the workers were killed when there was nothing to do any more"
        assert (batch.done, batch.failed) == (ROWS, 0)
        assert BatchRow.objects.filter(result=Result.DONE).values("guest_id").distinct().count() == ROWS
        assert Guest.objects.values("address_key").distinct().count() == Guest.objects.count() == ROWS
        assert Invitation.objects.values("guest").distinct().count() == Invitation.objects.count() == ROWS
        assert OutboundMail.objects.values("subject_id").distinct().count() == OutboundMail.objects.count() == ROWS
        assert AuditEntry.objects.filter(action="guest.invited").count() == ROWS
        assert not OutboundMail.objects.values("due_at").annotate(at_once=Count("id")).filter(at_once__gt=1).exists()
