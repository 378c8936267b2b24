"""In Chromium: codes are turned off, three guests are named before Save and reset in the same step (R5, R43, R62)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guests.models import Guest
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from providers import operations
from providers.models import IdentityProvider
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import PHONE, OpenPage, see
from tests.doors.batches import work_off
from tests.doors.portal import accepted, signed_in
from tests.providers import given

PEOPLE = {"Nicole Wagner": "nicole", "Bertil Lund": "bertil", "Ines Moreau": "ines"}


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")


@pytest.fixture
def guests(tenant: Tenant, operator: Actor, now: datetime, registered: None) -> list[Guest]:
    """Three who redeemed with a passcode, and one who has not redeemed."""
    made = []
    for name, local in {**PEOPLE, "Karin Berg": "karin"}.items():
        with tenant_scope(tenant.id):
            invited = invite_guest(
                tenant=tenant,
                address=canonical(f"{local}@firstupconsultants.com"),
                details=Details(name=name),
                inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
                actor=operator,
                now=now,
            )
        assert isinstance(invited, Invited)
        made.append(accepted(invited.guest) if name in PEOPLE else invited.guest)
    return made


@pytest.fixture
def cookie(tenant: Tenant) -> str:
    """The session of its Global Administrator, after both factors."""
    client = signed_in(factories.administrator("adele@fabrikam.example", (tenant, Role.GLOBAL_ADMINISTRATOR)), tenant)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def portal(open_page: OpenPage, live_server: LiveServer, cookie: str) -> Callable[..., Page]:
    """Opens the portal in a browser of the given kind."""

    def opened(**how: Any) -> Page:
        page = open_page(base_url=live_server.url, **how)
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        return page

    return opened


@pytest.mark.parametrize("has_scripts", [True, False], ids=["R62-with JavaScript", "R62-without JavaScript"])
def test_R62_codes_are_turned_off_and_three_guests_reset_in_the_same_step(
    portal: Callable[..., Page], tenant: Tenant, guests: list[Guest], has_scripts: bool
) -> None:
    page = portal(java_script_enabled=has_scripts)
    page.goto(reverse("admin:providers_email_passcode"))
    expect(page.get_by_role("heading", name="What No would change today")).to_be_visible()
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Before you save: 3 guests would be locked out")).to_be_visible()
    for name in PEOPLE:
        expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.get_by_label("Reset their redemption status and invite them again")).to_be_checked()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Email one-time passcode for guests is off.")).to_be_visible()
    (batch,) = work_off(tenant)
    assert (batch.done, batch.failed) == (3, 0)
    page.goto(reverse("admin:guests_batch_change", args=[batch.pk]))
    expect(page.get_by_role("link", name="Nicole Wagner").or_(page.get_by_text("Nicole Wagner")).first).to_be_visible()
    with tenant_scope(tenant.id):
        assert set(Guest.objects.values_list("method", flat=True)) == {""}


def test_R62_keep_it_on_leaves_everything(portal: Callable[..., Page], tenant: Tenant, guests: list[Guest]) -> None:
    page = portal(viewport=PHONE)
    page.goto(reverse("admin:providers_email_passcode"))
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Keep it on").click()
    see(page, "Email one-time passcode")
    expect(page.get_by_label("Yes", exact=True)).to_be_checked()
    assert work_off(tenant) == []


def test_R62_who_was_left_is_reset_with_one_button_while_codes_are_off(
    portal: Callable[..., Page], tenant: Tenant, guests: list[Guest]
) -> None:
    page = portal()
    page.goto(reverse("admin:providers_email_passcode"))
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Leave them as they are").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="3 guests cannot sign in")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Reset these 3 guests").click()
    expect(page.get_by_text("The guests are being reset, one after another.")).to_be_visible()
    (batch,) = work_off(tenant)
    assert batch.done == 3


@pytest.fixture
def provider(tenant: Tenant, operator: Actor, now: datetime) -> IdentityProvider:
    with tenant_scope(tenant.id):
        made = operations.add_identity_provider(
            kind="saml",
            name="Northwind SAML",
            domains=["northwind.example"],
            settings=given.settings("saml"),
            actor=operator,
            now=now,
        )
    assert isinstance(made, IdentityProvider)
    return made


def test_R62_every_page_about_impact_serves_everybody(
    page: Page, cookie: str, live_server: LiveServer, guests: list[Guest], provider: IdentityProvider
) -> None:
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": cookie, "url": live_server.url}])
    found: list[str] = []
    for address in (
        reverse("admin:providers_email_passcode"),
        reverse("admin:guests_domain_lists"),
        reverse("admin:guests_microsoft_account"),
        reverse("admin:guests_remove_provider", args=[provider.pk]),
        f"{reverse('admin:guests_reset_many')}?method=emailOneTimePasscode",
        reverse("admin:guests_remind"),
    ):
        page.goto(live_server.url + address)
        found += findings(page)
    page.goto(live_server.url + reverse("admin:providers_email_passcode"))
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Save").click()
    found += findings(page)
    page.goto(live_server.url + reverse("admin:guests_domain_lists"))
    page.get_by_label("No guests from").fill("firstupconsultants.com")
    page.get_by_role("button", name="Save").click()
    found += findings(page)
    assert found == []
