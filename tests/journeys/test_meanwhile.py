"""What changes between leaving for a provider and coming back, or beside it: closed, another tab, another account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from applications.models import Application
from applications.operations import close_sign_up, open_sign_up
from guests.models import FederatedIdentity, Guest
from providers.models import IdentityProvider
from providers.rules import Method
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser
from tests.journeys.conftest import Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, come_back, departure, leave
from tests.journeys.stories import OPERATOR, agree, guest
from tests.peers.hostile_op import HostileProvider, running


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider."""
    with running() as started:
        yield started


@pytest.fixture
def adatum(fabrikam: Tenant, peer: HostileProvider) -> IdentityProvider:
    """Adatum ID, bound to adatum.example in Fabrikam."""
    return add_oidc(fabrikam, peer.url, ADATUM)


@pytest.mark.parametrize("is_closed", [True, False])
def test_R39a_another_account_goes_on_with_an_open_sign_up_and_reopens_none_that_was_closed(
    fabrikam: Tenant, expenses: Application, adatum: IdentityProvider, peer: HostileProvider, is_closed: bool
) -> None:
    with tenant_scope(fabrikam.id):
        open_sign_up(application_id=expenses.id, methods=[Method.FEDERATION], actor=OPERATOR, now=datetime.now(UTC))
    browser = Browser()
    browser.open(expenses.sign_up_path)
    away = departure(browser.submit("Continue with Adatum ID", button=("with", str(adatum.id))))
    page = come_back(browser, fabrikam, adatum, peer, away, email_verified=False)
    assert page.heading == "One more step"
    if is_closed:
        with tenant_scope(fabrikam.id):
            close_sign_up(application_id=expenses.id, actor=OPERATOR, now=datetime.now(UTC))
    page = browser.submit("Use another account")
    if not is_closed:
        page = come_back(browser, fabrikam, adatum, peer, departure(page))
        assert page.heading == "Review permissions"
        return
    assert page.links.get("Go on", "") == "", "nothing leads out to the provider any more"
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()


def test_R3_R36_of_two_identities_of_one_method_only_the_one_that_redeemed_goes_on(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    browsers = Browser(), Browser()
    for number, browser in enumerate(browsers):
        browser.open(link)
        page = come_back(browser, fabrikam, adatum, peer, leave(browser), sub=f"person-{number}")
        assert page.heading == "Review permissions"
    first, second = browsers
    assert agree(first).heading == "My Apps"
    assert second.open("/myapps/fabrikam.example").heading != "My Apps"
    with tenant_scope(fabrikam.id):
        assert FederatedIdentity.objects.get().subject == "person-0"
    assert first.open("/myapps/fabrikam.example").heading == "My Apps"


@pytest.mark.parametrize("host", ["sign_in.adatum.example", "login..adatum.example", "login.adatum.example."])
def test_R36_an_address_that_no_browser_is_sent_to_is_the_providers_fault(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, host: str
) -> None:
    peer.document["authorization_endpoint"] = f"https://{host}/authorize"
    browser = Browser()
    browser.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    page = browser.submit("Continue to Adatum ID")
    assert (page.status, page.heading) == (502, "Adatum ID did not answer")


def test_R36_a_subject_that_cannot_be_kept_is_the_providers_fault(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    browser = Browser()
    browser.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    page = come_back(browser, fabrikam, adatum, peer, leave(browser), sub="person\0")
    assert (page.status, page.heading) == (502, "Adatum ID did not answer")
    assert guest(fabrikam).method == ""
