"""Inviting, one invitation and the mails in Chromium: they serve everybody, and need no script."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.conf import settings
from django.db.models.functions import Now
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from guests.operations.inviting import Details, Invited, Inviter, invite_guest_by_mail
from guests.operations.resending import remind_guest
from outbox.models import OutboundMail, State
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant, WhoMayInvite
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import complaints_of
from tests.doors.portal import signed_in

INVITE = "/admin/guests/guest/invite/"


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")


@pytest.fixture
def portal(page: Page, live_server: LiveServer, tenant: Tenant) -> Page:
    client = signed_in(factories.administrator("adele@fabrikam.example", (tenant, Role.GLOBAL_ADMINISTRATOR)), tenant)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    page.goto(live_server.url + INVITE)
    return page


@pytest.fixture
def bounced(tenant: Tenant, operator: Actor, now: datetime) -> Invited:
    """An invitation whose mail bounced, of which the guest was reminded since."""
    with tenant_scope(tenant.id):
        invited = invite_guest_by_mail(
            tenant=tenant,
            address=canonical("nicole@firstupconsultants.com"),
            details=Details(name="Nicole Wagner", message="Hello Nicole,\nplease come in."),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
        assert isinstance(invited, Invited)
        OutboundMail.objects.update(
            state=State.BOUNCED, reason="550 5.1.1 … there is no such mailbox", settled_at=Now(), bounced_at=Now()
        )
        remind_guest(tenant=tenant, invitation_id=invited.invitation.pk, actor=operator, now=now)
        OutboundMail.objects.waiting().update(state=State.FAILED, settled_at=Now(), reason="mail provider refused")
    return invited


def test_R51_inviting_serves_everybody(portal: Page, bounced: Invited) -> None:
    complaints = complaints_of(portal)
    expect(portal.get_by_role("heading", level=1)).to_have_text("Invite a guest")
    assert findings(portal) == []
    portal.locator("form").last.evaluate("form => { form.noValidate = true }")
    portal.get_by_label("Copy to").fill("nobody")
    portal.get_by_role("button", name="Invite", exact=True).click()
    expect(portal.get_by_text("2 things need another look.")).to_be_visible()
    assert findings(portal) == []
    portal.get_by_label("Copy to").fill("")
    portal.get_by_label("Email:").fill("nicole@firstupconsultants.com")
    portal.get_by_role("button", name="Invite", exact=True).click()
    expect(portal.get_by_role("heading", name="Nicole Wagner is a guest already")).to_be_visible()
    assert findings(portal) == []
    portal.get_by_label("Message").fill("Hello,\nplease come in.")
    portal.get_by_role("button", name="See the email first").click()
    expect(portal.get_by_text("| please come in.")).to_be_visible()
    assert findings(portal) == []
    portal.get_by_role("button", name="Go on editing").click()
    expect(portal.get_by_label("Message")).to_have_value("Hello,\nplease come in.")
    assert complaints == []


def test_R53_the_page_that_says_that_nobody_invites_serves_everybody(portal: Page, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(who_may_invite=WhoMayInvite.NONE)
    portal.reload()
    assert findings(portal) == []


@pytest.mark.parametrize(
    "path", ["/admin/guests/invitation/", "/admin/outbox/outboundmail/", "/admin/tenants/tenant/", ""]
)
def test_R18_R52_lists_and_one_invitation_serve_everybody(
    portal: Page, live_server: LiveServer, bounced: Invited, path: str
) -> None:
    complaints = complaints_of(portal)
    portal.goto(live_server.url + (path or f"/admin/guests/invitation/{bounced.invitation.pk}/change/"))
    assert findings(portal) == []
    assert complaints == []
