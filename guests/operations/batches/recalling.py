"""Taking back what a file of invitations did: the invitations that it made and nobody has taken up since (R52, R54).

Knows which invitations are a batch's own, and ends them some hundred at a time. It must never touch an invitation that
was there before, nor one that somebody else has given since. Times of mails that do not leave are given back (R17). An
invitation of who had accepted already is accepted when it is made: it is the file's own like the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from guests.delivery import ENDED
from guests.models import Batch, BatchKind, BatchRow, Ended, Invitation, Result, Verdict
from guests.operations.batches.inviting import BEGAN
from guests.operations.batches.resetting import rows_to_do, settle
from guests.operations.batches.slices import actor_of
from guests.operations.mailing import KIND
from guests.operations.resending import hold_guests
from outbox.models import OutboundMail
from outbox.operations import give_back_times, withdraw_many
from tenants import audit
from tenants.writing import insert_many

PIECE: Final = 1000
"""Rows of the file that one slice looks at."""

GROUP: Final = 300
"""Guests whose invitations one slice revokes."""

COUNTED: Final = 10_000
"""Rows that a page counts invitations of: the last ones, whose mails leave last."""

OVER: Final = "Accepted, ended, or invited by somebody else since."

_NOT_TAKEN_UP: Final = Q(accepted_at__isnull=True) | Q(accepted_at__lte=F("created_at"))
"""Waiting, or made for who had accepted already (drafting.py)."""


@dataclass(frozen=True)
class Recall:
    """What would be revoked. Counted among the last rows only where `is_more`; `again` were guests before."""

    invitations: int
    accepted: int
    mails: int
    again: int
    is_more: bool


def may_be_recalled(batch: Batch) -> bool:
    """Whether it is a file of invitations that has invited somebody."""
    return batch.kind == BatchKind.INVITATIONS and batch.done > 0 and batch.checked_at is not None


def choice_for(batch: Batch) -> dict[str, object]:
    """Which invitations are the batch's own, as the batch that revokes them keeps it.

    What was made between the check and the first start is another deed's.
    """
    checked = batch.checked_at.isoformat() if batch.checked_at else ""
    return {
        "batch": str(batch.pk),
        "since": batch.choice.get(BEGAN) or checked,
        "until": batch.ended_at.isoformat() if batch.ended_at else "",
        "invited_by": batch.actor_address,
    }


def what_would_be_revoked(batch: Batch) -> Recall:
    """Five statements, whatever the size of the file."""
    done = BatchRow.objects.filter(batch=batch, result=Result.DONE).exclude(guest_id=None)
    last = done.order_by("-number")[:COUNTED].values("guest_id")
    made = _made_by(choice_for(batch)).filter(guest__in=last)
    opened = made.filter(_NOT_TAKEN_UP, ended_at__isnull=True)
    mails = OutboundMail.objects.waiting().filter(kind=KIND, subject_id__in=opened.values("pk"))
    return Recall(
        invitations=opened.count(),
        accepted=made.exclude(_NOT_TAKEN_UP).count(),
        mails=mails.count(),
        again=int(batch.choice.get("again", 0)),
        is_more=batch.done > COUNTED,
    )


def is_recall(batch: Batch) -> bool:
    """Whether a revocation was chosen by a file of invitations, and not by the tenant's lists of domains."""
    return "batch" in batch.choice


def check_recall(batch: Batch) -> bool:
    """A row for each of the next guests of the file whose invitation by it is open. True while there is more."""
    there = BatchRow.objects.filter(batch=batch.choice["batch"], result=Result.DONE, number__gt=int(batch.read_to or 0))
    piece = list(there.order_by("number")[:PIECE])
    opened = set(_open(batch, piece).values_list("guest_id", flat=True))
    found = [row for row in piece if row.guest_id in opened]
    insert_many([_row(batch, batch.rows + place, row) for place, row in enumerate(found, start=1)])
    batch.rows += len(found)
    batch.rows_new += len(found)
    batch.read_to = str(piece[-1].number) if len(piece) == PIECE else ""
    return bool(batch.read_to)


def do_recall(batch: Batch, now: datetime) -> bool:
    """Revoke the next group's and drop their mails, in a number of statements that does not depend on how many."""
    rows = rows_to_do(batch, at_most=GROUP)
    hold_guests([row.guest_id for row in rows if row.guest_id])
    held = list(_open(batch, rows).select_for_update().order_by("pk"))
    Invitation.objects.filter(pk__in=[one.pk for one in held]).update(ended_at=Now(), ended_why=Ended.REVOKED)
    named = {row.guest_id: row.address_key for row in rows}
    insert_many(
        [
            audit.line(
                actor=actor_of(batch),
                action="invitation.revoked",
                at=now,
                subject_kind="guest",
                subject_id=one.guest_id,
                details={"invitation": str(one.pk), "batch": str(batch.pk)},
                address=named.get(one.guest_id, ""),
            )
            for one in held
        ]
    )
    withdrawn = withdraw_many(kind=KIND, subject_ids=[one.pk for one in held], reason=ENDED, now=now)
    revoked = {one.guest_id for one in held}
    for row in rows:
        row.result_reason = "" if row.guest_id in revoked else OVER
    settle(batch, rows)
    if withdrawn:  # in each slice: a pause may come behind any, and others plan their mails meanwhile
        give_back_times(tenant_id=batch.tenant_id)
    return len(rows) == GROUP


def _made_by(choice: Mapping[str, Any]) -> QuerySet[Invitation]:
    """Made while the file was worked at, by whom it names. Whose link was kept and said anew is the other one's now."""
    made = Invitation.objects.filter(created_at__gte=choice["since"], inviter_address=choice["invited_by"])
    return made.filter(created_at__lte=choice["until"]) if choice["until"] else made


def _open(batch: Batch, rows: list[BatchRow]) -> QuerySet[Invitation]:
    ids = [row.guest_id for row in rows if row.guest_id]
    return _made_by(batch.choice).filter(_NOT_TAKEN_UP, guest__in=ids, ended_at__isnull=True)


def _row(batch: Batch, number: int, row: BatchRow) -> BatchRow:
    return BatchRow(
        tenant_id=batch.tenant_id,
        batch=batch,
        number=number,
        address=row.address,
        address_key=row.address_key,
        name=row.name,
        guest_id=row.guest_id,
        is_mailed=False,
        verdict=Verdict.NEW,
    )
