"""A guest redeems at samlp in Chromium: its page posts the answer to us from another site, without our cookie."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tenants.models import Tenant
from tests import factories
from tests.browser.conftest import OpenPage, see
from tests.journeys.conftest import Invite, invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_saml
from tests.peers.processes import NodeProviders, introduce, node_providers
from tests.peers.saml_idp import needs_xmlsec1

__all__ = ["invite"]

pytestmark = needs_xmlsec1


@pytest.fixture(scope="module")
def samlp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProviders]:
    """Adatum's provider."""
    with node_providers(tmp_path_factory.mktemp("node-providers")) as running:
        yield running


@pytest.fixture
def link(transactional_db: None, origin: str, samlp: NodeProviders, invite: Invite) -> str:
    """The link of Nicole's invitation to Fabrikam, which works with samlp."""
    tenant: Tenant = factories.tenant("Fabrikam", "fabrikam.example")
    introduce(samlp, tenant, add_saml(tenant, samlp.metadata("saml"), ADATUM))
    return invite(tenant, NICOLE_AT_ADATUM).link


@pytest.mark.parametrize("has_javascript", [True, False], ids=["javascript", "none"])
def test_R30_2_R36_it_redeems_at_samlp_and_goes_back_and_reloads(
    open_page: OpenPage, origin: str, link: str, has_javascript: bool
) -> None:
    page = open_page(java_script_enabled=has_javascript)
    page.goto(link)
    page.get_by_role("button", name="Continue to Adatum SAML").click()
    see(page, "Partner sign-in")
    page.get_by_label("Email").fill(NICOLE_AT_ADATUM)
    page.get_by_role("button", name="Sign in").click()
    if not has_javascript:
        page.get_by_role("button", name="Submit").click()
    see(page, "Review permissions")
    assert page.url.startswith(f"{origin}/fabrikam.example/")
    page.reload()
    see(page, "Review permissions")
    page.get_by_role("button", name="Accept").click()
    see(page, "My Apps")
    expect(page.get_by_text(NICOLE_AT_ADATUM).first).to_be_visible()
    page.go_back()
    page.goto(f"{origin}/myapps/fabrikam.example")
    see(page, "My Apps")
