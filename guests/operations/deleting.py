"""Deleting a guest and bringing them back within 30 days (R55).

Knows what ends with a guest and what waits for them. A deleted guest keeps method, consent and applications; their
sessions, codes and links end at once and never come back. It must never forget a row: forgetting.py does, afterwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from guests.models import Ended, Guest, Invitation, SignInFlow
from guests.operations.signing_in import end_sessions_of
from passcodes.operations import void_challenges
from tenants import audit
from tenants.audit import Actor
from tenants.refusals import Code, Refusal, Refused

KEEP_DELETED = timedelta(days=30)
"""R55: for so long a guest who was deleted, or who left, can be brought back."""


def delete_guest(*, guest_id: UUID, actor: Actor, now: datetime) -> Guest | Refusal:
    """Take a guest out of the directory; for 30 days they can be restored (R55).

    Sessions, codes, links and sign-ins in progress end at once; from then on the address answers like a stranger's
    (R19). Refuses a guest who is not in this tenant, or not any more.
    """
    with transaction.atomic():
        guest = Guest.objects.select_for_update().filter(id=guest_id, deleted_at=None).first()
        if guest is None:
            return Refusal(Code.INPUT, reason="There is no such guest in this tenant. They may be deleted already.")
        take_out(guest=guest, why=Ended.DELETED, action="guest.deleted", actor=actor, now=now)
        return guest


def restore_guest(*, guest_id: UUID, actor: Actor, now: datetime) -> Guest | Refusal:
    """Bring a deleted guest back as they were: status, method (R3), consent, applications and history (R55).

    Links and sessions stay ended: a pending guest needs a new invitation. Refuses after 30 days, a guest who is not
    deleted, and an address that somebody was invited with meanwhile.
    """
    try:
        with transaction.atomic():
            guest = restorable().select_for_update().filter(id=guest_id).first()
            if guest is None:
                return Refusal(
                    Code.INPUT, reason="Only a guest who was deleted within 30 days can be restored. Invite them again."
                )
            _come_back(guest)
            audit.record(
                actor=actor,
                action="guest.restored",
                at=now,
                subject_kind="guest",
                subject_id=guest.id,
                details={"address": guest.address_key},
            )
            return guest
    except Refused as refused:
        return refused.refusal


def restorable() -> QuerySet[Guest]:
    """Guests who were deleted, or who left, within 30 days by the database's clock."""
    return Guest.objects.filter(deleted_at__isnull=False, deleted_at__gt=Now() - KEEP_DELETED)


def take_out(*, guest: Guest, why: Ended, action: str, actor: Actor, now: datetime) -> None:
    """End all that a guest has open, mark them deleted, and write it into the history as `action`. For operations.

    The caller holds the guest's lock.
    """
    ended = end_sessions_of(guest_id=guest.id, why=why)
    void_challenges(address_key=guest.address_key)
    Invitation.objects.filter(guest=guest, ended_at__isnull=True).update(ended_at=Now(), ended_why=why)
    SignInFlow.objects.filter(guest=guest, ended_at__isnull=True).update(ended_at=Now())
    Guest.objects.filter(id=guest.id).update(deleted_at=Now())
    guest.refresh_from_db(fields=["deleted_at"])
    audit.record(
        actor=actor,
        action=action,
        at=now,
        subject_kind="guest",
        subject_id=guest.id,
        details={"address": guest.address_key, "sessions_ended": ended},
    )


def _come_back(guest: Guest) -> None:
    try:
        with transaction.atomic():
            Guest.objects.filter(id=guest.id).update(deleted_at=None)
    except IntegrityError:
        reason = (
            f"Another guest has {guest.address_key} by now. Delete that one first, or reset them to another address."
        )
        raise Refused(Refusal(Code.INPUT, reason=reason)) from None
    guest.deleted_at = None
