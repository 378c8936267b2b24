"""A guest's other addresses prove them at a provider, except where one is another guest's own (R36)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from guests.models import FederatedIdentity, Guest
from providers.models import IdentityProvider
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser
from tests.journeys.conftest import Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, come_back, leave
from tests.journeys.stories import agree
from tests.peers.hostile_op import HostileProvider, running

WAGNER = "n.wagner@adatum.example"


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider."""
    with running() as started:
        yield started


@pytest.fixture
def adatum(fabrikam: Tenant, peer: HostileProvider) -> IdentityProvider:
    """Adatum ID, which answers for adatum.example in Fabrikam."""
    return add_oidc(fabrikam, peer.url, ADATUM)


@pytest.fixture
def link(fabrikam: Tenant, adatum: IdentityProvider, invite: Invite) -> str:
    """Nicole's invitation, who has WAGNER among her other addresses."""
    made = invite(fabrikam, NICOLE_AT_ADATUM).link
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(address_key=NICOLE_AT_ADATUM).update(other_addresses=["N.Wagner@adatum.example"])
    return made


def linked_to(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(FederatedIdentity.objects.values_list("guest__address_key", flat=True))


def test_R36_an_other_address_proves_its_guest(
    fabrikam: Tenant, contoso: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, link: str
) -> None:
    invite(contoso, WAGNER)
    browser = Browser()
    browser.open(link)
    page = come_back(browser, fabrikam, adatum, peer, leave(browser), sub="wagner", email=WAGNER)
    assert page.heading == "Review permissions", "another tenant's guest of that address changes nothing"
    agree(browser)
    assert linked_to(fabrikam) == [NICOLE_AT_ADATUM]


def test_R36_an_other_address_that_is_another_guests_own_proves_that_guest_alone(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, link: str
) -> None:
    own = invite(fabrikam, WAGNER).link
    browser = Browser()
    browser.open(link)
    page = come_back(browser, fabrikam, adatum, peer, leave(browser), sub="wagner", email=WAGNER)
    assert (page.status, page.heading) == (403, "One more step"), "a code to the invited address has to prove her"
    assert linked_to(fabrikam) == []
    theirs = Browser()
    theirs.open(own)
    come_back(theirs, fabrikam, adatum, peer, leave(theirs), sub="wagner", email=WAGNER)
    agree(theirs)
    assert linked_to(fabrikam) == [WAGNER]


def test_R36_a_deleted_guests_address_proves_whoever_has_it_now(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, link: str
) -> None:
    deleted = invite(fabrikam, WAGNER).guest
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(id=deleted.id).update(deleted_at=deleted.created_at)
    browser = Browser()
    browser.open(link)
    page = come_back(browser, fabrikam, adatum, peer, leave(browser), sub="wagner", email=WAGNER)
    assert page.heading == "Review permissions"
