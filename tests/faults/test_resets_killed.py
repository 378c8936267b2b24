"""Workers that reset many guests are killed again and again: each is reset once, each row has its result (R43)."""

from __future__ import annotations

from datetime import datetime

import pytest

from guests.models import Batch, BatchState, Guest, Invitation, Status
from guests.operations.batches.choice import Choice
from guests.operations.batches.choosing import reset_many_by_mail
from guests.operations.inviting import Inviter
from outbox.models import OutboundMail
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.faults.test_bulk_killed import KILLS, killed_at_it

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

GUESTS = 600


def redeemed(tenant: Tenant, number: int) -> Guest:
    """A guest who redeemed with a passcode, not saved."""
    key = f"guest{number}@contoso.com"
    return Guest(
        tenant=tenant,
        address=key,
        address_key=key,
        domain="contoso.com",
        user_principal_name=f"guest{number}_contoso.com#EXT#@fabrikam.example",
        redemption_status=Status.ACCEPTED,
        method="emailOneTimePasscode",
    )


def test_R43_it_resets_each_guest_once_when_workers_are_killed(
    fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        Guest.objects.bulk_create(redeemed(fabrikam, number) for number in range(GUESTS))
        batch = reset_many_by_mail(
            tenant=fabrikam,
            choice=Choice(method="emailOneTimePasscode"),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
        assert isinstance(batch, Batch)
        met = killed_at_it(batch, "done", lambda: batch.state == BatchState.DONE)
        assert met == KILLS, "the workers were killed when there was nothing to do any more"
        assert (batch.rows, batch.done, batch.failed, batch.mails) == (GUESTS, GUESTS, 0, GUESTS)
        lines = AuditEntry.objects.filter(action="guest.reset")
        assert lines.count() == lines.values("subject_id").distinct().count() == GUESTS
        assert Invitation.objects.values("guest").distinct().count() == Invitation.objects.count() == GUESTS
        assert OutboundMail.objects.values("subject_id").distinct().count() == OutboundMail.objects.count() == GUESTS
        assert not Guest.objects.exclude(method="").exists()
