"""A guest redeems in Chromium, with JavaScript and without, from the mail to the application's own origin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test.utils import override_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from applications.operations import add_application
from guests.operations.inviting import Details, Invited, Inviter, invite_guest_by_mail
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.journeys.browser import code_in, link_in, post

Invite = Callable[[], str]


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    """Fabrikam with everything that pages can show of a tenant."""
    return factories.tenant(
        "Fabrikam",
        "fabrikam.example",
        colour="#274690",
        terms_text="Be kind\n\nWhat you see here stays here.",
        terms_version=3,
        privacy_statement_url="https://fabrikam.example/privacy",
    )


@pytest.fixture
def invited_by_mail(
    live_server: LiveServer, tenant: Tenant, application_url: str, operator: Actor, now: datetime
) -> str:
    """The link out of Nicole's invitation mail."""
    with override_settings(PUBLIC_URL=live_server.url), tenant_scope(tenant.id):
        add_application(
            tenant=tenant, name="Expense reports", description="Claims", url=application_url, actor=operator, now=now
        )
        invited = invite_guest_by_mail(
            tenant=tenant,
            address=canonical("nicole@firstupconsultants.com"),
            details=Details(name="Nicole Wagner", redirect_url=application_url, resource_name="Expense reports"),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
    assert isinstance(invited, Invited)
    with override_settings(PUBLIC_URL=live_server.url):
        return link_in(post(tenant)[0])


def test_R10_R20_R22_it_goes_from_the_mail_to_the_application(
    page: Page, quiet: list[str], tenant: Tenant, invited_by_mail: str, application_url: str
) -> None:
    seen: list[str] = []
    page.goto(invited_by_mail)
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re invited to Fabrikam")
    seen += findings(page)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    seen += findings(page)
    page.get_by_label("Code").fill("1234")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#code-error")).to_contain_text("A code has 8 digits.")
    seen += findings(page)
    page.get_by_label("Code").fill("0000 0000")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#code-error")).to_contain_text("That code did not work.")
    code = code_in(post(tenant)[0])
    page.get_by_label("Code").fill(f" {code[:4]}-{code[5:]} ")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review permissions")
    seen += findings(page)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Terms of use")
    seen += findings(page)
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(application_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Expense reports")
    host = invited_by_mail.split("/fabrikam.example")[0]
    page.goto(f"{host}/myapps/fabrikam.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("My Apps")
    seen += findings(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re signed out")
    seen += findings(page)
    assert seen == []


def test_R10_R20_it_goes_the_whole_way_without_javascript(
    browser: Browser, tenant: Tenant, invited_by_mail: str, application_url: str
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(invited_by_mail)
    page.get_by_role("button", name="Send code").click()
    page.get_by_label("Code").fill(code_in(post(tenant)[0]))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Terms of use")
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url(application_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Expense reports")


PAGES = {
    "/": "Sign in",
    "/sign-in-options": "Sign-in options",
    "/organization": "Sign in to an organization",
    "/fabrikam.example": "Sign in to Fabrikam",
    "/fabrikam.example/asked": "We passed it on",
    "/fabrikam.example/declined": "You declined",
    "/fabrikam.example/redeem/damaged": "This link no longer works",
    "/nobody.example": "There is no such page",
}


@pytest.mark.parametrize("path", PAGES)
def test_it_is_a_page_that_everybody_can_use(page: Page, live_server: Any, tenant: Tenant, path: str) -> None:
    page.goto(live_server.url + path)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert findings(page) == []
