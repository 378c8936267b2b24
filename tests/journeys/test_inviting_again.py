"""Inviting a guest once more: one live link, the newest words, and what was ended stays ended (R50, R52)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction

from guests.models import Ended, Guest, Invitation, Status
from guests.operations.resending import remind_guest, resend_invitation, revoke_invitation
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope
from tests.guests.summing import summed_up
from tests.journeys.browser import Browser, post
from tests.journeys.conftest import Invite
from tests.journeys.stories import OPERATOR, history, sign_in

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


@pytest.mark.django_db(transaction=True)
def test_R52_who_has_accepted_and_is_invited_again_is_not_waited_for(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    first = invite(fabrikam)
    sign_in(Browser(), fabrikam, first.link)
    with tenant_scope(fabrikam.id):
        revoke_invitation(invitation_id=first.invitation.id, actor=OPERATOR, now=now)
    again = invite(fabrikam)
    assert again.link != first.link
    assert not [name for name in summed_up(fabrikam) if name.startswith("now.pending.")]
    with tenant_scope(fabrikam.id):
        answer = remind_guest(tenant=fabrikam, invitation_id=again.invitation.id, actor=OPERATOR, now=now)
    assert isinstance(answer, Refusal)
    assert Browser().open(again.link).status == 200


@pytest.mark.django_db(transaction=True)
def test_R52_invitations_made_for_accepted_guests_before_count_as_accepted(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, pending, revoked = (invite(fabrikam, f"{name}@firstupconsultants.com") for name in ("ada", "bo", "cy"))
    elsewhere = invite(contoso)
    for tenant, *accepted in ((fabrikam, theirs, revoked), (contoso, elsewhere)):
        with tenant_scope(tenant.id):
            Guest.objects.filter(id__in=[one.guest.id for one in accepted]).update(redemption_status=Status.ACCEPTED)
    with tenant_scope(fabrikam.id):
        revoke_invitation(invitation_id=revoked.invitation.id, actor=OPERATOR, now=now)
    migration = import_module("guests.migrations.0013_accepted_already")
    monkeypatch.setattr(migration, "PIECE", 1)
    migration.mark(None, SimpleNamespace(connection=connection))
    for tenant, invited, is_marked in (
        (fabrikam, theirs, True),
        (fabrikam, pending, False),
        (fabrikam, revoked, False),
        (contoso, elsewhere, True),
    ):
        with tenant_scope(tenant.id):
            marked = Invitation.objects.get(id=invited.invitation.id)
        assert marked.accepted_at == (marked.created_at if is_marked else None)
