"""Pages for who is signed in, opened by who never was; and what My Apps says of the next time (R20, R21)."""

from __future__ import annotations

import pytest

from guests.models import GuestSession
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser
from tests.journeys.conftest import Invite
from tests.journeys.stories import sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["permissions", "terms"])
def test_R21_who_never_signed_in_is_not_told_that_a_session_has_ended(fabrikam: Tenant, page: str) -> None:
    answer = Browser().client.get(f"/fabrikam.example/{page}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/fabrikam.example")


@pytest.mark.parametrize("page", ["permissions", "terms"])
def test_R21_who_was_signed_in_is_told(fabrikam: Tenant, invite: Invite, page: str) -> None:
    browser = Browser()
    sign_in(browser, fabrikam, invite(fabrikam).link)
    with tenant_scope(fabrikam.id):
        GuestSession.objects.all().delete()
    opened = browser.open(f"/fabrikam.example/{page}")
    assert (opened.status, opened.heading) == (403, "Please sign in again")


@pytest.mark.parametrize(("method", "says"), [("emailOneTimePasscode", True), ("google", False)])
def test_R21_my_apps_announces_a_new_code_to_who_signed_in_with_one(
    fabrikam: Tenant, invite: Invite, method: str, says: bool
) -> None:
    browser = Browser()
    sign_in(browser, fabrikam, invite(fabrikam).link)
    with tenant_scope(fabrikam.id):
        GuestSession.objects.update(method=method)
    page = browser.open("/myapps/fabrikam.example")
    assert page.heading == "My Apps"
    assert ("send you a new code" in page.text) is says
