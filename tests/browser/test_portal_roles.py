"""R63, R42 in Chromium: a Global Administrator appoints a Helpdesk Administrator, who can reset and nothing else."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guests.models import Guest, Status
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Administrator, AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import OpenPage, see
from tests.doors.portal import BACKUP_CODE, accepted, signed_in, with_backup_code

OWN = "a long and fresh password"
FORCED = (
    "guests/guest/invite/",
    "tenants/tenant/",
    "tenants/administrator/",
    "tenants/administrator/appoint/",
    "tenants/auditentry/",
    "providers/identityprovider/",
    "providers/redemptionorder/email-passcode/",
    "applications/application/",
)


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")


@pytest.fixture
def nicole(tenant: Tenant, operator: Actor, now: datetime) -> Guest:
    """A guest who has redeemed with a passcode."""
    with tenant_scope(tenant.id):
        invited = invite_guest(
            tenant=tenant,
            address=canonical("nicole@firstupconsultants.com"),
            details=Details(name="Nicole Wagner"),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
    assert isinstance(invited, Invited)
    return accepted(invited.guest)


@pytest.fixture
def adele(open_page: OpenPage, live_server: LiveServer, tenant: Tenant) -> Page:
    """The browser of Fabrikam's Global Administrator."""
    client = signed_in(factories.administrator("adele@fabrikam.example", (tenant, Role.GLOBAL_ADMINISTRATOR)), tenant)
    page = open_page()
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    page.goto(f"{live_server.url}/admin/tenants/administrator/")
    return page


def appointed(adele: Page) -> tuple[str, list[str]]:
    """The password and the backup codes that Adele reads out."""
    adele.get_by_role("link", name="Appoint an administrator").click()
    adele.get_by_role("textbox", name="Email").fill("diego@fabrikam.example")
    adele.get_by_role("textbox", name="Name").fill("Diego Siciliani")
    adele.get_by_role("checkbox", name="Helpdesk Administrator").check()
    adele.get_by_role("button", name="Appoint").click()
    see(adele, "diego@fabrikam.example is appointed")
    password, *codes = (adele.locator("dt", has_text=name).locator("xpath=..") for name in ("Password", "Backup codes"))
    return password.locator("code").inner_text(), codes[0].locator("code").all_inner_texts()


def test_R63_a_helpdesk_administrator_is_appointed_and_can_reset_and_nothing_else(
    adele: Page, open_page: OpenPage, live_server: LiveServer, tenant: Tenant, nicole: Guest
) -> None:
    password, codes = appointed(adele)
    assert len(codes) == 3

    diego, portal = open_page(), f"{live_server.url}/admin/"
    diego.goto(portal)
    expect(diego.get_by_text("Lost your device and your backup codes?")).to_be_visible()
    diego.get_by_label("Email").fill("diego@fabrikam.example")
    diego.get_by_label("Password").fill(password)
    diego.get_by_label("Code from your authenticator").fill(codes[0])
    diego.get_by_role("button", name="Sign in").click()

    see(diego, "Choose your own password")
    expect(diego.get_by_role("navigation", name="Portal")).to_have_count(0)
    diego.goto(f"{portal}guests/guest/")
    see(diego, "Choose your own password")
    diego.get_by_label("Old password").fill(password)
    diego.get_by_label("New password:", exact=True).fill(OWN)
    diego.get_by_label("New password confirmation").fill(OWN)
    diego.get_by_role("button", name="Change password").click()
    see(diego, "Your password and new backup codes")
    assert findings(diego) == []
    assert len(set(diego.locator("main li code").all_inner_texts()) - set(codes)) == 10
    diego.get_by_role("link", name="go to the portal").click()

    see(diego, "Fabrikam")
    navigation = diego.get_by_role("navigation", name="Portal")
    expect(navigation.get_by_role("link", name="Guests", exact=True)).to_be_visible()
    for name in ("Settings", "Administrators", "Identity providers", "Applications", "Redemption order", "Audit log"):
        expect(navigation.get_by_role("link", name=name)).to_have_count(0)
    navigation.get_by_role("link", name="Guests", exact=True).click()
    see(diego, "Guests")
    expect(diego.get_by_role("link", name="Invite a guest")).to_have_count(0)
    diego.get_by_role("link", name="Nicole Wagner").click()
    for name in ("Block sign-in", "Save", "End all sessions"):
        expect(diego.get_by_role("button", name=name)).to_have_count(0)
    diego.get_by_role("link", name="Reset redemption status").click()
    diego.get_by_role("button", name="Reset").click()
    expect(diego.get_by_text("Reset", exact=False).first).to_be_visible()
    with tenant_scope(tenant.id):
        assert Guest.objects.get(pk=nicole.pk).redemption_status == Status.PENDING
        line = AuditEntry.objects.filter(subject_id=nicole.pk).order_by("-id")[0]
    assert line.actor_name == "Diego Siciliani"

    for page in FORCED:
        answer = diego.goto(f"{portal}{page}")
        assert answer is not None
        assert answer.status == 403, page
        see(diego, "Your role does not allow this")


