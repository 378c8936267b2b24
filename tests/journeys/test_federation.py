"""Guests who prove who they are at a partner's provider: the way out, the way back, the link that sticks (R30, R36)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from guests.models import FederatedIdentity, Guest, GuestSession
from providers.models import IdentityProvider
from providers.operations import disable_identity_provider, remove_identity_provider
from providers.rules import PasscodeState
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, bring, come_back, departure, leave
from tests.journeys.stories import OPERATOR, agree, enter, pass_time, reset, sign_in, turn_passcodes
from tests.peers.hostile_op import HostileProvider, running


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider: a good one, unless a test says otherwise."""
    with running() as started:
        yield started


@pytest.fixture
def adatum(fabrikam: Tenant, peer: HostileProvider) -> IdentityProvider:
    """Adatum ID, which answers for adatum.example in Fabrikam."""
    return add_oidc(fabrikam, peer.url, ADATUM)


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def the_guest(tenant: Tenant, address: str = NICOLE_AT_ADATUM) -> Guest:
    with tenant_scope(tenant.id):
        return Guest.objects.get(address_key=address)


def counts(tenant: Tenant) -> tuple[int, int]:
    """Sessions and identities."""
    with tenant_scope(tenant.id):
        return GuestSession.objects.count(), FederatedIdentity.objects.count()


