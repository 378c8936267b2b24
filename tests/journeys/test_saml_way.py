"""Guests of a partner who signs in by SAML or WS-Federation: the answer comes without our cookie (R30, R36, B15)."""

from __future__ import annotations

from pathlib import Path

import pytest

from guests.models import FederatedIdentity, Guest, GuestSession, ProviderAnswer
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser
from tests.journeys.conftest import Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_saml, leave, post_back
from tests.journeys.stories import agree
from tests.peers.saml_idp import Person, SamlIdp, needs_xmlsec1

pytestmark = needs_xmlsec1

NICOLE = Person(mail=NICOLE_AT_ADATUM)


@pytest.fixture
def idp(tmp_path: Path) -> SamlIdp:
    """Adatum's identity provider."""
    return SamlIdp(tmp_path)


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def connect(tenant: Tenant, idp: SamlIdp) -> None:
    """Each knows the other's metadata."""
    add_saml(tenant, idp.metadata, ADATUM)
    idp.trust(Browser().client.get(f"/{tenant.id}/saml/metadata").content)


def rows(tenant: Tenant) -> tuple[int, int, int]:
    """Sessions, identities, answers that are kept."""
    with tenant_scope(tenant.id):
        return GuestSession.objects.count(), FederatedIdentity.objects.count(), ProviderAnswer.objects.count()


def test_R30_2_R36_a_guest_redeems_by_saml(fabrikam: Tenant, idp: SamlIdp, invite: Invite, nicoles: Browser) -> None:
    connect(fabrikam, idp)
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    url = leave(nicoles, "Adatum SAML")
    assert post_back(nicoles, idp, url, NICOLE).heading == "Review permissions"
    assert agree(nicoles).heading == "My Apps"
    with tenant_scope(fabrikam.id):
        guest = Guest.objects.get()
    assert guest.method == "externalFederation"
    assert rows(fabrikam) == (1, 1, 0), "the assertion is not kept"


def test_R30_2_R36_a_guest_redeems_by_ws_federation(
    fabrikam: Tenant, idp: SamlIdp, invite: Invite, nicoles: Browser
) -> None:
    add_saml(fabrikam, idp.federation_metadata, ADATUM, name="Adatum WS-Fed", kind="wsFed")
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    where, fields = idp.answer_ws_federation(leave(nicoles, "Adatum WS-Fed"), NICOLE)
    assert nicoles.posted_from_elsewhere(where, fields).heading == "Review permissions"
    assert agree(nicoles).heading == "My Apps"


def test_R36_an_answer_opens_only_the_browser_that_left(
    fabrikam: Tenant, idp: SamlIdp, invite: Invite, nicoles: Browser
) -> None:
    connect(fabrikam, idp)
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    url = leave(nicoles, "Adatum SAML")
    assert post_back(Browser(), idp, url, NICOLE).heading == "Please start again"
    assert rows(fabrikam)[:2] == (0, 0)


def test_R36_the_same_answer_twice_is_one_session(
    fabrikam: Tenant, idp: SamlIdp, invite: Invite, nicoles: Browser
) -> None:
    connect(fabrikam, idp)
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    where, fields = idp.answer(leave(nicoles, "Adatum SAML"), NICOLE)
    nicoles.posted_from_elsewhere(where, fields)
    attacker = Browser()
    assert attacker.posted_from_elsewhere(where, fields).heading == "Please start again"
    assert rows(fabrikam) == (1, 0, 0)


def test_R36_an_answer_for_another_flow_or_for_none_opens_nothing(
    fabrikam: Tenant, contoso: Tenant, idp: SamlIdp, invite: Invite, nicoles: Browser
) -> None:
    connect(fabrikam, idp)
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    where, fields = idp.answer(leave(nicoles, "Adatum SAML"), NICOLE)
    for changed in ({"RelayState": ""}, {"RelayState": "A" * 64}, {"RelayState": "x"}, {"RelayState": "A" * 5000}):
        page = Browser().posted_from_elsewhere(where, fields | changed)
        assert (page.status, page.heading) == (403, "Please start again")
    second = Browser()
    second.open(invite(fabrikam, "bertil@adatum.example").link)
    _, others = idp.answer(leave(second, "Adatum SAML"), NICOLE)
    page = second.posted_from_elsewhere(where, fields | {"RelayState": others["RelayState"]})
    assert (page.status, page.heading) == (502, "Adatum SAML did not answer"), "it answers another request"
    page = Browser().posted_from_elsewhere(where.replace(str(fabrikam.id), str(contoso.id)), fields)
    assert page.heading == "Please start again"
    assert rows(fabrikam)[:2] == (0, 0)


def test_R36_another_person_at_the_partner_is_named_and_may_switch(
    fabrikam: Tenant, idp: SamlIdp, invite: Invite, nicoles: Browser
) -> None:
    connect(fabrikam, idp)
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    page = post_back(nicoles, idp, leave(nicoles, "Adatum SAML"), Person("b-2", "bertil@adatum.example", "Bertil"))
    assert page.heading == "One more step"
    assert "bertil@adatum.example" in page.text


def test_R36_a_partner_vouches_for_no_domain_but_its_own(
    fabrikam: Tenant, idp: SamlIdp, invite: Invite, nicoles: Browser
) -> None:
    """Its assertion may say what it likes; the invited address lies elsewhere."""
    connect(fabrikam, idp)
    invite(fabrikam, "boss@firstupconsultants.com")
    nicoles.open("/fabrikam.example")
    nicoles.submit("email", email="anybody@adatum.example")
    page = post_back(nicoles, idp, leave(nicoles, "Adatum SAML"), Person("x", "boss@firstupconsultants.com"))
    assert page.heading == "One more step"
    assert rows(fabrikam)[:2] == (0, 0)


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff", b"SAMLResponse=%ff%fe", b"a=1&" * 2000, b"SAMLResponse=" + b"A" * 600_000]
)
def test_B15_a_post_that_is_no_answer_is_refused_and_never_an_error(fabrikam: Tenant, body: bytes) -> None:
    answer = Browser().client.post(f"/{fabrikam.id}/saml/acs", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (400, 403, 413)
    assert rows(fabrikam) == (0, 0, 0)
