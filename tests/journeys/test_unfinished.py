"""Sign-ins at a partner's provider that come to nothing: cancelled there, or with an answer that is no good (R36)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from guests.models import SignInFlow
from providers.models import IdentityProvider
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser
from tests.journeys.conftest import Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, bring, leave
from tests.journeys.stories import path_of, sessions
from tests.peers.hostile_op import HostileProvider, running


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider, a good one."""
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


def test_who_cancels_at_the_provider_may_come_back(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    state = peer.come_back(leave(nicoles))["state"]
    page = bring(nicoles, fabrikam, adatum, {"error": "access_denied", "state": state})
    assert page.heading == "You declined"
    assert "The invitation stays open" in page.text
    assert page.links["Back to the invitation"] == path_of(link)
    assert sessions(fabrikam) == 0


def test_R19_who_cancels_and_only_typed_an_address_reads_of_no_invitation(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite
) -> None:
    invite(fabrikam, NICOLE_AT_ADATUM)
    pages = []
    for address in (NICOLE_AT_ADATUM, "nanine@adatum.example"):
        browser = Browser()
        browser.open("/fabrikam.example")
        browser.submit("email", email=address)
        state = peer.come_back(leave(browser))["state"]
        pages.append(bring(browser, fabrikam, adatum, {"error": "access_denied", "state": state}))
    known, unknown = pages
    assert known.heading == unknown.heading == "You declined"
    assert "invitation" not in known.text
    assert known.links["Back to sign-in"] == unknown.links["Back to sign-in"]
    assert sessions(fabrikam) == 0


def test_R64_nothing_of_the_handshake_or_the_answer_stands_in_the_history(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    brought = peer.come_back(leave(nicoles))
    bring(nicoles, fabrikam, adatum, {**brought, "code": "not-the-code"})
    with tenant_scope(fabrikam.id):
        told = str(list(AuditEntry.objects.values_list("details", flat=True)))
        flow = SignInFlow.objects.get()
    assert brought["state"] not in told
    assert "not-the-code" not in told
    assert brought["state"] not in str(flow.__dict__)
