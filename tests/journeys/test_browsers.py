"""One guest, several browsers and tabs, a back button and cookies that get lost (R16, R20)."""

from __future__ import annotations

import pytest

from applications.models import Application
from tenants.models import Tenant
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.stories import ask, ask_by_address, attempts, guest, path_of, sessions, sign_in

KIM = "kim@firstupconsultants.com"


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def forget(browser: Browser, part: str) -> None:
    """The browser loses the cookies whose name has this part."""
    for name in [name for name in browser.client.cookies if part in name]:
        del browser.client.cookies[name]


def starts_again(browser: Browser) -> bool:
    """Whether the page says so clearly and has a way to do it."""
    page = browser.page
    return page.status == 403 and page.heading == "Please start again" and "Start again" in page.links


def test_R16_a_code_opens_nothing_in_another_browser(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    code = ask(nicoles, fabrikam, invite(fabrikam).link)
    other = Browser()
    other.open("/fabrikam.example")
    other.open(nicoles.page.url)
    assert starts_again(other)
    assert "firstupconsultants" not in other.page.source
    assert other.open(other.page.links["Start again"]).heading == "Sign in to Fabrikam"
    other.page = nicoles.page  # the form itself, carried over
    other.submit("code", code=code)
    assert other.page.status == 403
    token = other.client.cookies["vestibule-csrf"].value
    other.client.post(nicoles.page.url, {"code": code, "csrfmiddlewaretoken": token})
    assert (attempts(fabrikam), sessions(fabrikam)) == (0, 0)
    assert nicoles.submit("code", code=code).heading == "Review permissions"


def test_R16_the_other_browsers_own_flow_does_not_take_the_code(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam).link
    code = ask(nicoles, fabrikam, link)
    other = Browser()
    ask(other, fabrikam, link)
    assert other.submit("code", code=code).status == 422
    assert sessions(fabrikam) == 0


def test_R16_two_tabs_work_side_by_side(fabrikam: Tenant, contoso: Tenant, invite: Invite, nicoles: Browser) -> None:
    first = ask(nicoles, fabrikam, invite(fabrikam).link)
    left = nicoles.page
    second = ask(nicoles, contoso, invite(contoso).link)
    right = nicoles.page
    nicoles.page = left
    assert nicoles.submit("code", code=second).status == 422  # each tab takes its own code only
    nicoles.page = left
    assert nicoles.submit("code", code=first).heading == "Review permissions"
    nicoles.page = right
    assert nicoles.submit("code", code=second).heading == "Review permissions"
    assert (sessions(fabrikam), sessions(contoso)) == (1, 1)


def test_R16_two_tabs_of_one_tenant_hold_two_guests_apart(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    nicole = ask(nicoles, fabrikam, invite(fabrikam).link)
    left = nicoles.page
    kim = ask(nicoles, fabrikam, invite(fabrikam, KIM).link)
    assert nicoles.submit("code", code=kim).heading == "Review permissions"
    assert KIM in nicoles.page.source
    nicoles.page = left
    assert nicoles.submit("code", code=nicole).heading == "Review permissions"
    assert KIM not in nicoles.page.source


def test_R10_the_back_button_is_safe_after_each_step(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(terms_text="Be kind.", terms_version=1)
    link = invite(fabrikam, redirect_url=EXPENSES).link
    ask(nicoles, fabrikam, link)
    code = ask(nicoles, fabrikam, link)  # back to the invitation, Send code once more
    entering = nicoles.page
    nicoles.submit("code", code=code)
    permissions = nicoles.page

    assert nicoles.open(entering.url).heading == "Review permissions"  # back to Enter code
    nicoles.page = entering
    assert nicoles.submit("code", code=code).heading == "Review permissions"  # and the form sent again
    nicoles.page = permissions
    terms = nicoles.submit("Accept", button=("answer", "accept"))
    assert terms.heading == "Terms of use"

    assert nicoles.open(permissions.url).heading == "Terms of use"  # back to permissions
    nicoles.page = permissions
    assert nicoles.submit("Accept", button=("answer", "accept")).heading == "Terms of use"
    nicoles.page = terms
    assert nicoles.submit("Accept", button=("answer", "accept")).leads_to == EXPENSES

    assert nicoles.open(terms.url).leads_to == EXPENSES  # back to the terms
    for page in (terms, permissions):
        nicoles.page = page
        assert nicoles.submit("Accept", button=("answer", "accept")).leads_to == EXPENSES
    assert nicoles.client.get(path_of(link)).headers["Location"] == EXPENSES
    assert nicoles.open(entering.url).leads_to == EXPENSES
    assert sessions(fabrikam) == 1


def test_R16_the_lost_cookie_of_the_browser_leads_to_a_new_start(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam).link
    code = ask(nicoles, fabrikam, link)
    forget(nicoles, "browser")
    nicoles.submit("code", code=code)
    assert starts_again(nicoles)
    assert (attempts(fabrikam), sessions(fabrikam)) == (0, 0)
    code = ask(nicoles, fabrikam, link)
    assert nicoles.submit("code", code=code).heading == "Review permissions"


def test_R16_without_any_cookie_it_says_so_and_leads_back_to_the_form(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    code = ask(nicoles, fabrikam, invite(fabrikam).link)
    url = nicoles.page.url
    forget(nicoles, "vestibule")
    answer = nicoles.client.post(
        url,
        nicoles.page.form_with("code").fields | {"code": code},
        headers={"referer": f"http://testserver{url}"},
    )
    page = nicoles._arrive(answer, url)
    assert starts_again(nicoles)
    assert page.links["Start again"] == url
    assert "cookie" in page.text
    assert nicoles.open(url).status == 403
    assert "cookies are off" in nicoles.page.text
    assert starts_again(nicoles)
    assert (attempts(fabrikam), sessions(fabrikam)) == (0, 0)


def test_R16_the_clear_page_never_leads_to_another_site(fabrikam: Tenant, nicoles: Browser) -> None:
    for referer in (
        "https://evil.example/",
        "http://testserver.evil.example/",
        "javascript:alert(1)",
        "//evil.example",
    ):
        answer = nicoles.client.post("/fabrikam.example", {"email": "x"}, headers={"referer": referer})
        nicoles._arrive(answer, "/")
        assert starts_again(nicoles)
        assert nicoles.page.links["Start again"] == "/"


def test_R20_the_lost_session_on_the_consent_page_leads_to_signing_in_again(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    nicoles.open(invite(fabrikam).link)
    code = ask(nicoles, fabrikam, invite(fabrikam).link)
    nicoles.submit("code", code=code)
    forget(nicoles, "guest")
    page = nicoles.submit("Accept", button=("answer", "accept"))
    assert (page.status, page.heading) == (403, "Please sign in again")
    assert page.links["Sign in again"] == "/fabrikam.example"
    assert not guest(fabrikam).has_accepted


def test_R20_before_consent_a_session_reaches_nothing_else(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser
) -> None:
    code = ask(nicoles, fabrikam, invite(fabrikam).link)
    nicoles.submit("code", code=code)
    for url in (
        "/myapps/fabrikam.example",
        f"/myapps?tenantid={fabrikam.id}",
        f"/signin/x/{expenses.id}?tenantId={fabrikam.id}",
        "/fabrikam.example",
        invite(fabrikam).link,
        "/fabrikam.example/terms",
    ):
        assert nicoles.open(url).heading == "Review permissions", url
    assert nicoles.open("/contoso.example").status == 404  # this story has no Contoso


def test_R21_one_browser_may_be_a_guest_of_two_tenants(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, nicoles: Browser
) -> None:
    for tenant in (fabrikam, contoso):
        assert sign_in(nicoles, tenant, invite(tenant).link).heading == "My Apps"
    nicoles.open("/myapps/fabrikam.example")
    assert nicoles.submit("Sign out").heading == "You’re signed out"
    assert nicoles.open("/myapps/fabrikam.example").heading == "Sign in to Fabrikam"
    assert nicoles.open("/myapps/contoso.example").heading == "My Apps"


def test_R17_a_browser_that_signed_in_before_is_known(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    nicoles.open("/myapps/fabrikam.example")
    nicoles.submit("Sign out")
    ask_by_address(nicoles, fabrikam, "nicole@firstupconsultants.com")
    assert "if this address is invited here" not in nicoles.page.text
    assert nicoles.submit("code", code=code_in(post(fabrikam)[-1])).heading == "My Apps"
