"""Reminding many guests of invitations that they have not accepted (R52).

Knows which invitations are old enough, and that nobody is reminded who got a mail in the last days. It must never mail
at another rate than the tenant's for many (R17), nor make another link: a reminder repeats the one that the guest has.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from guests import tickets
from guests.models import Batch, BatchRow, Invitation, Status
from guests.operations.batches.places import behind, place_of
from guests.operations.batches.resetting import BLOCKED, row_of, rows_to_do, settle
from guests.operations.batches.slices import actor_of
from guests.operations.mailing import mail_reminders_among_many
from guests.operations.resending import hold_guests
from tenants import audit
from tenants.models import Tenant

PIECE: Final = 500
"""Invitations that one slice looks at; a row is written for those whose guest is due."""

GROUP: Final = 100
"""Invitations that one slice reminds of."""

PAUSE: Final = timedelta(days=3)
"""Nobody is reminded who got a mail about the invitation in this time."""

OVER: Final = "Accepted, ended, or mailed since."


def to_remind(*, before: datetime) -> QuerySet[Invitation]:
    """Live invitations from before that moment that nobody accepted and no mail went out about lately, unordered."""
    return old_ones(before=before).filter(
        Q(last_mailed_at__isnull=True) | Q(last_mailed_at__lt=Now() - PAUSE),
        guest__redemption_status=Status.PENDING,
        guest__deleted_at__isnull=True,
    )


def old_ones(*, before: datetime) -> QuerySet[Invitation]:
    """Live, unaccepted invitations from before that moment: what an index finds, whoever was mailed meanwhile."""
    there = Invitation.objects.filter(ended_at__isnull=True, accepted_at__isnull=True, created_at__lt=before)
    return there.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()))


class Reminders:
    """The work of BatchKind.REMINDERS. `choice` says before when the guests were invited."""

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """A row for each guest of the next invitations who is due. Who is blocked is refused."""
        there = old_ones(before=datetime.fromisoformat(str(batch.choice["invited_before"])))
        if batch.read_to:
            there = there.filter(behind(batch.read_to))
        piece = list(there.select_related("guest").order_by("-created_at", "id")[:PIECE])
        found = [one for one in piece if _is_due(one, now)]
        reasons = [_reason(one) for one in found]
        BatchRow.objects.bulk_create(
            row_of(batch, batch.rows + place, one.guest, reason)
            for place, (one, reason) in enumerate(zip(found, reasons, strict=True), start=1)
        )
        refused = sum(bool(reason) for reason in reasons)
        batch.rows += len(found)
        batch.rows_refused += refused
        batch.rows_new += len(found) - refused
        batch.read_to = place_of(created_at=piece[-1].created_at, pk=piece[-1].pk) if len(piece) == PIECE else ""
        return bool(batch.read_to)

    def do(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """Mail the next group, at the tenant's rate for many."""
        rows = rows_to_do(batch, at_most=GROUP)
        hold_guests([row.guest_id for row in rows if row.guest_id])
        open_ones = _open_ones([row.guest_id for row in rows if row.guest_id], now)
        reminded: list[Invitation] = []
        for row in rows:
            one = open_ones.pop(row.guest_id, None) if row.guest_id else None
            row.result_reason = _reason(one) if one is not None else OVER
            if one is not None and not row.result_reason:
                reminded.append(one)
        Invitation.objects.filter(pk__in=[one.pk for one in reminded]).update(reminders=F("reminders") + 1)
        for one in reminded:
            audit.record(
                actor=actor_of(batch),
                action="invitation.reminded",
                at=now,
                subject_kind="guest",
                subject_id=one.guest_id,
                details={"invitation": str(one.pk), "batch": str(batch.id)},
                address=one.guest.address_key,
            )
        settle(batch, rows)
        if reminded:
            batch.last_mail_at = mail_reminders_among_many(tenant=tenant, invitations=reminded, now=now)
            batch.mails += len(reminded)
        return len(rows) == GROUP


def _open_ones(guest_ids: list[UUID], now: datetime) -> dict[UUID, Invitation]:
    """By guest, the newest invitation that may still be reminded of, its row held until the slice ends."""
    locked = Invitation.objects.select_for_update(of=["self"]).select_related("guest").filter(guest__in=guest_ids)
    # Asked of the row itself too: where it was waited for, PostgreSQL asks that again, and not the query within.
    still = locked.filter(ended_at__isnull=True, accepted_at__isnull=True)
    due = list(still.filter(pk__in=to_remind(before=now).filter(guest__in=guest_ids)).order_by("pk"))
    return {one.guest_id: one for one in sorted(due, key=lambda one: one.created_at)}


def _is_due(one: Invitation, now: datetime) -> bool:
    is_rested = one.last_mailed_at is None or one.last_mailed_at < now - PAUSE
    return is_rested and one.guest.redemption_status == Status.PENDING and one.guest.deleted_at is None


def _reason(one: Invitation) -> str:
    if one.guest.is_blocked:
        return BLOCKED
    return "" if tickets.is_known_key(one.key_id) else "The link’s key was taken out. Invite the guest again."
