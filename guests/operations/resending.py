"""What is done with one invitation that exists: sent again, reminded of, revoked (R52).

Knows when a link is still worth a mail. It makes no guest and no link, so who may invite (R53) is not asked here.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from guests import tickets
from guests.models import Ended, Guest, Invitation
from guests.operations.inviting import is_gone, take_of_the_hour
from guests.operations.mailing import mail_invitation
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.refusals import Code, Refusal, Refused

BETWEEN_REMINDERS: Final = timedelta(minutes=10)
"""A reminder so soon after the one before is a second press of the button."""


def resend_invitation(*, tenant: Tenant, invitation_id: UUID, actor: Actor, now: datetime) -> Invitation | Refusal:
    """Mail the same link again. Refuses one that was revoked, reset or has expired (E-LINK-GONE), and a
    blocked guest's (E-BLOCKED): their mail would not be sent."""
    try:
        with transaction.atomic():
            take_of_the_hour(tenant, actor.id or actor.name)
            invitation = _locked(invitation_id)
            _mail_again(tenant, invitation, actor, now)
            _record("invitation.resent", invitation, actor, now)
            return invitation
    except Refused as refused:
        return refused.refusal


def remind_guest(*, tenant: Tenant, invitation_id: UUID, actor: Actor, now: datetime) -> Invitation | Refusal:
    """Mail the same link again, as a reminder: the subject says so from then on.

    Refuses what resending refuses, an invitation that was accepted (there is nothing left to be reminded of), and a
    second reminder within 10 minutes of a mail.
    """
    try:
        with transaction.atomic():
            take_of_the_hour(tenant, actor.id or actor.name)
            invitation = _locked(invitation_id)
            if invitation.accepted_at is not None:
                raise Refused(Refusal(Code.INPUT, reason="This invitation was accepted. Send it again instead."))
            mailed = invitation.last_mailed_at
            if invitation.reminders and mailed is not None and mailed > now - BETWEEN_REMINDERS:
                reason = "They were reminded and got an email less than 10 minutes ago. Wait, or send it again instead."
                raise Refused(Refusal(Code.INPUT, reason=reason))
            invitation.reminders += 1
            invitation.save(update_fields=["reminders"])
            _mail_again(tenant, invitation, actor, now)
            _record("invitation.reminded", invitation, actor, now, reminder=invitation.reminders)
            return invitation
    except Refused as refused:
        return refused.refusal


def revoke_invitation(*, invitation_id: UUID, actor: Actor, now: datetime) -> Invitation | Refusal:
    """End an invitation: its link answers 410 from now on. Revoking twice changes nothing."""
    try:
        with transaction.atomic():
            invitation = _locked(invitation_id)
            if invitation.ended_at is None:
                Invitation.objects.filter(id=invitation.id).update(ended_at=Now(), ended_why=Ended.REVOKED)
                invitation.refresh_from_db(fields=["ended_at", "ended_why"])
                _record("invitation.revoked", invitation, actor, now)
            return invitation
    except Refused as refused:
        return refused.refusal


def hold_guests(guest_ids: Collection[UUID]) -> None:
    """Lock these guests' rows until the transaction ends, in the order of their ids: whoever holds several does so, and
    touches their invitations afterwards only. For operations, inside theirs."""
    held = Guest.objects.select_for_update(no_key=True).filter(id__in=guest_ids).order_by("id")
    list(held.values_list("id", flat=True))


def _locked(invitation_id: UUID) -> Invitation:
    """The invitation, held behind its guest, and both behind the budget: as who invites or resets them does."""
    hold_guests(list(Invitation.objects.filter(id=invitation_id).values_list("guest_id", flat=True)))
    found = Invitation.objects.select_related("guest").select_for_update(of=["self"]).filter(id=invitation_id).first()
    if found is None:
        raise Refused(Refusal(Code.LINK_GONE, reason="There is no such invitation in this tenant."))
    return found


def _mail_again(tenant: Tenant, invitation: Invitation, actor: Actor, now: datetime) -> None:
    if is_gone(invitation, now):
        raise Refused(Refusal(Code.LINK_GONE, reason="The link is no longer live. Invite the guest again."))
    if not tickets.is_known_key(invitation.key_id):
        raise Refused(Refusal(Code.LINK_GONE, reason="The link’s key was taken out. Invite the guest again."))
    if invitation.guest.deleted_at is not None:
        raise Refused(Refusal(Code.LINK_GONE, reason="The guest was deleted. Restore them first."))
    if invitation.guest.is_blocked:
        raise Refused(Refusal(Code.BLOCKED, reason="Sign-in is blocked for this guest. Unblock them first."))
    mail_invitation(invitation=invitation, now=now)


def _record(action: str, invitation: Invitation, actor: Actor, now: datetime, **more: object) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        subject_kind="guest",
        subject_id=invitation.guest_id,
        details={"invitation": str(invitation.id), **more},
        address=invitation.guest.address_key,
    )
