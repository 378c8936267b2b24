"""Where a guest wants to go, told in a way that nothing can follow (R39)."""

from __future__ import annotations

import pytest

from applications.models import Application
from tenants.models import Tenant
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, NICOLE, Invite
from tests.journeys.stories import agree, enter, history

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ("\x00", ""),
        ("https://evil.example/\x00", "https://evil.example/"),
        ("https://expenses.fabrikam.example/" + "é" * 1500, "https://expenses.fabrikam.example/" + "é" * 1500),
    ],
    ids=["NUL", "NUL at the end", "too long when it is encoded"],
)
def test_R39_an_address_that_cannot_be_stored_leads_to_my_apps(
    fabrikam: Tenant, expenses: Application, invite: Invite, wanted: str, kept: str
) -> None:
    invite(fabrikam)
    browser = Browser()
    browser.page = browser._arrive(browser.client.get("/fabrikam.example", {"next": wanted}), "/fabrikam.example")
    browser.submit("email", email=NICOLE)
    assert browser.submit("Send code").heading == "Enter your code"
    browser.submit("code", code=code_in(post(fabrikam)[-1]))
    assert agree(browser).heading == "My Apps"
    assert history(fabrikam, "sign_in.begun")[-1].details.get("redirect_url_not_registered", "") == kept


def test_R39_an_origin_that_was_taken_out_since_is_not_followed(
    fabrikam: Tenant, expenses: Application, invite: Invite
) -> None:
    """The form on an open page carries the address, sealed, for a day."""
    link = invite(fabrikam).link
    browser = Browser()
    browser.open(f"{expenses.sign_in_path}")
    sealed = browser.page.form_with("email").fields["to"]
    enter(browser, fabrikam, link)
    agree(browser)
    front_door = "/fabrikam.example"
    assert browser.client.get(front_door, {"to": sealed})["Location"] == EXPENSES
    Tenant.objects.filter(id=fabrikam.id).update(landing_origins=[])
    assert browser.client.get(front_door, {"to": sealed})["Location"] == "/myapps/fabrikam.example"


def test_R39_a_sign_in_notes_an_origin_that_was_taken_out_on_the_way(
    fabrikam: Tenant, expenses: Application, invite: Invite
) -> None:
    invite(fabrikam)
    browser = Browser()
    browser.open(f"{expenses.sign_in_path}")
    browser.submit("email", email=NICOLE)
    Tenant.objects.filter(id=fabrikam.id).update(landing_origins=[])
    browser.submit("Send code")
    browser.submit("code", code=code_in(post(fabrikam)[-1]))
    assert agree(browser).heading == "My Apps"
    assert history(fabrikam, "sign_in.begun")[-1].details["redirect_url_not_registered"] == EXPENSES
