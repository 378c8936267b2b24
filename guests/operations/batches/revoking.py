"""Revoking the invitations that the tenant's lists of domains have made useless (R53), or that one file made (R54).

Knows that only who has not redeemed is touched, and asks the lists again before each revocation: they may have been
changed back. It must never send anything.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from guests.models import Batch, BatchRow, Guest, Invitation, Status
from guests.operations.batches.places import behind, place_of
from guests.operations.batches.recalling import check_recall, do_recall, is_recall
from guests.operations.batches.resetting import row_of, rows_to_do, settle
from guests.operations.batches.slices import actor_of
from guests.operations.resending import hold_guests, revoke_invitation
from guests.rules import is_domain_taken
from tenants.models import Tenant
from tenants.refusals import Refusal

PIECE: Final = 1000
"""Pending guests that one slice looks at; a row is written for those whose domain is not taken."""

GROUP: Final = 50
"""Guests whose invitations one slice revokes."""

OVER: Final = "Redeemed, deleted or without an open invitation by now."
TAKEN: Final = "The domain is taken again."


class Revocations:
    """The work of BatchKind.REVOCATIONS. The tenant's lists say which guests, or a file of invitations does."""

    def check(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """A row for each of the next pending guests whose domain is not taken and whose invitation is open."""
        if is_recall(batch):
            return check_recall(batch)
        there = Guest.objects.filter(redemption_status=Status.PENDING, deleted_at__isnull=True)
        if batch.read_to:
            there = there.filter(behind(batch.read_to))
        piece = list(there.order_by("-created_at", "id")[:PIECE])
        untaken = [one for one in piece if not _is_taken(one, tenant)]
        opened = set(
            Invitation.objects.filter(guest__in=untaken, ended_at__isnull=True).values_list("guest_id", flat=True)
        )
        found = [one for one in untaken if one.pk in opened]
        BatchRow.objects.bulk_create(
            row_of(batch, batch.rows + place, guest, "") for place, guest in enumerate(found, start=1)
        )
        batch.rows += len(found)
        batch.rows_new += len(found)
        batch.read_to = place_of(created_at=piece[-1].created_at, pk=piece[-1].pk) if len(piece) == PIECE else ""
        return bool(batch.read_to)

    def do(self, batch: Batch, tenant: Tenant, now: datetime) -> bool:
        """Revoke the next group's."""
        if is_recall(batch):
            return do_recall(batch, now)
        rows = rows_to_do(batch, at_most=GROUP)
        ids = [row.guest_id for row in rows if row.guest_id]
        hold_guests(ids)
        pending = Guest.objects.filter(pk__in=ids, redemption_status=Status.PENDING, deleted_at__isnull=True)
        guests = {guest.pk: guest for guest in pending}
        opened: dict[object, list[Invitation]] = {}
        there = Invitation.objects.filter(guest__in=list(guests), ended_at__isnull=True)
        for one in there.select_for_update().order_by("pk"):
            opened.setdefault(one.guest_id, []).append(one)
        for row in rows:
            guest = guests.get(row.guest_id) if row.guest_id else None
            row.result_reason = self._done(batch, tenant, guest, opened.get(row.guest_id, []), now)
        settle(batch, rows)
        return len(rows) == GROUP

    def _done(self, batch: Batch, tenant: Tenant, guest: Guest | None, opened: list[Invitation], now: datetime) -> str:
        """Why nothing was revoked, "" where it was."""
        if guest is None or not opened:
            return OVER
        if _is_taken(guest, tenant):
            return TAKEN
        for one in opened:
            outcome = revoke_invitation(invitation_id=one.pk, actor=actor_of(batch), now=now)
            if isinstance(outcome, Refusal):
                return outcome.reason[:300]
        return ""


def _is_taken(guest: Guest, tenant: Tenant) -> bool:
    return is_domain_taken(guest.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains)
