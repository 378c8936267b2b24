"""A batch's way through a worker: claimed by one, advanced slice by slice, given back.

Knows leases and states. A slice is one transaction that holds the batch's row, so that what it did and how far it came
are committed together: killed anywhere, the next worker goes on behind the last slice, and no row is done twice. What a
slice does to guests is each kind's own (kinds.py above); this file must never know it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from guests.models import AT_WORK, Batch, BatchState
from tenants.audit import SYSTEM, Actor, ActorKind, Outcome, record
from tenants.models import Tenant
from tenants.queue import nudge

log = logging.getLogger(__name__)

CARRY_ON: Final = "guests.tasks.carry_on"
"""The name of the task that a nudge asks for."""

LEASE: Final = timedelta(seconds=20)
"""How long a worker may be silent about a batch before another one takes it up."""

MOST_LOST: Final = 8
"""Workers that one slice may cost: some minutes. What is lost more often kills them, and would for ever."""

AWAY: Final = (OperationalError, InterfaceError, InternalError)
"""The database is away, or has ended the connection: transaction_timeout comes as an InternalError."""

TURN: Final = 4.0
"""Seconds that a worker stays at one batch before it lets others have the process: codes wait behind it."""


class BatchWork(Protocol):
    """What a kind of batch does. Each call is one slice, in the transaction that its caller has opened."""

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """Read some rows and give them verdicts, moving `read_to` and the counts. True while there is more."""
        ...

    def do(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """Do some of the rows that wait, moving the counts. True while there are more."""
        ...


COUNTS: Final = (
    "read_to",
    "rows",
    "rows_new",
    "rows_again",
    "rows_refused",
    "done",
    "failed",
    "mails",
    "last_mail_at",
    "problem",
)
"""What a slice may move."""


def actor_of(batch: Batch) -> Actor:
    """Who started it, as the history names them."""
    return Actor(
        ActorKind(batch.actor_kind),
        batch.actor_name,
        batch.actor_id,
        source=batch.source,
        correlation=batch.correlation,
    )


def columns_of(actor: Actor, *, address: str) -> dict[str, Any]:
    """The same, as the batch keeps it; `address` is where an answer to the mails goes."""
    return {
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "actor_address": address,
        "source": actor.source,
        "correlation": actor.correlation,
    }


def wake(batch: Batch) -> None:
    """Tell a worker when the running transaction commits. Beat tells one again where nobody listened."""
    tenant_id, batch_id = batch.tenant_id, batch.id
    transaction.on_commit(lambda: nudge(CARRY_ON, tenant_id=tenant_id, row_id=batch_id), robust=True)


def batches_left_alone(*, at_most: int) -> list[tuple[UUID, UUID]]:
    """(tenant, batch) of what should be worked at and is not, inside every_tenant()."""
    found = Batch.objects.filter(Q(leased_until=None) | Q(leased_until__lt=Now()), state__in=AT_WORK)
    return list(found.order_by("leased_until").values_list("tenant_id", "id")[:at_most])


def claim_batch(*, batch_id: UUID, now: datetime) -> int | None:
    """Take the batch for LEASE; its token, or None when somebody else is at it or there is nothing to do.

    A batch that has cost MOST_LOST workers since its last slice is stopped instead, and None returned.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE guests_batch SET lease = lease + 1,"
            " lost_leases = lost_leases + CASE WHEN leased_until IS NULL THEN 0 ELSE 1 END,"
            " leased_until = statement_timestamp() + make_interval(secs => %s)"
            " WHERE id = %s AND state = ANY(%s)"
            " AND (leased_until IS NULL OR leased_until < statement_timestamp()) RETURNING lease, lost_leases",
            [LEASE.total_seconds(), batch_id, [state.value for state in AT_WORK]],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    lease, lost = row
    if lost >= MOST_LOST:
        log.error("Batch %s stopped: %d workers were lost at it.", batch_id, lost)
        _give_up(batch_id, lease, f"{lost} workers were lost at it", now)
        return None
    return int(lease)


def carry_on(*, batch_id: UUID, work: Mapping[str, BatchWork], now: datetime) -> bool:
    """Work at the batch for a turn, in the open tenant's scope; whether there is more to do afterwards.

    `work` has an entry for each BatchKind. False also where another worker is at it.
    """
    lease = claim_batch(batch_id=batch_id, now=now)
    if lease is None:
        return False
    ends, is_more, held = time.monotonic() + TURN, True, connection.connection
    try:
        while is_more and time.monotonic() < ends:
            is_more = _slice(batch_id, lease, work, now)
    except AWAY:
        raise  # the lease runs out and the batch is taken up again
    except Exception as error:
        if connection.connection is not held:  # it broke, whatever was raised for it, and the new one has no tenant
            raise
        # What fails once would fail at every turn, for ever. Somebody has to look; what was done stays done.
        log.exception("Batch %s stopped.", batch_id)
        _give_up(batch_id, lease, type(error).__name__, now)
        return False
    Batch.objects.filter(id=batch_id, lease=lease).update(leased_until=None)
    return is_more


