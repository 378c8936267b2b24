"""A guest's own page, and leaving: what is shown, what ends, and that an administrator can undo it (R21, R55)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db.models import F
from django.test import Client

from guests.models import FederatedIdentity, Guest, GuestSession, Invitation
from guests.operations.deleting import delete_guest, restore_guest
from guests.operations.resetting import block_guest
from outbox.models import OutboundMail
from providers.models import IdentityProvider
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import NICOLE, Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, come_back, leave
from tests.journeys.stories import (
    OPERATOR,
    agree,
    ask,
    ask_by_address,
    bytes_of,
    enter,
    guest,
    history,
    path_of,
    sign_in,
)
from tests.peers.hostile_op import HostileProvider, running

pytestmark = pytest.mark.django_db
ABOUT, LEAVE, LEFT, APPS = (
    "/fabrikam.example/about-you",
    "/fabrikam.example/leave",
    "/fabrikam.example/left",
    "/myapps/fabrikam.example",
)


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def go(browser: Browser) -> None:
    """Leave, as the page has it."""
    browser.open(LEAVE)
    browser.submit("Leave Fabrikam", button=("answer", "leave"))


def restore(tenant: Tenant, guest_id: UUID, now: datetime) -> Guest | Refusal:
    with tenant_scope(tenant.id):
        return restore_guest(guest_id=guest_id, actor=OPERATOR, now=now)


def delete(tenant: Tenant, guest_id: UUID, now: datetime) -> Guest | Refusal:
    with tenant_scope(tenant.id):
        return delete_guest(guest_id=guest_id, actor=OPERATOR, now=now)


# --- the page -----------------------------------------------------------------------------------------------------


def test_R22_R55_my_apps_leads_to_what_a_guest_may_know_of_themself(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(terms_text="Be kind", terms_version=3, terms_published_at=now)
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    nicoles.open(APPS)
    assert nicoles.page.links["Leave Fabrikam"] == LEAVE
    nicoles.open(nicoles.page.links["Where you’re signed in"])
    assert nicoles.page.heading == "About you at Fabrikam"
    for words in ("Nicole Wagner", NICOLE, "A code sent to your email", "this one", "What is shared", "version 3"):
        assert words in nicoles.page.text
    assert "Sign out everywhere else" not in nicoles.page.text
    assert nicoles.page.response.headers["Cache-Control"] == "no-store"


def test_R21_a_guest_ends_their_other_sessions_and_no_others(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    elsewhere, bertil = Browser(), Browser()
    sign_in(elsewhere, fabrikam, link)
    sign_in(bertil, fabrikam, invite(fabrikam, "bertil@firstupconsultants.com").link)
    nicoles.open(ABOUT)
    assert nicoles.submit("Sign out everywhere else").heading == "About you at Fabrikam"
    assert elsewhere.open(ABOUT).heading == "Please sign in again"
    assert bertil.open(ABOUT).heading == "About you at Fabrikam"
    (line,) = history(fabrikam, "guest.signed_out_elsewhere")
    assert (line.actor_kind, line.actor_name, line.details) == ("guest", NICOLE, {"sessions": 1})


def test_R20_before_consent_the_page_leads_to_it(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    enter(nicoles, fabrikam, invite(fabrikam).link)
    assert nicoles.open(ABOUT).heading == "Review permissions"


def test_R21_without_a_session_there_is_nothing_to_see_or_end(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, nicoles: Browser
) -> None:
    stranger = Client()
    for url in (ABOUT, LEAVE):
        assert stranger.get(url).headers["Location"] == "/fabrikam.example"
    for url in (f"{ABOUT}/sign-out-elsewhere", LEAVE):
        assert stranger.post(url, {"answer": "leave"}).status_code == 403
    sign_in(nicoles, contoso, invite(contoso).link)
    invite(fabrikam)
    assert nicoles.open(LEAVE).heading == "Sign in to Fabrikam"
    assert guest(fabrikam).deleted_at is None


# --- leaving ------------------------------------------------------------------------------------------------------


def test_R55_a_guest_leaves_and_everything_of_theirs_ends(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    elsewhere = Browser()
    sign_in(elsewhere, fabrikam, link)
    code = ask(Browser(), fabrikam, link)
    nicoles.open(LEAVE)
    assert "Adele Vance can ask an administrator to bring you back" in nicoles.page.text
    assert guest(fabrikam).deleted_at is None
    left = nicoles.submit("Leave Fabrikam", button=("answer", "leave"))
    assert (left.heading, left.url) == ("You have left Fabrikam", LEFT)
    assert nicoles.open(APPS).heading == "Sign in to Fabrikam"
    assert elsewhere.open(APPS).heading == "Please sign in again"
    assert Browser().open(path_of(link)).status == 410
    assert code
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.get().ended_why == "left"
        assert set(GuestSession.objects.values_list("ended_why", flat=True)) == {"left"}
    (line,) = history(fabrikam, "guest.left")
    assert (line.actor_kind, line.actor_name, line.subject_id) == ("guest", NICOLE, guest(fabrikam).id)
    assert line.details == {"address": NICOLE, "sessions_ended": 2}


def test_R55_a_post_without_the_answer_only_shows_the_page(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    nicoles.open(LEAVE)
    assert nicoles.submit("Leave Fabrikam").heading == "Leave Fabrikam?"
    assert guest(fabrikam).deleted_at is None


def test_R14_R55_a_code_from_before_opens_nothing_after_leaving(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    other = Browser()
    code = ask(other, fabrikam, link)
    go(nicoles)
    assert other.submit("code", code=code).heading == "Enter your code"
    with tenant_scope(fabrikam.id):
        assert not GuestSession.objects.filter(ended_at__isnull=True).exists()


def test_R19_R55_who_left_is_answered_like_a_stranger(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    go(nicoles)
    pages = []
    for address in (NICOLE, "nicobe@firstupconsultants.com"):
        stranger = Browser()
        ask_by_address(stranger, fabrikam, address)
        first = bytes_of(stranger.page.response)
        pages.append((first, bytes_of(stranger.submit("code", code="12345678").response)))
        assert post(fabrikam) == []
    assert pages[0] == pages[1]
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.waiting().exists()


def test_R20_R55_a_guest_who_has_not_agreed_to_anything_may_leave(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    enter(nicoles, fabrikam, invite(fabrikam).link)
    go(nicoles)
    assert nicoles.page.heading == "You have left Fabrikam"
    assert guest(fabrikam).deleted_at is not None


def test_R55_a_blocked_guest_cannot_leave(fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    nicoles.open(LEAVE)
    with tenant_scope(fabrikam.id):
        block_guest(guest_id=guest_id(fabrikam), actor=OPERATOR, now=now)
    assert nicoles.submit("Leave Fabrikam", button=("answer", "leave")).heading == "Please sign in again"
    assert guest(fabrikam).deleted_at is None


def guest_id(tenant: Tenant) -> UUID:
    return guest(tenant).id


def test_R55_leaving_one_tenant_leaves_the_other_alone(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, nicoles: Browser
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    sign_in(nicoles, contoso, invite(contoso).link)
    go(nicoles)
    assert nicoles.open("/myapps/contoso.example").heading == "My Apps"


# --- and back -----------------------------------------------------------------------------------------------------


def test_R3_R55_a_restored_guest_signs_in_as_before_and_agrees_to_nothing_anew(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    go(nicoles)
    assert isinstance(restore(fabrikam, guest_id(fabrikam), now), Guest)
    assert nicoles.open(APPS).heading == "Sign in to Fabrikam"
    assert Browser().open(path_of(link)).status == 410
    ask_by_address(nicoles, fabrikam, NICOLE)
    assert nicoles.submit("code", code=code_in(post(fabrikam)[-1])).heading == "My Apps"
    assert guest(fabrikam).method == "emailOneTimePasscode"


def test_R50_R55_who_was_deleted_may_be_invited_anew_and_is_another_guest(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    first = invite(fabrikam)
    sign_in(nicoles, fabrikam, first.link)
    delete(fabrikam, first.guest.id, now)
    again = invite(fabrikam)
    assert again.guest.id != first.guest.id
    assert enter(Browser(), fabrikam, again.link).heading == "Review permissions"
    assert isinstance(restore(fabrikam, first.guest.id, now), Refusal)


@pytest.mark.usefixtures("registered")
def test_R36_R55_who_was_deleted_may_redeem_anew_with_the_account_that_they_had(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    with running() as peer:
        adatum = add_oidc(fabrikam, peer.url, ADATUM)
        first = invite(fabrikam, NICOLE_AT_ADATUM)
        _redeem(fabrikam, adatum, peer, first.link)
        delete(fabrikam, first.guest.id, now)
        again = invite(fabrikam, NICOLE_AT_ADATUM)
        _redeem(fabrikam, adatum, peer, again.link)
    with tenant_scope(fabrikam.id):
        assert FederatedIdentity.objects.get().guest_id == again.guest.id
        assert Guest.objects.get(id=again.guest.id).has_accepted


def _redeem(tenant: Tenant, adatum: IdentityProvider, peer: HostileProvider, link: str) -> None:
    browser = Browser()
    browser.open(link)
    come_back(browser, tenant, adatum, peer, leave(browser))
    agree(browser)
    assert browser.open(APPS).heading == "My Apps", browser.page.text


def test_R55_after_30_days_there_is_no_way_back(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    go(nicoles)
    with tenant_scope(fabrikam.id):
        Guest.objects.update(deleted_at=F("deleted_at") - timedelta(days=30, seconds=1))
    assert isinstance(restore(fabrikam, guest_id(fabrikam), now), Refusal)
