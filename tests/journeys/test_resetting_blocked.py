"""A reset of somebody whose sign-in is blocked (R40)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from guests.models import Guest, Invitation
from guests.operations.inviting import Invited
from guests.operations.resetting import block_guest, reset_redemption, reset_redemption_by_mail
from outbox.models import OutboundMail
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope
from tests.journeys.conftest import ADELE, Invite


def test_R40_it_promises_no_mail_that_would_not_leave(
    fabrikam: Tenant, invite: Invite, operator: Actor, now: datetime
) -> None:
    invited = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        block_guest(guest_id=invited.guest.id, actor=operator, now=now)
        who: dict[str, Any] = {
            "tenant": fabrikam,
            "guest_id": invited.guest.id,
            "inviter": ADELE,
            "actor": operator,
            "now": now,
        }
        refusal = reset_redemption_by_mail(**who)
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.BLOCKED
        assert not OutboundMail.objects.exists()
        assert Invitation.objects.get().ended_at is None  # nothing of the reset stayed
        assert isinstance(reset_redemption(**who), Invited)
        assert Guest.objects.get().is_blocked
