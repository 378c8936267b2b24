"""Opening an invitation's link, and asking for a new one where it is dead (R10, R17, R52).

Knows what a look at a link leaves behind: the count of openings and, once an hour, a line in the history of the guest
whose link it is. It must never leave a line about a link that is nobody's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from guests import limits
from guests.models import Invitation
from guests.operations.beginning import Opened, Skips, invitation_of, live_one, look_at_link
from guests.operations.flows import Asker
from guests.operations.inviting import is_gone
from outbox.models import Rank
from outbox.operations import enqueue
from tenants import audit, budgets
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

OPENED: Final = "invitation.opened"
"""The line of a link that was opened: by its holder, or by a scanner in front of their mailbox."""


def open_invitation(*, tenant: Tenant, ticket: str, skips: Skips, asker: Asker, now: datetime) -> Opened | Refusal:
    """Open a link: a look at it, of which an invitation's history keeps one line an hour (R10, SAFETY).

    A link that is nobody's leaves no line. Refuses what look_at_invitation refuses.
    """
    invitation = invitation_of(ticket=ticket)
    seen = _looked_at(tenant, invitation, skips, asker, now)
    if invitation is not None and not (isinstance(seen, Refusal) and seen.code is Code.WAIT):
        _note_opening(invitation, seen if isinstance(seen, Refusal) else None, asker, now)
    return seen


def look_at_invitation(*, tenant: Tenant, ticket: str, skips: Skips, asker: Asker, now: datetime) -> Opened | Refusal:
    """Look at a link without touching anything but the count of openings (R10, SAFETY).

    Refuses E-WAIT, E-LINK-GONE for what is unknown, damaged, another tenant's, revoked, reset or expired, E-DOMAIN.
    """
    return _looked_at(tenant, invitation_of(ticket=ticket), skips, asker, now)


def ask_for_invitation(*, ticket: str, asker: Asker, now: datetime) -> None:
    """Pass "please invite me again" from a dead link to the guest's sponsor (R52): a line in the history and, once a
    day, a mail.

    Silent about everything: whoever holds an unknown link sees the same page.
    """
    invitation = invitation_of(ticket=ticket)
    if invitation is None or not is_gone(invitation, now):
        return
    with transaction.atomic():
        if budgets.take(limits.for_asking_again(invitation_id=invitation.id)) is not None:
            return
        audit.record(
            actor=asker.actor,
            action="invitation.asked_again",
            at=now,
            subject_kind="guest",
            subject_id=invitation.guest_id,
            details={"invitation": str(invitation.id)},
            address=invitation.guest.address_key,
        )
        enqueue(kind="invitation_request", subject_id=invitation.id, rank=Rank.INVITATION, deadline=None, now=now)


def _looked_at(
    tenant: Tenant, invitation: Invitation | None, skips: Skips, asker: Asker, now: datetime
) -> Opened | Refusal:
    """The link is looked up before it is counted, so that no stranger's openings count against a live one (B3)."""
    live = live_one(invitation, now)
    prices = limits.for_opening(
        tenant_id=tenant.id,
        invitation_id=live.id if live is not None else None,
        source=asker.source,
        trusted=asker.is_trusted,
    )
    until = budgets.take(prices)
    if until is not None:
        return Refusal(Code.WAIT, until=until, reason="Too many links were opened from this address.")
    return look_at_link(tenant, invitation, skips, now)


def _note_opening(invitation: Invitation, refusal: Refusal | None, asker: Asker, now: datetime) -> None:
    """A line for who holds this link, be it a scanner: where a live one leads, and that a dead one was tried."""
    with transaction.atomic():
        if budgets.take(limits.for_noting_opening(invitation_id=invitation.id)) is not None:
            return
        audit.record(
            actor=asker.actor,
            action=OPENED,
            at=now,
            subject_kind="guest",
            subject_id=invitation.guest_id,
            outcome=audit.Outcome.REFUSED if refusal else audit.Outcome.SUCCESS,
            code=refusal.code if refusal else "",
            details={"invitation": str(invitation.id), **({"reason": refusal.reason} if refusal else {})},
            address=invitation.guest.address_key,
        )
