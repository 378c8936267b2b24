"""The logs, a trace, the error codes and an export in Chromium: they serve everybody, without a script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tenants.sealing import seal_tenant
from tests import factories
from tests.browser.axe import findings
from tests.doors.portal import signed_in

LOG = "/admin/tenants/auditentry/"
PAGES = ("", "sign-ins/", "?address=nicole@firstupconsultants.com&outcome=refused&since=2026-01-01", "?since=never")
OTHERS = (
    "trace/?q=7F3A-91C2-0D4E",
    "trace/?q=nicole@firstupconsultants.com",
    "trace/?q=x",
    "errors/",
    "export/",
    "keeping/",
)


@pytest.fixture
def portal(page: Page, live_server: LiveServer, transactional_db: None) -> Page:
    """The portal, with a Global Administrator in it, after a busy morning."""
    tenant = factories.tenant("Fabrikam", "fabrikam.example", colour="#274690")
    morning(tenant)
    client = signed_in(factories.administrator("adele@fabrikam.example", (tenant, Role.GLOBAL_ADMINISTRATOR)), tenant)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    return page


def morning(tenant: Tenant) -> None:
    """Passcodes were turned off, and Nicole did not get in."""
    now = datetime.now(UTC)
    nicole, omar = "nicole@firstupconsultants.com", {"actor_kind": "administrator", "actor_name": "Omar Said"}
    first = "01C9-7A7A-3E11"
    challenge = "9b2f3a50-0f0e-4a5d-8f47-0d6f0b1f6f10"
    asking = {"actor_kind": "stranger", "source": "203.0.113.80", "address": nicole}
    code = {"subject_kind": "passcode", "subject_id": challenge}
    lines: list[dict[str, Any]] = [
        {"action": "guest.invited", "address": nicole, **omar, "source": "198.51.100.4"},
        {"action": "sign_in.begun", **asking, "correlation": first, "details": {"method": "emailOneTimePasscode"}},
        {"action": "passcode.requested", **asking, **code, "correlation": first, "details": {"pool": "stranger"}},
        {"action": "mail.handed_over", "actor_kind": "system", "actor_name": "Vestibule", **code, "address": nicole},
        {
            "action": "passcode.refused", **asking, **code, "correlation": "7F3A-91C2-0D4E", "outcome": "refused",
            "code": "E-CODE", "details": {"address": nicole, "step": "try", "reason": "wrong"},
        },
        {
            "action": "email_passcode.set", **omar, "source": "198.51.100.4", "correlation": "B210-44E7-9A01",
            "details": {"before": "default", "after": "disabled"},
        },
        {
            "action": "sign_in.begun", **asking, "correlation": "66D0-12F8-0B7C", "outcome": "refused",
            "code": "E-OTP-OFF", "details": {"address": nicole, "reason": "Email one-time passcode is off."},
        },
        *({"action": "guest.signed_in", "actor_kind": "guest", "actor_name": f"guest{n}@x.example"} for n in range(30)),
    ]  # fmt: skip
    with tenant_scope(tenant.id):
        for number, line in enumerate(lines):
            at = now - timedelta(minutes=90 - 1.7 * number)
            AuditEntry.objects.create(
                **{"tenant_id": tenant.id, "at": at, "happened_at": at, "outcome": "success", **line}
            )
        seal_tenant()  # files end where the history is sealed


def test_R64_the_pages_of_the_history_serve_everybody(portal: Page, live_server: LiveServer) -> None:
    found = list[str]()
    for path in (*PAGES, *OTHERS):
        portal.goto(f"{live_server.url}{LOG}{path}")
        found += findings(portal)
    assert found == []


def test_R64_an_administrator_finds_out_why_somebody_did_not_get_in_and_who_turned_it_off(
    portal: Page, live_server: LiveServer
) -> None:
    portal.goto(f"{live_server.url}/admin/")
    portal.get_by_role("link", name="Sign-in log").click()
    portal.get_by_label("Search").fill("nicole@firstupconsultants.com")
    portal.get_by_role("button", name="Search").click()
    row = portal.locator("tbody tr").first
    expect(row).to_contain_text("Email one-time passcode is off. Turn them on")
    row.get_by_role("link", name="66D0-12F8-0B7C").click()
    expect(portal.get_by_role("heading", level=1)).to_have_text("Trace 66D0-12F8-0B7C")
    expect(portal.locator(".v-story")).to_contain_text("They saw")
    portal.get_by_role("navigation", name="Portal").get_by_role("link", name="Audit log", exact=True).click()
    portal.get_by_role("link", name="Settings and providers", exact=True).click()
    expect(portal.locator("tbody tr")).to_have_count(1)
    expect(portal.locator("tbody tr")).to_contain_text("Turned email passcodes off")
    expect(portal.locator("tbody tr")).to_contain_text("Omar Said")


def test_R64_a_file_is_downloaded_by_a_button(portal: Page, live_server: LiveServer) -> None:
    portal.goto(f"{live_server.url}{LOG}?group=settings")
    portal.get_by_role("link", name="Export these entries").click()
    with portal.expect_download() as download:
        portal.get_by_role("button", name="Download as CSV").click()
    assert download.value.suggested_filename.endswith(".csv")
    assert "turned email passcodes off" in Path(download.value.path()).read_text(encoding="utf-8-sig")
