"""Resetting many guests: a row for each with its verdict, then the resets in groups (R40, R43).

Knows that a guest who was reset or redeemed again since they were chosen is not reset a second time, and that what
refuses one guest undoes no other. It must never mail at another rate than the tenant's for many (R17).
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import DatabaseError, transaction

from guests.models import Batch, BatchRow, Guest, Invitation, Result, Verdict
from guests.operations.batches.choice import Choice
from guests.operations.batches.inviting import inviter_of
from guests.operations.batches.slices import actor_of
from guests.operations.mailing import mail_invitations_among_many
from guests.operations.resetting import reset_locked
from tenants.models import Tenant
from tenants.refusals import Refused

log = logging.getLogger(__name__)

PIECE: Final = 500
"""Guests that one slice gives verdicts."""

GROUP: Final = 20
"""Guests that one slice resets: a tenth of a second in which their rows are held."""

BLOCKED: Final = "Sign-in is blocked. Unblock first."
GONE: Final = "No guest of this tenant any more."
CHANGED: Final = "Reset, or redeemed again, since they were chosen."
FAILED: Final = "The database refused it, and nothing was done to this guest. Reset them again."


class Resets:
    """The work of BatchKind.RESETS. `choice` says which guests, and who invites."""

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """A row for each of the next guests. Who is blocked is refused: no mail leaves to them."""
        found, batch.read_to = Choice.read(batch.choice).after(batch.read_to, at_most=PIECE)
        BatchRow.objects.bulk_create(
            row_of(batch, batch.rows + place, guest, BLOCKED if guest.is_blocked else "")
            for place, guest in enumerate(found, start=1)
        )
        blocked = sum(guest.is_blocked for guest in found)
        batch.rows += len(found)
        batch.rows_refused += blocked
        batch.rows_new += len(found) - blocked
        return bool(batch.read_to)

    def do(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """Reset the next group, each guest in a savepoint of their own, and plan the mails of all who were."""
        rows = rows_to_do(batch, at_most=GROUP)
        choice, inviter = Choice.read(batch.choice), inviter_of(batch)
        # Together and in one order, so that two batches with the same guests wait for each other and not in a ring.
        ids = sorted({row.guest_id for row in rows if row.guest_id})
        locked = Guest.objects.select_for_update().filter(pk__in=ids, deleted_at__isnull=True).order_by("pk")
        guests = {guest.pk: guest for guest in locked}
        made: list[Invitation] = []
        for row in rows:
            guest = guests.get(row.guest_id) if row.guest_id else None
            row.result_reason = _obstacle(guest, choice, batch)
            if guest is not None and not row.result_reason:
                try:
                    with transaction.atomic():
                        invited = reset_locked(
                            tenant=tenant,
                            guest=guest,
                            inviter=inviter,
                            actor=actor_of(batch),
                            now=now,
                            batch_id=batch.id,
                        )
                    made.append(invited.invitation)
                except Refused as refused:
                    row.result_reason = refused.refusal.reason[:300]
                except DatabaseError:
                    if transaction.get_rollback():  # the connection itself is gone: the whole slice is done again
                        raise
                    log.exception("one guest of many could not be reset")
                    row.result_reason = FAILED
        settle(batch, rows)
        if batch.is_mailed and made:
            batch.last_mail_at = mail_invitations_among_many(tenant=tenant, invitations=made, now=now)
            batch.mails += len(made)
        return len(rows) == GROUP


def row_of(batch: Batch, number: int, guest: Guest, reason: str) -> BatchRow:
    """A guest's row, not saved, with its verdict: refused where there is a reason."""
    return BatchRow(
        tenant_id=batch.tenant_id,
        batch=batch,
        number=number,
        address=guest.address,
        address_key=guest.address_key,
        name=guest.name,
        guest_id=guest.pk,
        is_mailed=batch.is_mailed,
        verdict=Verdict.REFUSED if reason else Verdict.NEW,
        reason=reason,
    )


def rows_to_do(batch: Batch, *, at_most: int) -> list[BatchRow]:
    """The next rows that wait, in their order."""
    waiting = BatchRow.objects.filter(batch=batch, result=Result.WAITING).exclude(verdict=Verdict.REFUSED)
    return list(waiting.order_by("number")[:at_most])


def settle(batch: Batch, rows: list[BatchRow]) -> None:
    """Store the rows' results and count them: failed where there is a reason, else done."""
    for row in rows:
        row.result = Result.FAILED if row.result_reason else Result.DONE
    BatchRow.objects.bulk_update(rows, ["result", "result_reason"])
    done = sum(row.result == Result.DONE for row in rows)
    batch.done += done
    batch.failed += len(rows) - done


def _obstacle(guest: Guest | None, choice: Choice, batch: Batch) -> str:
    """Why this guest is not reset, "" where nothing stands against it. Asked with the guest's row held."""
    if guest is None:
        return GONE
    if guest.redemption_status_changed_at > batch.created_at or not choice.fits(guest):
        return CHANGED
    return BLOCKED if guest.is_blocked else ""