def test_R30_2_R36_a_guest_of_a_federated_domain_redeems_at_its_provider(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    page = nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    assert page.heading == "You’re invited to Fabrikam"
    assert "Adele Vance" in page.text
    url = leave(nicoles)
    assert url.startswith(f"{peer.url}/authorize?")
    assert come_back(nicoles, fabrikam, adatum, peer, url).heading == "Review permissions"
    assert counts(fabrikam) == (1, 0), "nothing is linked before the last consent"
    assert agree(nicoles).heading == "My Apps"
    guest = the_guest(fabrikam)
    assert (guest.method, guest.method_provider_id) == ("externalFederation", adatum.id)
    assert counts(fabrikam) == (1, 1)
    assert post(fabrikam) == [], "no code was mailed"


def test_R3_R36_the_same_subject_is_the_same_guest_whatever_address_it_carries(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    come_back(nicoles, fabrikam, adatum, peer, leave(nicoles))
    agree(nicoles)
    again = Browser()
    again.open("/fabrikam.example")
    again.submit("email", email=NICOLE_AT_ADATUM)
    page = come_back(again, fabrikam, adatum, peer, leave(again), email="n.wagner@adatum.example")
    assert page.heading == "My Apps"
    with tenant_scope(fabrikam.id):
        assert FederatedIdentity.objects.get().address == "n.wagner@adatum.example"
        assert AuditEntry.objects.filter(action="identity.address_changed").count() == 1
        assert Guest.objects.get().address == NICOLE_AT_ADATUM


def test_R36_the_same_address_under_another_subject_is_not_the_guest(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    come_back(nicoles, fabrikam, adatum, peer, leave(nicoles))
    agree(nicoles)
    other = Browser()
    other.open("/fabrikam.example")
    other.submit("email", email=NICOLE_AT_ADATUM)
    page = come_back(other, fabrikam, adatum, peer, leave(other), sub="person-2")
    assert (page.status, page.heading) == (403, "You sign in to Fabrikam another way")
    assert counts(fabrikam) == (1, 1)


@pytest.mark.parametrize("said", [False, None, "true", 1, "True", [True]], ids=repr)
def test_R36_an_address_that_is_not_verified_links_nothing_without_a_code(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser, said: object
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    page = come_back(nicoles, fabrikam, adatum, peer, leave(nicoles), email_verified=said)
    assert (page.status, page.heading) == (403, "One more step")
    assert counts(fabrikam) == (0, 0)
    assert nicoles.submit("Send code").heading == "Enter your code"
    assert nicoles.submit("code", code=code_in(post(fabrikam)[-1])).heading == "Review permissions"
    agree(nicoles)
    assert the_guest(fabrikam).method == "externalFederation"
    assert counts(fabrikam) == (1, 1)


def test_R23_another_account_at_the_provider_is_named_and_nothing_happens_silently(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    turn_passcodes(fabrikam, PasscodeState.DISABLED, datetime.now(UTC))
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    url = leave(nicoles)
    page = come_back(nicoles, fabrikam, adatum, peer, url, sub="bertil", email="bertil@adatum.example")
    assert (page.status, page.heading) == (403, "You’re signed in as somebody else")
    assert "bertil@adatum.example" in page.text
    assert "n•••e@adatum.example" in page.text
    assert "Signed in at Adatum ID" in page.text
    assert "Send code" not in page.text
    url = departure(nicoles.submit("Use another account"))
    assert "prompt=select_account" in url
    assert come_back(nicoles, fabrikam, adatum, peer, url).heading == "Review permissions"


def test_R23_a_linked_identity_does_not_open_somebody_elses_invitation(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    come_back(nicoles, fabrikam, adatum, peer, leave(nicoles))
    agree(nicoles)
    other = Browser()
    other.open(invite(fabrikam, "bertil@adatum.example").link)
    page = come_back(other, fabrikam, adatum, peer, leave(other))
    assert (page.status, page.heading) == (403, "You’re signed in as somebody else")
    assert the_guest(fabrikam, "bertil@adatum.example").method == ""
    assert counts(fabrikam) == (1, 1)


def test_R38_who_was_proven_and_never_invited_learns_it_only_then(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, nicoles: Browser
) -> None:
    nicoles.open("/fabrikam.example")
    assert nicoles.submit("email", email=NICOLE_AT_ADATUM).heading == "Sign in to Fabrikam"
    page = come_back(nicoles, fabrikam, adatum, peer, leave(nicoles))
    assert (page.status, page.heading) == (403, "You’re not a guest of Fabrikam yet")
    assert "E-NOT-INVITED" in page.text


def test_R38_a_pending_guest_who_was_never_told_redeems_at_the_door(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    invite(fabrikam, NICOLE_AT_ADATUM)
    nicoles.open("/fabrikam.example")
    nicoles.submit("email", email=NICOLE_AT_ADATUM)
    assert come_back(nicoles, fabrikam, adatum, peer, leave(nicoles)).heading == "Review permissions"
    assert agree(nicoles).heading == "My Apps"


def test_R19_an_unverified_identity_learns_nothing_of_the_address_it_typed(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    invite(fabrikam, NICOLE_AT_ADATUM)
    pages = []
    for address in (NICOLE_AT_ADATUM, "nanine@adatum.example"):
        browser = Browser()
        browser.open("/fabrikam.example")
        browser.submit("email", email=address)
        page = come_back(browser, fabrikam, adatum, peer, leave(browser), sub="stranger", email="x@elsewhere.example")
        after = browser.submit("Send code")
        wrong = browser.submit("code", code="12345678")
        pages.append([(one.status, one.heading, one.text) for one in (page, after, wrong)])
    first, second = pages
    assert [one[:2] for one in first] == [one[:2] for one in second]
    assert len(post(fabrikam)) == 1, "only the guest was mailed"


def test_R3_a_passcode_guest_keeps_the_passcode_when_a_federation_comes_and_goes_there_after_a_reset(
    fabrikam: Tenant, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    sign_in(nicoles, fabrikam, link)
    adatum = add_oidc(fabrikam, peer.url, ADATUM)
    assert enter(Browser(), fabrikam, link).heading == "My Apps"
    link = reset(fabrikam, the_guest(fabrikam).id, datetime.now(UTC)).link
    fresh = Browser()
    fresh.open(link)
    assert come_back(fresh, fabrikam, adatum, peer, leave(fresh)).heading == "Review permissions"
    agree(fresh)
    assert the_guest(fabrikam).method == "externalFederation"


def test_R3_a_passcode_guest_who_comes_by_the_provider_is_sent_their_own_way(
    fabrikam: Tenant, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam, NICOLE_AT_ADATUM).link)
    adatum = add_oidc(fabrikam, peer.url, ADATUM)
    other = Browser()
    other.open("/fabrikam.example")
    other.submit("email", email="anybody@adatum.example")
    page = come_back(other, fabrikam, adatum, peer, leave(other))
    assert (page.status, page.heading) == (403, "You sign in to Fabrikam another way")
    assert other.submit("email").heading == "Sign in to Fabrikam"
    assert "Send code" in other.page.text


def test_R40_a_reset_lets_go_of_the_identity(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    come_back(nicoles, fabrikam, adatum, peer, leave(nicoles))
    agree(nicoles)
    link = reset(fabrikam, the_guest(fabrikam).id, datetime.now(UTC)).link
    assert counts(fabrikam)[1] == 0
    fresh = Browser()
    fresh.open(link)
    assert come_back(fresh, fabrikam, adatum, peer, leave(fresh), sub="person-2").heading == "Review permissions"


@pytest.mark.parametrize("how", ["disabled", "removed"])
def test_R21_R36_a_provider_that_goes_takes_its_sessions_along_and_its_guests_wait_for_a_reset(
    fabrikam: Tenant,
    adatum: IdentityProvider,
    peer: HostileProvider,
    invite: Invite,
    nicoles: Browser,
    now: datetime,
    how: str,
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    come_back(nicoles, fabrikam, adatum, peer, leave(nicoles))
    assert agree(nicoles).heading == "My Apps"
    with tenant_scope(fabrikam.id):
        change = disable_identity_provider if how == "disabled" else remove_identity_provider
        change(provider_id=adatum.id, actor=OPERATOR, now=now)
    assert nicoles.open("/fabrikam.example/my-apps").status in (403, 404)
    assert nicoles.open("/myapps/fabrikam.example").heading == "Please sign in again"
    page = Browser().open(link)
    assert (page.status, page.heading) == (403, "There is no way in for this address yet")
    # Who only types the address is not told: the domain's other addresses get a code, or its decoy.
    stranger = Browser()
    stranger.open("/fabrikam.example")
    stranger.submit("email", email=NICOLE_AT_ADATUM)
    assert stranger.submit("Send code").heading == "Enter your code"
    assert post(fabrikam) == []


def test_R36_a_state_opens_only_the_browser_that_left(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    brought = peer.come_back(leave(nicoles))
    page = bring(Browser(), fabrikam, adatum, brought)
    assert (page.status, page.heading) == (403, "Please start again")
    attackers = Browser()
    attackers.open(invite(fabrikam, "mallory@adatum.example").link)
    leave(attackers)
    assert bring(attackers, fabrikam, adatum, brought).heading == "Please start again"
    assert counts(fabrikam) == (0, 0)


def test_R36_two_answers_and_the_back_button_lead_where_the_first_led(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    brought = peer.come_back(leave(nicoles))
    assert bring(nicoles, fabrikam, adatum, brought).heading == "Review permissions"
    assert bring(nicoles, fabrikam, adatum, brought).heading == "Review permissions"
    assert counts(fabrikam) == (1, 0)


def test_R36_a_flow_that_is_over_takes_no_answer(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    brought = peer.come_back(leave(nicoles))
    pass_time(fabrikam, timedelta(hours=5))
    assert bring(nicoles, fabrikam, adatum, brought).heading == "Please start again"
    assert counts(fabrikam) == (0, 0)
