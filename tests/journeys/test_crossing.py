"""Two tenants, each with a hostile provider: who asserts what, at whose door, in whose browser (threat 6)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from guests.models import FederatedIdentity, GuestSession
from providers.models import IdentityProvider
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser
from tests.journeys.conftest import Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, leave
from tests.journeys.stories import agree
from tests.peers.hostile_op import HostileProvider, running


@pytest.fixture
def peers() -> Iterator[tuple[HostileProvider, HostileProvider]]:
    """A provider for each tenant; both say that they are everybody."""
    with running() as fabrikams, running() as contosos:
        yield fabrikams, contosos


def sessions(tenant: Tenant) -> int:
    with tenant_scope(tenant.id):
        return GuestSession.objects.count()


@pytest.mark.parametrize(
    ("left", "issued", "door", "configuration", "browser", "issuer"),
    list(product("FC", "FC", "FC", "FC", "VA", "=≠")),
    ids=lambda value: str(value),
)
def test_R36_B15_nothing_crosses_from_one_tenant_to_another(
    fabrikam: Tenant,
    contoso: Tenant,
    peers: tuple[HostileProvider, HostileProvider],
    invite: Invite,
    left: str,
    issued: str,
    door: str,
    configuration: str,
    browser: str,
    issuer: str,
) -> None:
    """Of 64 ways to put together a flow, a provider's answer, a door, a configuration, a browser and an `iss`, only
    the ones where everything belongs together open a session, and only in that tenant."""
    tenants = {"F": fabrikam, "C": contoso}
    providers: dict[str, IdentityProvider] = {}
    for letter, peer in zip("FC", peers, strict=True):
        providers[letter] = add_oidc(tenants[letter], peer.url, ADATUM)
    by = dict(zip("FC", peers, strict=True))
    victim = Browser()
    victim.open(invite(tenants[left], NICOLE_AT_ADATUM).link)
    url = leave(victim)
    by[issued].person = {"email": NICOLE_AT_ADATUM}
    if issuer == "≠":
        by[issued].person["iss"] = by["C" if issued == "F" else "F"].url
    brought = by[issued].come_back(url)
    comes = victim if browser == "V" else Browser()
    page = comes.come(f"/{tenants[door].id}/return/{providers[configuration].id}", brought)
    opens = left == issued == door == configuration and browser == "V" and issuer == "="
    assert sessions(fabrikam) == (1 if opens and left == "F" else 0)
    assert sessions(contoso) == (1 if opens and left == "C" else 0)
    assert page.status in ((200,) if opens else (403, 404, 502)), page.text


def test_R36_one_subject_at_one_issuer_is_another_person_in_each_tenant(
    fabrikam: Tenant, contoso: Tenant, peers: tuple[HostileProvider, HostileProvider], invite: Invite
) -> None:
    """Even where both tenants trust the same provider, a link in one is none in the other."""
    peer = peers[0]
    first, second = add_oidc(fabrikam, peer.url, ADATUM), add_oidc(contoso, peer.url, ADATUM)
    peer.person = {"email": NICOLE_AT_ADATUM}
    browser = Browser()
    browser.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    browser.come(f"/{fabrikam.id}/return/{first.id}", peer.come_back(leave(browser)))
    agree(browser)
    other = Browser()
    other.open("/contoso.example")
    other.submit("email", email=NICOLE_AT_ADATUM)
    page = other.come(f"/{contoso.id}/return/{second.id}", peer.come_back(leave(other)))
    assert page.heading == "You’re not a guest of Contoso yet"
    with tenant_scope(contoso.id):
        assert FederatedIdentity.objects.count() == 0
