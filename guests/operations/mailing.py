"""Putting invitations' mails into the outbox, inside the operation that wants them sent (R17, R50)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from guests.models import Invitation
from guests.rules import invitation_expiry
from outbox.models import Rank
from outbox.operations import Planned, enqueue, enqueue_many
from tenants.addresses import canonical
from tenants.models import Tenant
from tenants.pacing import Slots, plan_bulk_mails
from tenants.writing import update_many

KIND = "invitation"
COPY = "invitation_copy"
"""The kind of the mail to the reader whom the inviter named, which has no link in it (R51)."""


def mail_invitation(*, invitation: Invitation, now: datetime) -> None:
    """Queue one invitation's mail, and its copy where one is wanted: they leave next, after the codes."""
    for kind in (KIND, COPY) if has_copy(invitation) else (KIND,):
        enqueue(kind=kind, subject_id=invitation.id, rank=Rank.INVITATION, deadline=invitation.expires_at, now=now)
    Invitation.objects.filter(id=invitation.id).update(last_mailed_at=now)


def has_copy(invitation: Invitation) -> bool:
    """Whether somebody else than the guest gets a copy."""
    return bool(invitation.cc) and canonical(invitation.cc).key != invitation.guest.address_key


def mail_invitations_among_many(*, tenant: Tenant, invitations: Sequence[Invitation], now: datetime) -> datetime | None:
    """Queue the mails of one deed for many guests, at the tenant's bulk rate; when the last of them is due (R17).

    They give way to all other mails. The days that each invitation lasts begin when its mail is due: a large file takes
    longer than a day. None, and nothing done, for no invitations.
    """
    if not invitations:
        return None
    slots = _plan(tenant, invitations)
    for place, one in enumerate(invitations):
        one.last_mailed_at = now
        one.expires_at = invitation_expiry(now=slots.at(place), days=tenant.invitation_days)
    update_many(invitations, ["expires_at", "last_mailed_at"])
    return _queue(invitations, slots, now)


def mail_reminders_among_many(*, tenant: Tenant, invitations: Sequence[Invitation], now: datetime) -> datetime | None:
    """The same for links that the guests have already: their life stays as it was said (R52)."""
    if not invitations:
        return None
    slots = _plan(tenant, invitations)
    Invitation.objects.filter(id__in=[one.id for one in invitations]).update(last_mailed_at=now)
    return _queue(invitations, slots, now)


def _plan(tenant: Tenant, invitations: Sequence[Invitation]) -> Slots:
    """A time for each mail: the copies follow the guests' mails."""
    return plan_bulk_mails(tenant_id=tenant.id, count=len(invitations) + sum(map(has_copy, invitations)))


def _queue(invitations: Sequence[Invitation], slots: Slots, now: datetime) -> datetime:
    planned = [Planned(one.id, slots.at(place), one.expires_at) for place, one in enumerate(invitations)]
    enqueue_many(kind=KIND, planned=planned, now=now)
    copied = [one for one in invitations if has_copy(one)]
    if copied:
        copies = enumerate(copied, start=len(planned))
        planned = [Planned(one.id, slots.at(place), one.expires_at) for place, one in copies]
        enqueue_many(kind=COPY, planned=planned, now=now)
    return planned[-1].due_at