def test_R63_an_offer_is_made_and_accepted(
    adele: Page, open_page: OpenPage, live_server: LiveServer, tenant: Tenant
) -> None:
    contoso = factories.tenant("Contoso", "contoso.example")
    megan = factories.administrator("megan@contoso.example", (contoso, Role.GLOBAL_READER))
    adele.get_by_role("link", name="Appoint an administrator").click()
    adele.get_by_role("textbox", name="Email").fill(megan.email)
    adele.get_by_role("checkbox", name="Helpdesk Administrator").check()
    adele.get_by_role("button", name="Appoint").click()
    see(adele, "megan@contoso.example is asked")
    found = findings(adele)
    adele.get_by_role("link", name="Back to the administrators").click()
    expect(adele.get_by_role("button", name="Withdraw the offer to megan@contoso.example")).to_be_visible()
    found += findings(adele)

    with_backup_code(megan)
    theirs = open_page()
    theirs.goto(f"{live_server.url}/admin/")
    theirs.get_by_label("Email").fill(megan.email)
    theirs.get_by_label("Password").fill(factories.PASSWORD)
    theirs.get_by_label("Code from your authenticator").fill(BACKUP_CODE)
    theirs.get_by_role("button", name="Sign in").click()
    see(theirs, "Choose a tenant")
    expect(theirs.get_by_role("heading", name="Fabrikam offers you a role")).to_be_visible()
    found += findings(theirs)
    theirs.get_by_role("button", name="Accept").click()
    expect(theirs.get_by_text("You accepted.")).to_be_visible()
    theirs.get_by_role("main").get_by_role("button", name="Open Fabrikam").click()
    see(theirs, "Fabrikam")
    assert found == []


def test_R63_the_pages_about_administrators_serve_everybody(
    adele: Page, live_server: LiveServer, tenant: Tenant
) -> None:
    found = findings(adele)
    appointed(adele)
    found += findings(adele)
    diego = Administrator.objects.get(email="diego@fabrikam.example")
    here = f"{live_server.url}/admin/tenants/administrator/"
    for page in ("appoint/", f"{diego.pk}/change/", f"{diego.pk}/remove/"):
        adele.goto(here + page)
        found += findings(adele)
    adele.goto(f"{here}appoint/")
    adele.get_by_role("button", name="Appoint").click()
    found += findings(adele)
    for page in ("account/", "account/password/"):
        adele.goto(f"{live_server.url}/admin/{page}")
        found += findings(adele)
    assert found == []


def test_R63_who_holds_no_role_yet_sees_their_account_on_every_screen(
    open_page: OpenPage, live_server: LiveServer, tenant: Tenant
) -> None:
    kim = factories.administrator("kim.abercrombie.of.purchasing@fabrikam.example", name="Kim Abercrombie")
    page = open_page(base_url=live_server.url)
    signed = signed_in(kim).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": signed, "url": live_server.url}])
    page.goto("/admin/account/")
    see(page, "Your account")
    expect(page.get_by_text("No tenant is open")).to_be_visible()
    assert not findings(page)
