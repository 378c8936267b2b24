"""A guest redeems at their company's own provider in Chromium: out of our pages, into somebody else's, and back."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from applications.operations import add_application
from config.stack.contoso_id.program import Client
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from providers.connections import return_url
from providers.kinds import BY_ID
from providers.models import IdentityProvider
from providers.operations import add_identity_provider
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import DESKTOP, PHONE, OpenPage, see
from tests.peers.contoso_id import ContosoId

BERTIL = "bertil@contoso-id.example"


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """Fabrikam with terms of use."""
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690", terms_text="Be kind", terms_version=1)


@pytest.fixture
def link(
    origin: str, tenant: Tenant, contoso_id: ContosoId, application_url: str, operator: Actor, now: datetime
) -> str:
    """The link of Bertil's invitation. His company's provider is set up here, and Fabrikam is registered there."""
    client: Client = contoso_id.register()
    with tenant_scope(tenant.id):
        provider = add_identity_provider(
            kind="openIdConnect",
            name="Contoso ID",
            domains=["contoso-id.example"],
            settings={"issuer": contoso_id.issuer, "client_id": client.client_id},
            secret=client.client_secret,
            actor=operator,
            now=now,
        )
        assert isinstance(provider, IdentityProvider)
        contoso_id.send_back(
            client, return_url(kind=BY_ID["openIdConnect"], tenant_id=tenant.id, provider_id=provider.id)
        )
        add_application(
            tenant=tenant, name="Expense reports", description="Claims", url=application_url, actor=operator, now=now
        )
        invited = invite_guest(
            tenant=tenant,
            address=canonical(BERTIL),
            details=Details(name="Bertil Lind", redirect_url=application_url, resource_name="Expense reports"),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
    assert isinstance(invited, Invited)
    return invited.link


def go_to_contoso_id(page: Page, contoso_id: ContosoId) -> None:
    """Press Continue; the page in between goes on by itself."""
    page.get_by_role("button", name="Continue to Contoso ID").click()
    see(page, "Contoso ID")
    assert page.url.startswith(f"{contoso_id.issuer}/")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "360px"])
@pytest.mark.parametrize("has_javascript", [True, False], ids=["javascript", "none"])
def test_R30_2_R36_it_redeems_at_the_partners_provider(
    open_page: OpenPage,
    origin: str,
    link: str,
    contoso_id: ContosoId,
    application_url: str,
    viewport: dict[str, int],
    has_javascript: bool,
) -> None:
    page = open_page(java_script_enabled=has_javascript, viewport=viewport)
    page.goto(link)
    see(page, "You’re invited to Fabrikam")
    go_to_contoso_id(page, contoso_id)
    expect(page.get_by_label("Email address")).to_have_value(BERTIL)
    page.get_by_role("button", name="Continue").click()
    see(page, "Review permissions")
    assert page.url.startswith(f"{origin}/fabrikam.example/")
    assert "code=" not in page.url
    page.get_by_role("button", name="Accept").click()
    see(page, "Terms of use")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(application_url)
    see(page, "Expense reports")
    page.goto(f"{origin}/myapps/fabrikam.example")
    see(page, "My Apps")
    expect(page.get_by_text(BERTIL).first).to_be_visible()


def test_R3_it_signs_in_again_at_the_provider_that_the_guest_redeemed_at(
    open_page: OpenPage, origin: str, link: str, contoso_id: ContosoId, application_url: str
) -> None:
    page = open_page()
    page.goto(link)
    go_to_contoso_id(page, contoso_id)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Accept").click()
    see(page, "Terms of use")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(application_url)
    page.goto(f"{origin}/myapps/fabrikam.example")
    page.get_by_role("button", name="Sign out").click()
    see(page, "You’re signed out")
    page.goto(f"{origin}/fabrikam.example")
    page.get_by_label("Email").fill(BERTIL)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Continue to Contoso ID").click()
    see(page, "My Apps")


def test_R23_it_comes_back_from_a_cancelled_sign_in_to_try_again(
    open_page: OpenPage, link: str, contoso_id: ContosoId
) -> None:
    page = open_page()
    page.goto(link)
    go_to_contoso_id(page, contoso_id)
    page.get_by_role("button", name="Cancel").click()
    see(page, "You declined")
    page.goto(link)
    go_to_contoso_id(page, contoso_id)
    page.get_by_role("button", name="Continue").click()
    see(page, "Review permissions")


def test_R23_R36_it_lets_nobody_else_redeem_and_offers_to_choose_another_account(
    open_page: OpenPage, link: str, contoso_id: ContosoId
) -> None:
    page = open_page()
    page.goto(link)
    go_to_contoso_id(page, contoso_id)
    page.get_by_label("Email address").fill("karin@contoso-id.example")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Review permissions")
    expect(page.locator("main")).to_contain_text("karin@contoso-id.example")
    page.get_by_role("button", name="Use another account").click()
    see(page, "Contoso ID")
    expect(page.locator("main")).to_contain_text("You are signed in here as karin@contoso-id.example")
    page.get_by_label("Email address").fill(BERTIL)
    page.get_by_role("button", name="Continue").click()
    see(page, "Review permissions")


def test_it_is_a_way_that_everybody_can_go(page: Page, quiet: list[str], link: str, contoso_id: ContosoId) -> None:
    page.goto(link)
    seen = findings(page)
    go_to_contoso_id(page, contoso_id)
    page.get_by_label("Email address").fill("bertil")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#mistake")).to_be_visible()
    seen += findings(page)
    page.get_by_label("Email address").fill("karin@contoso-id.example")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("main")).to_contain_text("karin@contoso-id.example")
    seen += findings(page)
    assert seen == []
