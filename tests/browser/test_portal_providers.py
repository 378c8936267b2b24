"""The portal's pages on a tenant's own providers in Chromium: they serve everybody, and adding one needs no script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from providers import operations
from providers.models import IdentityProvider
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import complaints_of
from tests.doors.portal import signed_in
from tests.providers import given
from tests.providers.listening import Listener, listening, says


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")


@pytest.fixture
def broken() -> Iterator[Listener]:
    """A partner's provider that answers with an error of its own."""
    with listening(says(b"{}", status="500 Internal Server Error")) as partner:
        yield partner


@pytest.fixture
def portal(page: Page, live_server: LiveServer, tenant: Tenant) -> Page:
    """The portal, with an administrator of providers in it."""
    role = Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR
    client = signed_in(factories.administrator("adele@fabrikam.example", (tenant, role)), tenant)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    page.goto(live_server.url + reverse("admin:providers_custom"))
    return page


@pytest.fixture
def three(tenant: Tenant, broken: Listener, operator: Actor, now: datetime) -> list[IdentityProvider]:
    """One whose certificate is about to end, one that fails its test, one that is off."""
    said: Any = {"actor": operator, "now": now}
    with tenant_scope(tenant.id):
        ending = operations.add_identity_provider(
            kind="saml",
            name="Northwind SAML",
            domains=["northwind.example", "northwind-traders.example"],
            settings={"metadata": given.metadata(ends_at=now + timedelta(days=9, hours=1))},
            **said,
        )
        failing = operations.add_identity_provider(
            kind="openIdConnect",
            name="Contoso ID",
            domains=["contoso.example"],
            settings=given.settings("openIdConnect", issuer=broken.url.rstrip("/")),
            secret=given.SECRET,
            **said,
        )
        off = operations.add_identity_provider(
            kind="google", name="Google", domains=[], settings={"client_id": "x"}, secret=given.SECRET, **said
        )
        found = [one for one in (ending, failing, off) if isinstance(one, IdentityProvider)]
        operations.test_identity_provider(provider_id=found[0].id, **said)
        operations.test_identity_provider(provider_id=found[1].id, **said)
        operations.disable_identity_provider(provider_id=found[2].id, **said)
    assert len(found) == 3
    return found


def test_R61_every_page_of_theirs_serves_everybody(
    portal: Page, live_server: LiveServer, three: list[IdentityProvider]
) -> None:
    addresses = [
        reverse("admin:providers_identityprovider_changelist"),
        reverse("admin:providers_custom"),
        reverse("admin:providers_add"),
        f"{reverse('admin:providers_add')}?kind=saml",
        reverse("admin:providers_identityprovider_change", args=[three[0].id]),
        reverse("admin:providers_edit", args=[three[1].id]),
    ]
    said = complaints_of(portal)
    for address in addresses:
        portal.goto(live_server.url + address)
    assert said == []  # before axe, which breaks the policy itself
    found: list[str] = []
    for address in addresses:
        portal.goto(live_server.url + address)
        found += findings(portal)
    assert found == []


@pytest.mark.parametrize("browser_context_args", [{"java_script_enabled": False}], indirect=True)
def test_R61_one_is_added_from_a_file_and_tested_without_a_script(portal: Page, tenant: Tenant) -> None:
    portal.get_by_role("link", name="Add a provider").click()
    portal.get_by_role("link", name="SAML 2.0").click()
    portal.get_by_label("Name:").fill("Northwind")
    portal.get_by_label("Domains:").fill("northwind.example")
    portal.get_by_role("button", name="Add").click()
    expect(portal.get_by_text("its address, or the file")).to_be_visible()
    expect(portal.get_by_label("Name:")).to_have_value("Northwind")
    portal.get_by_label("as a file").set_input_files(
        {"name": "metadata.xml", "mimeType": "text/xml", "buffer": given.metadata().encode()}
    )
    portal.get_by_role("button", name="Add").click()
    expect(portal.get_by_role("heading", level=1)).to_have_text("Northwind")
    expect(portal.get_by_text(f"/{tenant.id}/saml/acs")).to_be_visible()
    portal.get_by_role("button", name="Test connection").click()
    expect(portal.get_by_role("list", name="What the test found")).to_be_visible()
    portal.get_by_role("link", name="Switch on").click()
    portal.get_by_role("button", name="Switch on Northwind").click()
    expect(portal.get_by_text("Northwind is on.")).to_be_visible()
