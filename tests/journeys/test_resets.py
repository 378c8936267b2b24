"""Resetting a guest, and the end of sessions (R3, R21, R40)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from applications.models import Application
from guests.models import Consent, Guest, GuestSession, Status
from guests.operations.resetting import block_guest, end_sessions, unblock_guest
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.stories import (
    OPERATOR,
    agree,
    ask,
    ask_by_address,
    enter,
    guest,
    history,
    reset,
    sign_in,
)

NICOLE = "nicole@firstupconsultants.com"
MY_APPS = "/myapps/fabrikam.example"
KEPT = ("id", "user_principal_name", "name", "sponsor_name", "sponsor_address", "created_at", "last_sign_in_at")


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def ended(browser: Browser) -> bool:
    page = browser.open(MY_APPS)
    return page.status == 403 and page.heading == "Please sign in again" and "E-SESSION" in page.text


def test_R40_a_reset_keeps_who_the_guest_is_and_opens_the_choice_again(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam, redirect_url=EXPENSES).link
    sign_in(nicoles, fabrikam, link)
    other = Browser()
    code = ask(other, fabrikam, link)  # a live code, and a second link's worth of trust
    before = guest(fabrikam)

    invited = reset(fabrikam, before.id, now)

    after = guest(fabrikam)
    assert all(getattr(after, name) == getattr(before, name) for name in KEPT)
    assert after.user_principal_name == "nicole_firstupconsultants.com#EXT#@fabrikam.example"
    assert (after.redemption_status, after.method) == (Status.PENDING, "")
    assert after.redemption_status_changed_at > before.redemption_status_changed_at
    with tenant_scope(fabrikam.id):
        assert not Consent.objects.filter(withdrawn_at=None).exists()
        assert Consent.objects.exists()  # history is kept
    assert ended(nicoles)
    assert other.submit("code", code=code).status == 422
    assert nicoles.open(link).status == 410
    assert post(fabrikam) == []  # a reset mails nothing unless it is asked to
    assert history(fabrikam, "guest.reset")[0].details["before"]["method"] == "emailOneTimePasscode"

    assert invited.link != link
    assert enter(nicoles, fabrikam, invited.link).heading == "Review permissions"
    assert agree(nicoles).leads_to == EXPENSES  # to where the invitation led
    assert guest(fabrikam).has_accepted


def test_R40_a_reset_voids_the_known_browser(fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    reset(fabrikam, guest(fabrikam).id, now)
    assert "if this address is invited here" in ask_by_address(nicoles, fabrikam, NICOLE).text


def test_R40_a_guest_who_is_reset_may_sign_in_by_address_at_once(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    reset(fabrikam, guest(fabrikam).id, now)
    ask_by_address(nicoles, fabrikam, NICOLE)
    assert nicoles.submit("code", code=code_in(post(fabrikam)[-1])).heading == "Review permissions"


def test_R21_B14_a_session_ends_after_24_hours_whatever_was_done_with_it(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)

    def move(by: timedelta) -> None:
        with tenant_scope(fabrikam.id):
            GuestSession.objects.update(started_at=F("started_at") - by, expires_at=F("expires_at") - by)

    with tenant_scope(fabrikam.id):
        session = GuestSession.objects.get()
        assert session.expires_at - session.started_at == timedelta(hours=24)
    move(timedelta(hours=23, minutes=59))
    assert nicoles.open(MY_APPS).heading == "My Apps"
    assert nicoles.open(MY_APPS).heading == "My Apps"  # using it does not lengthen it
    move(timedelta(seconds=61))
    assert ended(nicoles)
    assert nicoles.open("/fabrikam.example/permissions").status == 403
    assert nicoles.open("/fabrikam.example").heading == "Sign in to Fabrikam"


def _block(which: Guest, now: datetime) -> None:
    block_guest(guest_id=which.id, actor=OPERATOR, now=now)


def _end(which: Guest, now: datetime) -> None:
    assert end_sessions(guest_id=which.id, actor=OPERATOR, now=now) == 1


def _delete(which: Guest, now: datetime) -> None:
    Guest.objects.update(deleted_at=Now())


@pytest.mark.parametrize("deed", [_block, _end, _delete], ids=["blocked", "ended by an administrator", "deleted"])
def test_R21_a_session_ends_at_the_next_request(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime, deed: Callable[[Guest, datetime], None]
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    which = guest(fabrikam)
    with tenant_scope(fabrikam.id):
        deed(which, now)
    assert ended(nicoles)


def test_R21_a_guest_blocked_after_the_code_was_sent_stays_out_and_comes_back_when_unblocked(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam).link
    code = ask(nicoles, fabrikam, link)
    which = guest(fabrikam)
    with tenant_scope(fabrikam.id):
        block_guest(guest_id=which.id, actor=OPERATOR, now=now)
    assert nicoles.submit("code", code=code).status == 422
    nicoles.open(link)
    nicoles.submit("Send code")
    assert post(fabrikam) == []
    with tenant_scope(fabrikam.id):
        unblock_guest(guest_id=which.id, actor=OPERATOR, now=now)
    assert enter(nicoles, fabrikam, link).heading == "Review permissions"


def test_R21_signing_out_ends_this_browsers_session_only(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    other = Browser()
    enter(other, fabrikam, link)
    nicoles.open(MY_APPS)
    kept = nicoles.page
    assert nicoles.submit("Sign out").heading == "You’re signed out"
    assert other.open(MY_APPS).heading == "My Apps"
    nicoles.page = kept  # back button, and pressed again
    assert nicoles.submit("Sign out").heading == "You’re signed out"
    assert len(history(fabrikam, "guest.signed_out")) == 1
