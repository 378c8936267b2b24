"""Back, Forward, reload, a second tab and a reopened browser, on every step of a guest's way (R10, R14, R20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from applications.operations import add_application
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from outbox.models import OutboundMail
from passcodes.models import Challenge
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.browser.conftest import OpenPage, see
from tests.journeys.browser import code_in, post
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc
from tests.peers.hostile_op import HostileProvider, running

with_and_without_javascript = pytest.mark.parametrize(
    "how", [{}, {"java_script_enabled": False}], ids=["javascript", "no javascript"]
)


@pytest.fixture
def fabrikam(transactional_db: None, origin: str) -> Tenant:
    """Fabrikam at this test's origin, with terms of use."""
    return factories.tenant("Fabrikam", "fabrikam.example", terms_text="Be kind", terms_version=1)


@pytest.fixture
def link(fabrikam: Tenant, application_url: str, operator: Actor, now: datetime) -> str:
    """Nicole's invitation to the expense reports."""
    with tenant_scope(fabrikam.id):
        add_application(tenant=fabrikam, name="Expenses", description="", url=application_url, actor=operator, now=now)
        invited = invite_guest(
            tenant=fabrikam,
            address=canonical(NICOLE_AT_ADATUM),
            details=Details(name="Nicole Wagner", redirect_url=application_url, resource_name="Expense reports"),
            inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
            actor=operator,
            now=now,
        )
    assert isinstance(invited, Invited)
    return invited.link


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """An OpenID Connect provider that signs in whoever comes, without a question."""
    with running() as started:
        yield started


class Visit:
    """A tab, every answer of ours to it, and what the guest has cost so far."""

    def __init__(self, page: Page, tenant: Tenant) -> None:
        self.page, self.tenant = page, tenant
        self.broken: list[str] = []
        page.on("response", self._look_at)

    def _look_at(self, response: Response) -> None:
        if response.status >= 500:
            self.broken.append(f"{response.request.method} {response.url}: {response.status}")

    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def spent(self) -> tuple[int, int]:
        """Mails that were asked for, and tries that were counted."""
        with tenant_scope(self.tenant.id):
            return OutboundMail.objects.count(), sum(Challenge.objects.values_list("attempts", flat=True))

    def wander(self) -> list[str]:
        """Reload, Back, Forward, Back, reload, Forward: nothing is spent. Returns the heading after each of the first
        three moves; the last one leads there as well.
        """
        before = self.spent()
        stops = [self._heading_after(move) for move in (self.page.reload, self.page.go_back, self.page.go_forward)]
        self.page.go_back()
        self.page.reload()
        assert self._heading_after(self.page.go_forward) == stops[-1]
        assert self.spent() == before
        assert self.broken == []
        return stops

    def _heading_after(self, move: Callable[[], object]) -> str:
        move()
        return self.heading()


