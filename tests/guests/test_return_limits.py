"""What a network may bring back from providers and look for, and who is not held up by it (R17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db.models import F

from guests import limits
from guests.models import ProviderAnswer, SignInFlow
from passcodes.rules import Pool
from providers.models import IdentityProvider
from tenants import budgets
from tenants.models import Budget, Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page
from tests.journeys.conftest import Invite, invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, add_saml, bring, come_back, leave
from tests.peers.hostile_op import TOKEN, HostileProvider, running
from tests.peers.saml_idp import Person, SamlIdp, needs_xmlsec1

__all__ = ["invite"]

HERE = "127.0.0.1"  # where Django's test client says that it is
BERTIL = "bertil@adatum.example"

pytestmark = pytest.mark.django_db


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider."""
    with running() as started:
        yield started


@pytest.fixture
def adatum(fabrikam: Tenant, peer: HostileProvider) -> IdentityProvider:
    """Adatum ID, bound to adatum.example in Fabrikam."""
    return add_oidc(fabrikam, peer.url, ADATUM)


def spend_returns(tenant_id: UUID, *, pool: Pool, address_key: str = "", step: str = "return") -> None:
    """As many answers as one network may bring back."""
    for _ in range(limits.RETURNS):
        allowances = limits.for_returning(
            tenant_id=tenant_id,
            flow_id=uuid4(),
            address_key=address_key,
            pool=pool,
            step=step,
            source=HERE,
            trusted=False,
        )
        assert budgets.take_all(allowances) is None


def by_address(address: str) -> Browser:
    """A stranger's browser that typed this address, before it leaves for the provider."""
    browser = Browser()
    browser.open("/fabrikam.example")
    browser.submit("email", email=address)
    return browser


def assert_waits(page: Page) -> None:
    assert page.status == 429
    assert page.heading.startswith("Please wait until ")
    assert "Too many answers came back from the provider." in page.text
    assert int(page.response.headers["Retry-After"]) <= limits.TEN_MINUTES.total_seconds()


def test_R17_strangers_answers_wait_and_cost_no_token_request_while_a_link_still_works(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    stranger, holder = by_address(NICOLE_AT_ADATUM), Browser()
    holder.open(link)
    spend_returns(fabrikam.id, pool=Pool.STRANGER)
    assert_waits(come_back(stranger, fabrikam, adatum, peer, leave(stranger)))
    assert peer.count(TOKEN) == 0
    assert come_back(holder, fabrikam, adatum, peer, leave(holder)).heading == "Review permissions"


@needs_xmlsec1
def test_R17_posted_answers_wait_and_are_not_kept(fabrikam: Tenant, invite: Invite, tmp_path: Path) -> None:
    idp = SamlIdp(tmp_path)
    add_saml(fabrikam, idp.federation_metadata, ADATUM, name="Adatum WS-Fed", kind="wsFed")
    invite(fabrikam, NICOLE_AT_ADATUM)
    stranger = by_address(NICOLE_AT_ADATUM)
    where, fields = idp.answer_ws_federation(leave(stranger, "Adatum WS-Fed"), Person(mail=NICOLE_AT_ADATUM))
    spend_returns(fabrikam.id, pool=Pool.STRANGER, step="post")
    assert_waits(stranger.posted_from_elsewhere(where, fields))
    with tenant_scope(fabrikam.id):
        assert not ProviderAnswer.objects.exists()
    Budget.objects.update(ends_at=F("ends_at") - timedelta(minutes=10))
    assert stranger.posted_from_elsewhere(where, fields).heading == "Review permissions"


def test_R17_nobody_behind_the_same_network_spends_what_a_known_guest_may_bring_back(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    holder = Browser()
    holder.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    spend_returns(fabrikam.id, pool=Pool.KNOWN, address_key=BERTIL)
    assert come_back(holder, fabrikam, adatum, peer, leave(holder)).heading == "Review permissions"


def test_R17_waiting_spends_none_of_the_sign_ins_own_answers(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    invite(fabrikam, NICOLE_AT_ADATUM)
    stranger = by_address(NICOLE_AT_ADATUM)
    peer.person = {"email": NICOLE_AT_ADATUM}
    brought = peer.come_back(leave(stranger))
    spend_returns(fabrikam.id, pool=Pool.STRANGER)
    for _ in range(limits.RETURNS_OF_A_FLOW + 1):
        assert_waits(bring(stranger, fabrikam, adatum, brought))
    Budget.objects.update(ends_at=F("ends_at") - timedelta(minutes=10))
    assert bring(stranger, fabrikam, adatum, brought).heading == "Review permissions"


def test_R17_the_fifth_failure_ends_the_sign_in_and_the_next_one_begins_anew(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    browser = Browser()
    browser.open(link)
    url = leave(browser)
    good = peer.come_back(url)
    for _ in range(limits.RETURNS_OF_A_FLOW):
        assert bring(browser, fabrikam, adatum, {**good, "code": "made-up"}).status == 502
    with tenant_scope(fabrikam.id):
        assert SignInFlow.objects.get().ended_at is not None
    assert bring(browser, fabrikam, adatum, good).heading == "Please start again"
    assert peer.count(TOKEN) == limits.RETURNS_OF_A_FLOW
    browser.open(link)
    assert come_back(browser, fabrikam, adatum, peer, leave(browser)).heading == "Review permissions"


def test_R17_R37d_looking_for_organizations_waits_after_120(fabrikam: Tenant) -> None:
    browser = Browser()
    for _ in range(limits.NAMINGS):
        assert budgets.take(limits.for_naming(source=HERE)) is None
    browser.open("/organization")
    page = browser.submit("organization", organization="Fabrikam")
    assert page.status == 429
    assert "Too many organizations were looked for from here." in page.text
    assert browser.open("/fabrikam.example").heading == "Sign in to Fabrikam", "the organization's own address works"
