"""Another address, another code: what the guest wanted is not forgotten (R15, R17, R37c)."""

from __future__ import annotations

import pytest

from applications.models import Application
from guests.models import SignInFlow, Way
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page, code_in, post
from tests.journeys.conftest import EXPENSES, NICOLE, Invite
from tests.journeys.stories import agree, ask_by_address, minutes, pass_time

pytestmark = pytest.mark.django_db


@pytest.fixture
def nicoles(fabrikam: Tenant, expenses: Application, invite: Invite) -> Browser:
    """Her browser, at the application's direct link."""
    invite(fabrikam)
    browser = Browser()
    assert "For Expense reports" in browser.open(f"/signin/any/{expenses.id}?tenantId={fabrikam.id}").text
    return browser


def _to_the_application(browser: Browser, tenant: Tenant) -> Page:
    assert "For Expense reports" in browser.page.text
    browser.submit("email", email=NICOLE)
    browser.submit("Send code")
    browser.submit("code", code=code_in(post(tenant)[-1]))
    return agree(browser)


def test_R37c_use_another_address_keeps_the_application(fabrikam: Tenant, nicoles: Browser) -> None:
    page = nicoles.submit("email", email="kim@firstupconsultants.com")
    nicoles.open(page.links["Use another address"])
    assert _to_the_application(nicoles, fabrikam).leads_to == EXPENSES


@pytest.mark.parametrize("after", ["", "a wrong code", "a new code", "too long a time"])
def test_R37c_start_again_keeps_the_application(fabrikam: Tenant, nicoles: Browser, after: str) -> None:
    nicoles.submit("email", email=NICOLE)
    page = nicoles.submit("Send code")
    if after == "a wrong code":
        page = nicoles.submit("code", code="00000000")
    if after == "a new code":
        pass_time(fabrikam, minutes(2))
        page = nicoles.submit("Send it again")
    if after == "too long a time":
        pass_time(fabrikam, minutes(31))
        page = nicoles.open(page.url)
    assert page.heading != "Sign in to Fabrikam"
    nicoles.open(page.links["Start again"])
    assert _to_the_application(nicoles, fabrikam).leads_to == EXPENSES
    with tenant_scope(fabrikam.id):
        assert set(SignInFlow.objects.values_list("way", flat=True)) == {Way.APPLICATION}


def test_R15_send_it_again_too_soon_says_in_its_header_when(fabrikam: Tenant, invite: Invite) -> None:
    invite(fabrikam)
    browser = Browser()
    ask_by_address(browser, fabrikam, NICOLE)
    page = browser.submit("Send it again")
    assert page.status == 429
    assert 0 < int(page.response.headers["Retry-After"]) <= 60
