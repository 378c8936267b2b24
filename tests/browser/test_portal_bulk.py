"""A file of twenty guests in Chromium: uploaded, judged, started, followed, its result read; also without scripts."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from guests.models import Batch, Guest
from outbox.models import OutboundMail
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.axe import findings
from tests.browser.conftest import complaints_of, see
from tests.doors.bulk import lines, work_off
from tests.doors.portal import signed_in

BAD = (
    "jan@@tailspin.example",
    "ops@blocked.example",
    "adele@fabrikam.example",
    "mia@tailspin.example,https://tailspin.test/start",
    "Guest0@Many.example",
)
GOOD = tuple(f'guest{n}@many.example,,true,"Welcome, {n}",Guest {n}' for n in range(15))

Opens = Callable[..., Page]


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return factories.tenant("Fabrikam", "fabrikam.example", colour="#274690", denied_domains=["blocked.example"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "suppliers-q4.csv"
    path.write_bytes(lines(*GOOD[:7], *BAD, *GOOD[7:]))
    return path


@pytest.fixture
def portal(browser: Browser, live_server: LiveServer, tenant: Tenant) -> Iterator[Opens]:
    """Opens the portal in a browser of its own, at Fabrikam's User Administrator's desk."""
    client = signed_in(factories.administrator("adele@fabrikam.example", (tenant, Role.USER_ADMINISTRATOR)), tenant)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    opened: list[tuple[Page, list[str]]] = []

    def one(**how: Any) -> Page:
        page = browser.new_context(**how).new_page()
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        opened.append((page, complaints_of(page)))
        page.goto(live_server.url + "/admin/")
        return page

    yield one
    assert [text for _, complaints in opened for text in complaints] == []
    for page, _ in opened:
        page.context.close()


def a_worker_comes(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        for batch in Batch.objects.all():
            work_off(batch.pk, datetime.now(UTC))


def uploads(page: Page, file: Path) -> None:
    page.get_by_role("link", name="Bulk invitations").first.click()
    see(page, "Bulk invitations")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    see(page, "Check the file")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_R54_a_file_with_five_bad_rows_of_twenty_invites_fifteen(
    portal: Opens, tenant: Tenant, file: Path, scripts: bool
) -> None:
    page = portal(java_script_enabled=scripts)
    uploads(page, file)
    expect(page.get_by_role("heading", name="0 rows checked so far")).to_be_visible()
    a_worker_comes(tenant)
    page.get_by_role("link", name="Look again", exact=True).click()
    expect(page.get_by_text("20 rows. Nothing has been sent.")).to_be_visible()
    expect(page.get_by_role("region", name="Rows").locator("tbody tr")).to_have_count(5)
    for email, verdict in (
        ("jan@@tailspin.example", "Not an address"),
        ("ops@blocked.example", "Domain not allowed"),
        ("adele@fabrikam.example", "An administrator"),
        ("mia@tailspin.example", "Redirect not allowed"),
        ("The same person as row 2.", "Twice in the file"),
    ):
        expect(page.locator("#result_list tr", has_text=email).first).to_contain_text(verdict)
    page.get_by_role("button", name="Invite 15 guests").click()
    expect(page.get_by_role("heading", name="0 of 15 done")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="Paused: 0 of 15 done")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    a_worker_comes(tenant)
    page.get_by_role("link", name="Look again", exact=True).click()
    expect(page.get_by_role("heading", name="15 of 15 done")).to_be_visible()
    expect(page.get_by_text("The last of 15 invitation emails leaves at")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the result file").click()
    rows = list(csv.reader(StringIO(Path(download.value.path()).read_text("utf-8-sig"), newline="")))
    assert [row[-2] for row in rows].count("done") == 15
    assert [row[-2] for row in rows].count("refused") == 5
    with tenant_scope(tenant.id):
        assert Guest.objects.count() == OutboundMail.objects.count() == 15


def test_R54_a_file_that_cannot_be_read_is_uploaded_again(portal: Opens, tenant: Tenant, tmp_path: Path) -> None:
    page, workbook = portal(), tmp_path / "suppliers.xlsx"
    workbook.write_bytes(b"PK\x03\x04 and so on")
    uploads(page, workbook)
    a_worker_comes(tenant)
    page.get_by_role("link", name="Look again", exact=True).click()
    expect(page.get_by_text("This is an Excel workbook")).to_be_visible()
    page.get_by_role("link", name="Upload the file again").click()
    see(page, "Bulk invitations")


def test_R54_every_page_of_a_batch_serves_everybody(portal: Opens, tenant: Tenant, file: Path) -> None:
    page, found = portal(), list[str]()
    uploads(page, file)
    page.get_by_role("link", name="Keep this page still").click()
    found += findings(page)
    a_worker_comes(tenant)
    page.reload()
    found += findings(page)
    page.get_by_role("button", name="Invite 15 guests").click()
    page.get_by_role("link", name="Keep this page still").click()
    found += findings(page)
    page.get_by_role("button", name="Pause").click()
    found += findings(page)
    page.get_by_role("button", name="Go on").click()
    a_worker_comes(tenant)
    page.get_by_role("link", name="Look again", exact=True).click()
    found += findings(page)
    page.get_by_role("link", name="Revoke these invitations").click()
    see(page, "Revoke these invitations")
    found += findings(page)
    page.get_by_role("button", name="Revoke these invitations").click()
    a_worker_comes(tenant)
    page.get_by_role("link", name="Look again", exact=True).click()
    expect(page.get_by_role("heading", name="15 of 15 done")).to_be_visible()
    found += findings(page)
    page.get_by_role("link", name="Bulk invitations").first.click()
    see(page, "Bulk invitations")
    found += findings(page)
    page.get_by_role("link", name="Bulk work").first.click()
    see(page, "Bulk work")
    found += findings(page)
    assert found == []