@with_and_without_javascript
def test_R10_R14_R20_no_move_in_the_history_costs_a_mail_or_a_try_or_breaks_a_page(
    open_page: OpenPage, fabrikam: Tenant, link: str, application_url: str, origin: str, how: dict[str, Any]
) -> None:
    visit = Visit(open_page(**how), fabrikam)
    page = visit.page
    page.goto(link)
    page.reload()
    see(page, "You’re invited to Fabrikam")
    assert visit.spent() == (0, 0)
    visit.press("Send code")
    see(page, "Enter your code")
    assert visit.wander() == ["Enter your code", "You’re invited to Fabrikam", "Enter your code"]
    code, code_url = code_in(post(fabrikam)[-1]), page.url
    page.get_by_label("Code").fill("0000 0000")
    visit.press("Continue")
    expect(page.locator("#code-error")).to_contain_text("That code did not work.")
    if how:  # a browser without JavaScript asks before it sends a form again
        page.go_back()
        see(page, "Enter your code")
    else:
        assert set(visit.wander()) == {"Enter your code"}
    assert visit.spent() == (1, 1)
    other = Visit(page.context.new_page(), fabrikam)
    other.page.goto(link)
    see(other.page, "You’re invited to Fabrikam")
    other.page.goto(code_url)
    page.goto(code_url)
    page.get_by_label("Code").fill(code)
    visit.press("Continue")
    see(page, "Review permissions")
    assert set(visit.wander()) == {"Review permissions"}
    other.page.get_by_label("Code").fill(code)  # it was used in the first tab
    other.press("Continue")
    see(other.page, "Review permissions")
    visit.press("Accept")
    see(page, "Terms of use")
    assert visit.wander()[::2] == ["Terms of use", "Terms of use"]
    other.press("Accept")  # on a page that was answered in the first tab
    see(other.page, "Terms of use")
    visit.press("Accept")
    page.wait_for_url(application_url)
    assert visit.wander()[::2] == ["Expense reports", "Expense reports"]
    page.goto(f"{origin}/myapps/fabrikam.example")
    see(page, "My Apps")
    assert visit.wander() == ["My Apps", "Expense reports", "My Apps"]
    visit.press("Sign out")
    see(page, "You’re signed out")
    page.reload()
    page.go_back()
    see(page, "Sign in to Fabrikam")
    page.go_forward()
    see(page, "You’re signed out")
    other.page.reload()
    see(other.page, "Sign in to Fabrikam")
    assert visit.spent() == (1, 2)
    assert visit.broken + other.broken == []


def test_R10_R37_a_reopened_tab_and_the_way_back_to_a_typed_address_send_nothing(
    open_page: OpenPage, fabrikam: Tenant, link: str, origin: str
) -> None:
    visit = Visit(open_page(), fabrikam)
    page = visit.page
    page.goto(f"{origin}/fabrikam.example/redeem/damaged")
    see(page, "This link no longer works")
    page.goto(f"{origin}/fabrikam.example")
    assert visit.wander() == ["Sign in to Fabrikam", "This link no longer works", "Sign in to Fabrikam"]
    page.get_by_label("Email").fill(NICOLE_AT_ADATUM)
    visit.press("Next")
    expect(page.get_by_role("button", name="Send code")).to_be_visible()
    assert set(visit.wander()) == {"Sign in to Fabrikam"}
    page.get_by_label("Email").fill(NICOLE_AT_ADATUM)
    visit.press("Next")
    visit.press("Send code")
    see(page, "Enter your code")
    assert visit.wander() == ["Enter your code", "Sign in to Fabrikam", "Enter your code"]
    before = visit.spent()
    reopened = Visit(open_page(storage_state=page.context.storage_state()), fabrikam)
    reopened.page.goto(page.url)
    see(reopened.page, "Enter your code")
    reopened.page.get_by_label("Code").fill(code_in(post(fabrikam)[-1]))
    reopened.press("Continue")
    see(reopened.page, "Review permissions")
    page.reload()
    assert visit.heading() != "Review permissions"
    assert reopened.spent() == (before[0], before[1] + 1)
    assert visit.broken + reopened.broken == []


def test_R36_no_move_in_the_history_after_a_provider_breaks_a_page_or_signs_in_somebody_else(
    open_page: OpenPage, fabrikam: Tenant, link: str, application_url: str, peer: HostileProvider
) -> None:
    add_oidc(fabrikam, peer.url, ADATUM)
    visit = Visit(open_page(), fabrikam)
    visit.page.goto(link)
    visit.press("Continue to Adatum ID")
    see(visit.page, "Review permissions")
    visit.page.reload()
    see(visit.page, "Review permissions")
    visit.page.go_back()
    visit.page.go_forward()
    see(visit.page, "Review permissions")
    visit.press("Accept")
    see(visit.page, "Terms of use")
    assert visit.wander()[::2] == ["Terms of use", "Terms of use"]
    visit.press("Accept")
    visit.page.wait_for_url(application_url)
    assert visit.wander()[::2] == ["Expense reports", "Expense reports"]
    assert visit.spent() == (0, 0)
