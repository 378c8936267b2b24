"""What opening an invitation's link leaves in the history: a line an hour, for the links of guests only (R10, R64)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db.models.functions import Now

from guests.models import Guest, Invitation
from guests.operations.resending import revoke_invitation
from tenants.models import Budget, Tenant
from tenants.scope import tenant_scope
from tenants.templatetags.portal import deed
from tests.journeys.browser import Browser
from tests.journeys.conftest import NICOLE, Invite
from tests.journeys.stories import OPERATOR, history, path_of

OPENED = "invitation.opened"


def test_R64_a_link_that_is_opened_leaves_one_line_an_hour(fabrikam: Tenant, contoso: Tenant, invite: Invite) -> None:
    invited = invite(fabrikam)
    for _ in range(3):
        Browser().open(invited.link)
    (line,) = history(fabrikam, OPENED)
    assert (line.subject_id, line.details, line.address) == (
        invited.guest.id,
        {"invitation": str(invited.invitation.id)},
        NICOLE,
    )
    assert (line.outcome, line.actor_kind) == ("success", "stranger")
    Budget.objects.update(ends_at=Now() - timedelta(seconds=1))
    Browser().open(invited.link)
    assert len(history(fabrikam, OPENED)) == 2
    assert history(contoso, OPENED) == []


def test_R10_a_scanner_that_asks_for_the_head_leaves_no_line(fabrikam: Tenant, invite: Invite) -> None:
    assert Browser().client.head(path_of(invite(fabrikam).link)).status_code == 200
    assert history(fabrikam, OPENED) == []


def test_R52_a_dead_link_that_is_opened_says_why_it_led_nowhere(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    invited = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        revoke_invitation(invitation_id=invited.invitation.id, actor=OPERATOR, now=now)
    assert Browser().open(invited.link).status == 410
    (line,) = history(fabrikam, OPENED)
    assert (line.subject_id, line.outcome, line.code) == (invited.guest.id, "refused", "E-LINK-GONE")
    assert "revoked" in line.details["reason"]


@pytest.mark.parametrize("made_up", ["damaged", "A" * 43])
def test_R19_a_link_that_is_nobodys_leaves_no_line(fabrikam: Tenant, made_up: str) -> None:
    assert Browser().open(f"/fabrikam.example/redeem/{made_up}").status == 410
    assert history(fabrikam, OPENED) == []


def test_R63_another_tenants_link_leaves_no_line_in_either(fabrikam: Tenant, contoso: Tenant, invite: Invite) -> None:
    path = path_of(invite(fabrikam).link).replace("fabrikam.example", "contoso.example")
    assert Browser().open(path).status == 410
    assert history(fabrikam, OPENED) == history(contoso, OPENED) == []


def test_R64_the_history_says_that_a_scanner_may_have_opened_it(fabrikam: Tenant, invite: Invite) -> None:
    invited = invite(fabrikam)
    Browser().open(invited.link)
    (line,) = history(fabrikam, OPENED)
    assert deed(line) == "Opened the link (a mail scanner may have)"


def test_R10_opening_writes_neither_the_guest_nor_the_invitation(fabrikam: Tenant, invite: Invite) -> None:
    invited = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        before = Guest.objects.values().get(), Invitation.objects.values().get()
    Browser().open(invited.link)
    with tenant_scope(fabrikam.id):
        assert (Guest.objects.values().get(), Invitation.objects.values().get()) == before