def _slice(batch_id: UUID, lease: int, work: Mapping[str, BatchWork], now: datetime) -> bool:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(id=batch_id, lease=lease, state__in=AT_WORK).first()
        if batch is None:  # paused, discarded, or another worker's by now
            return False
        tenant = Tenant.objects.get(id=batch.tenant_id)
        is_checking = batch.state == BatchState.CHECKING
        step = work[batch.kind].check if is_checking else work[batch.kind].do
        is_more = step(batch, tenant, now)
        fields = [*COUNTS, "state", "leased_until", "lost_leases"]
        batch.leased_until, batch.lost_leases = Now() + LEASE, 0
        if not is_more:
            fields += _next_state(batch, is_checking, now)
        batch.save(update_fields=fields)
        return is_more or (is_checking and batch.state == BatchState.RUNNING)


def _give_up(batch_id: UUID, lease: int, what: str, now: datetime) -> None:
    """Stop a batch that a mistake of ours stopped: it waits for "Go on", or is over where it was not checked."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(id=batch_id, lease=lease, state__in=AT_WORK).first()
        if batch is None:
            return
        was_checking = batch.state == BatchState.CHECKING
        batch.state = BatchState.UNREADABLE if was_checking else BatchState.PAUSED
        batch.problem = f"A worker stopped at it ({what}). The operator finds the reason in the worker's log."
        batch.leased_until, batch.lost_leases = None, 0
        batch.ended_at = Now() if was_checking else None
        batch.save(update_fields=["state", "problem", "leased_until", "lost_leases", "ended_at"])
        record(
            actor=SYSTEM,
            action="batch.stopped",
            at=now,
            subject_kind="batch",
            subject_id=batch.id,
            outcome=Outcome.FAILED,
            details={"kind": batch.kind, "name": batch.name, "reason": what},
        )


def _next_state(batch: Batch, is_checking: bool, now: datetime) -> list[str]:
    if is_checking:
        batch.checked_at = Now()
        if batch.problem:
            batch.state, batch.ended_at = BatchState.UNREADABLE, Now()
            return ["checked_at", "ended_at"]
        batch.state = BatchState.CHECKED
        if batch.starts_itself:
            batch.state, batch.started_at = BatchState.RUNNING, Now()
        return ["checked_at", "started_at"]
    batch.state, batch.ended_at = BatchState.DONE, Now()
    record(
        actor=actor_of(batch),
        action=f"batch.{batch.kind}_done",
        at=now,
        subject_kind="batch",
        subject_id=batch.id,
        details={"name": batch.name, "done": batch.done, "failed": batch.failed, "refused": batch.rows_refused},
    )
    return ["ended_at"]


def start_batch(*, batch_id: UUID, actor: Actor, now: datetime) -> bool:
    """Begin, or go on after a pause, with what was checked. False, and nothing done, in any other state."""
    return _turn(
        batch_id,
        {BatchState.CHECKED, BatchState.PAUSED},
        BatchState.RUNNING,
        actor=actor,
        now=now,
        deed="started",
        wakes=True,
    )


def pause_batch(*, batch_id: UUID, actor: Actor, now: datetime) -> bool:
    """Stop after the slice that is being done; start_batch goes on. False where nothing runs."""
    return _turn(batch_id, {BatchState.RUNNING}, BatchState.PAUSED, actor=actor, now=now, deed="paused", wakes=False)


def discard_batch(*, batch_id: UUID, actor: Actor, now: datetime) -> bool:
    """Give up what has not been done; what was done stays done. False where it is over already."""
    open_ones = {BatchState.CHECKING, BatchState.CHECKED, BatchState.RUNNING, BatchState.PAUSED}
    return _turn(batch_id, open_ones, BatchState.DISCARDED, actor=actor, now=now, deed="discarded", wakes=False)


def _turn(
    batch_id: UUID,
    before: set[BatchState],
    after: BatchState,
    *,
    actor: Actor,
    now: datetime,
    deed: str,
    wakes: bool,
) -> bool:
    times: dict[str, object] = {"started_at": Now()} if after == BatchState.RUNNING else {}
    if after == BatchState.DISCARDED:
        times = {"ended_at": Now()}
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(id=batch_id, state__in=before).first()
        if batch is None:
            return False
        # Whoever was at it has lost it: its next slice finds another token.
        Batch.objects.filter(id=batch.id).update(
            state=after, lease=F("lease") + 1, leased_until=None, lost_leases=0, problem="", **times
        )
        record(
            actor=actor,
            action=f"batch.{deed}",
            at=now,
            subject_kind="batch",
            subject_id=batch.id,
            details={"kind": batch.kind, "name": batch.name},
        )
        if wakes:
            wake(batch)
        return True
