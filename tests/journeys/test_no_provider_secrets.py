"""B4 for round trips to providers: what binds one, what came back and what was entered stand in no table and no log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from config.logs import HideTickets
from guests.models import SignInFlow
from providers.handshakes import handshake
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.house.test_no_secrets import disguises, dump
from tests.journeys.browser import Browser
from tests.journeys.conftest import ADELE, Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, add_saml, bring, leave, post_back
from tests.journeys.stories import agree
from tests.peers.hostile_op import CLIENT_SECRET, running
from tests.peers.saml_idp import Person, SamlIdp, needs_xmlsec1

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that was logged, as the product's handler would write it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.addFilter(HideTickets())
    root = logging.getLogger()
    kept = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(kept)
    root.removeHandler(handler)


def shake_of(tenant: Tenant) -> tuple[str, ...]:
    """State, nonce and verifier of the last round trip."""
    with tenant_scope(tenant.id):
        flow = SignInFlow.objects.exclude(kind="").latest("created_at")
    assert flow.handshake_salt is not None
    found = handshake(
        tenant_id=tenant.id, flow_id=flow.id, key_id=flow.handshake_key_id or 0, salt=bytes(flow.handshake_salt)
    )
    return found.state, found.nonce, found.verifier


def test_B4_an_openid_connect_round_trip_leaves_no_secret(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, log: io.StringIO
) -> None:
    with running() as peer:
        provider = add_oidc(fabrikam, peer.url, ADATUM)
        browser = Browser()
        browser.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
        url = leave(browser)
        peer.person = {"email": NICOLE_AT_ADATUM}
        brought = peer.come_back(url)
        issued = peer.codes[brought["code"]][1]
        assert bring(browser, fabrikam, provider, brought).heading == "Review permissions"
        agree(browser)
    secrets = {CLIENT_SECRET, brought["code"], issued["id_token"], issued["access_token"], *shake_of(fabrikam)}
    assert dict(parse_qsl(urlsplit(url).query))["state"] in secrets
    look_for(secrets, {"rows": dump(), "log": log.getvalue()})


@needs_xmlsec1
def test_B4_a_saml_round_trip_leaves_no_assertion_and_no_key(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, log: io.StringIO, tmp_path: Path
) -> None:
    idp = SamlIdp(tmp_path)
    add_saml(fabrikam, idp.metadata, ADATUM)
    idp.trust(Browser().client.get(f"/{fabrikam.id}/saml/metadata").content)
    browser = Browser()
    browser.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    page = post_back(browser, idp, leave(browser, "Adatum SAML"), Person(mail=NICOLE_AT_ADATUM))
    assert page.heading == "Review permissions"
    look_for({"SAMLResponse", "PRIVATE KEY", *shake_of(fabrikam)}, {"rows": dump(), "log": log.getvalue()})


def look_for(secrets: set[str], places: dict[str, str]) -> None:
    found = [
        (where, secret[:12])
        for where, text in places.items()
        for secret in secrets
        if any(one in text for one in disguises(secret))
    ]
    assert found == []
    assert ADELE.address in places["rows"], "the search sees what is there"
