"""Inviting a guest once more: one live link, the newest words, and what was ended stays ended (R50, R52)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from guests.models import Ended, Guest, Invitation
from guests.operations.resending import resend_invitation, revoke_invitation
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, post
from tests.journeys.conftest import Invite
from tests.journeys.stories import OPERATOR, history

SOMEBODY_WAITS = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))
"""


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(SOMEBODY_WAITS)
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_R52_a_link_revoked_while_the_guest_is_invited_again_stays_revoked(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    first = invite(fabrikam)

    def invite_again() -> Any:
        try:
            return invite(fabrikam, message="Once more")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with tenant_scope(fabrikam.id), transaction.atomic():
            revoke_invitation(invitation_id=first.invitation.id, actor=OPERATOR, now=now)
            second = other.submit(invite_again)
            while not _somebody_waits_for_us() and not second.done():
                pass
        again = second.result()
    assert again.link != first.link
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.get(id=first.invitation.id).ended_why == Ended.REVOKED
    assert Browser().open(first.link).status == 410
    assert Browser().open(again.link).status == 200


@pytest.mark.django_db
def test_R50_a_link_whose_key_was_dropped_ends_when_the_guest_is_invited_again(
    fabrikam: Tenant, invite: Invite
) -> None:
    first = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        Invitation.objects.update(key_id=99)
    again = invite(fabrikam)
    assert again.link != first.link
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.get(id=first.invitation.id).ended_why == Ended.REPLACED
        assert Invitation.objects.filter(ended_at=None).count() == 1
    assert Browser().open(first.link).status == 410
    assert Browser().open(again.link).status == 200


@pytest.mark.django_db
def test_R52_it_resends_nothing_to_a_blocked_guest_and_says_why(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    invited = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        Guest.objects.update(is_blocked=True)
        answer = resend_invitation(tenant=fabrikam, invitation_id=invited.invitation.id, actor=OPERATOR, now=now)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.reason) == (
        Code.BLOCKED,
        "Sign-in is blocked for this guest. Unblock them first.",
    )
    assert history(fabrikam, "invitation.resent") == []
    assert post(fabrikam) == []
