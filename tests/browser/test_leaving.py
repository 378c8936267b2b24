"""A guest leaves in Chromium, on a phone and without a script, and an administrator brings them back (R55)."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guests.models import Guest
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import DESKTOP, PHONE, OpenPage, complaints_of, see
from tests.doors.portal import signed_in
from tests.journeys.browser import code_in, post

NICOLE = "nicole@firstupconsultants.com"


@pytest.fixture
def fabrikam(transactional_db: None, origin: str) -> Tenant:
    """Fabrikam at this test's origin."""
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")


@pytest.fixture
def link(fabrikam: Tenant, operator: Actor, now: datetime) -> str:
    """Nicole's invitation."""
    with tenant_scope(fabrikam.id):
        invited = invite_guest(
            tenant=fabrikam,
            address=canonical(NICOLE),
            details=Details(name="Nicole Wagner"),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
    assert isinstance(invited, Invited)
    return invited.link


def administrators(page: Page, tenant: Tenant, url: str) -> Page:
    """The page, with an administrator of Fabrikam's users in its portal."""
    client = signed_in(factories.administrator("adele@fabrikam.example", (tenant, Role.USER_ADMINISTRATOR)), tenant)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
    page.goto(url + reverse("admin:guests_guest_changelist"))
    return page


def signed_in_guest(page: Page, tenant: Tenant) -> None:
    """From Enter code over consent to My Apps."""
    page.get_by_label("Code").fill(code_in(post(tenant)[-1]))
    page.get_by_role("button", name="Continue").click()
    if page.get_by_role("button", name="Accept").count():
        page.get_by_role("button", name="Accept").click()
    see(page, "My Apps")


@pytest.mark.parametrize("script", [False, True], ids=["no script", "script"])
def test_R55_a_guest_leaves_and_an_administrator_brings_them_back(
    fabrikam: Tenant, link: str, open_page: OpenPage, origin: str, live_server: LiveServer, script: bool
) -> None:
    page = open_page(viewport=PHONE, java_script_enabled=script)
    page.goto(link)
    page.get_by_role("button", name="Send code").click()
    signed_in_guest(page, fabrikam)
    found: list[object] = []
    for name, heading in (
        ("Where you’re signed in", "About you at Fabrikam"),
        ("Leave Fabrikam", "Leave Fabrikam?"),
    ):
        page.get_by_role("link", name=name).click()
        see(page, heading)
        if script:
            found += findings(page)
    page.get_by_role("button", name="Leave Fabrikam").click()
    see(page, "You have left Fabrikam")
    if script:
        assert found + findings(page) == []
    page.goto(f"{origin}/myapps/fabrikam.example")
    see(page, "Sign in to Fabrikam")

    portal = administrators(open_page(viewport=DESKTOP), fabrikam, live_server.url)
    portal.get_by_role("link", name="Deleted guests").click()
    portal.get_by_role("button", name="Restore Nicole Wagner").click()
    see(portal, "Nicole Wagner")
    expect(portal.get_by_text("Nicole Wagner is restored.")).to_be_visible()
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get().has_accepted

    page.get_by_label("Email").fill(NICOLE)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Send code").click()
    signed_in_guest(page, fabrikam)


def test_R55_the_pages_of_a_guest_in_the_portal_serve_everybody(
    fabrikam: Tenant, link: str, page: Page, live_server: LiveServer, operator: Actor, now: datetime
) -> None:
    said = complaints_of(page)
    page.set_viewport_size({"width": 360, "height": 740})
    administrators(page, fabrikam, live_server.url)
    page.get_by_role("link", name="Nicole Wagner").click()
    page.get_by_label("Other addresses").fill("nicole@home.example")
    page.get_by_label("Sponsor 2:").fill("Bertil Lind")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The changes to Nicole Wagner are saved.")).to_be_visible()
    page.get_by_role("link", name="Delete", exact=True).click()
    see(page, "Delete Nicole Wagner")
    page.get_by_role("button", name="Delete Nicole Wagner").click()
    see(page, "Deleted guests")
    assert said == []  # axe itself is refused its styles, so it comes last
    found = findings(page)
    page.get_by_role("button", name="Restore Nicole Wagner").click()
    see(page, "Nicole Wagner")
    found += findings(page)
    page.get_by_label("Other addresses").fill("nobody")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += findings(page)
    page.get_by_role("link", name="Delete", exact=True).click()
    see(page, "Delete Nicole Wagner")
    assert found + findings(page) == []
