"""Putting invitations' mails into the outbox, inside the operation that wants them sent (R17, R50)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from guests.models import Invitation
from outbox.models import Rank
from outbox.operations import Planned, enqueue, enqueue_many
from tenants.models import Tenant
from tenants.pacing import plan_bulk_mails

KIND = "invitation"


def mail_invitation(*, invitation: Invitation, now: datetime) -> None:
    """Queue one invitation's mail: it leaves next, after the codes."""
    enqueue(kind=KIND, subject_id=invitation.id, rank=Rank.INVITATION, deadline=invitation.expires_at, now=now)
    Invitation.objects.filter(id=invitation.id).update(last_mailed_at=now)


def mail_invitations_among_many(*, tenant: Tenant, invitations: Sequence[Invitation], now: datetime) -> datetime | None:
    """Queue the mails of one deed for many guests, at the tenant's bulk rate; when the last of them is due (R17).

    They give way to all other mails. None, and nothing done, for no invitations.
    """
    if not invitations:
        return None
    slots = plan_bulk_mails(tenant_id=tenant.id, count=len(invitations))
    planned = [Planned(one.id, slots.at(place), one.expires_at) for place, one in enumerate(invitations)]
    enqueue_many(kind=KIND, planned=planned, now=now)
    Invitation.objects.filter(id__in=[one.id for one in invitations]).update(last_mailed_at=now)
    return planned[-1].due_at
