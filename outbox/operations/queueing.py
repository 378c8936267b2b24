"""How mails come into the outbox, and how those of a deed for many are taken out again before their turn.

Knows how one mail is told from many: one nudges a worker, many have a time each. It must never send, nor touch a row
that a sender holds. (DESIGN 4, Mail; R17)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Max

from outbox import delivery
from outbox.models import OutboundMail, Rank, State
from outbox.rules import AWAITS_ITS_TURN, LASTS
from tenants.audit import SYSTEM, line
from tenants.pacing import end_bulk_plan, hold_bulk_plan
from tenants.queue import nudge
from tenants.scope import current_tenant_id
from tenants.writing import insert_many

DELIVER: Final = "outbox.tasks.deliver"
"""The name of the task that a nudge asks for."""


def enqueue(*, kind: str, subject_id: UUID, rank: int, deadline: datetime | None, now: datetime) -> OutboundMail:
    """Put one mail into the open tenant's outbox, in the running transaction; a worker is nudged when it commits.

    `rank` is a Rank other than BULK. The mail is never sent after `deadline`, and given up after three days at the
    latest.
    """
    mail = _mail(kind, subject_id, rank, deadline, now)
    mail.save(force_insert=True)
    transaction.on_commit(partial(nudge, DELIVER, tenant_id=mail.tenant_id, row_id=mail.id), robust=True)
    return mail


@dataclass(frozen=True)
class Planned:
    """One of many mails: what it is about, when it is due and the time after which it must not leave."""

    subject_id: UUID
    due_at: datetime
    deadline: datetime | None = None


def enqueue_many(*, kind: str, planned: Sequence[Planned], now: datetime) -> None:
    """Put many mails of rank BULK into the open tenant's outbox, in the running transaction, each due in its own time.

    Bulk mail is not nudged: the relay takes it when nothing more urgent waits, so that it never stands before a code
    in the worker's queue. The three days after which a mail is given up begin when its turn comes (sending.py): after a
    long stop that is as much later as the rate makes it. tenants/pacing.py plans the times (R17).
    """
    mails = [_mail(kind, one.subject_id, Rank.BULK, one.deadline, one.due_at, AWAITS_ITS_TURN) for one in planned]
    for mail, one in zip(mails, planned, strict=True):
        mail.created_at, mail.due_at = now, one.due_at
    insert_many(mails)


def _mail(
    kind: str, subject_id: UUID, rank: int, deadline: datetime | None, since: datetime, lasts: timedelta = LASTS
) -> OutboundMail:
    mail_id = uuid4()
    return OutboundMail(
        id=mail_id,
        tenant_id=current_tenant_id(),
        kind=kind,
        subject_id=subject_id,
        rank=rank,
        deadline_at=min(deadline or since + lasts, since + lasts),
        message_id=delivery.message_id_for(mail_id),
        created_at=since,
    )


def withdraw_many(*, kind: str, subject_ids: Collection[UUID], reason: str, now: datetime) -> int:
    """Drop the bulk mails about these subjects that wait for their turn, in the running transaction; how many there
    were. One that a sender holds is left to it: the mail is made anew before it leaves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_outboundmail SET state = 'dropped', reason = %s, settled_at = statement_timestamp()"
            " WHERE tenant_id = %s AND kind = %s AND subject_id = ANY(%s) AND rank = %s AND state = 'queued'"
            " RETURNING id, subject_id, tries",
            [reason, current_tenant_id(), kind, list(subject_ids), Rank.BULK.value],
        )
        dropped = cursor.fetchall()
    insert_many(
        [
            line(
                actor=SYSTEM,
                action=f"mail.{State.DROPPED}",
                at=now,
                subject_kind=kind,
                subject_id=subject_id,
                details={"mail": str(mail_id), "tries": tries, "reason": reason},
            )
            for mail_id, subject_id, tries in dropped
        ]
    )
    return len(dropped)


def give_back_times(*, tenant_id: UUID) -> None:
    """Have the open tenant's next bulk mails follow the last one that waits, where later ones were withdrawn (R17)."""
    with transaction.atomic():
        hold_bulk_plan(tenant_id=tenant_id)
        last = OutboundMail.objects.waiting().filter(rank=Rank.BULK).aggregate(last=Max("due_at"))["last"]
        end_bulk_plan(tenant_id=tenant_id, last=last)
