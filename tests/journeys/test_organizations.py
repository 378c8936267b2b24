"""Organizations by name, the ones that a browser remembers, and the others of a proven address (R37d, R19)."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guests.models import Guest, GuestSession
from guests.operations.resetting import block_guest
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import Invite
from tests.journeys.from_applications import NICOLE
from tests.journeys.stories import (
    OPERATOR,
    bytes_of,
    sign_in,
)

COOKIE = "vestibule-organizations"


# Sign in to an organization


@pytest.mark.parametrize(
    "typed",
    [
        "Bücher AG",
        "bücher ag",
        "BÜCHER AG",
        "  Bücher \t AG ",
        unicodedata.normalize("NFD", "Bücher AG"),
        "Ｂücher AG",
        "bücher.example",
        "BÜCHER.EXAMPLE",
        "xn--bcher-kva.example",
    ],
)
def test_R37d_an_organization_is_found_by_its_name_however_it_is_typed(db: None, typed: str) -> None:
    factories.tenant("Bücher AG", "xn--bcher-kva.example")
    browser = Browser()
    browser.open("/organization")
    assert browser.submit("organization", organization=typed).heading == "Sign in to Bücher AG"


def test_R37d_a_stored_name_is_found_however_its_accents_were_composed(db: None) -> None:
    factories.tenant(unicodedata.normalize("NFD", "Bücher AG"), "buecher.example")
    browser = Browser()
    browser.open("/organization")
    assert browser.submit("organization", organization="Bücher AG").status == 200


@pytest.mark.parametrize(
    "typed",
    ["Bucher AG", "Bücher", "Büche%", "B_cher AG", "Twins", "a\x00b", "x" * 60_000, "ﷺ" * 300, "xn--a.example"],
)
def test_R37d_R19_no_name_and_several_names_are_answered_with_the_same_bytes(db: None, typed: str) -> None:
    factories.tenant("Bücher AG", "xn--bcher-kva.example")
    for domain in ("one.example", "two.example"):
        factories.tenant("Twins", domain)
    answers = []
    for words in (typed, "Nobodys"):
        browser = Browser()
        browser.open("/organization")
        form = browser.page.form_with("organization")
        answers.append(browser.client.post("/organization", form.fields | {"organization": words}))
    found, expected = (list[Any](bytes_of(answer)) for answer in answers)
    for page in (found, expected):
        page[1].pop("Content-Length", None)  # what was typed stands in the field again
        page[3] = re.sub(r' value="[^"]*"', "", page[3])
    assert found == expected
    assert found[0] == 422
    assert "We need the domain." in found[3]


def test_R37d_R19_no_name_and_several_names_take_the_same_statements(db: None) -> None:
    for domain in ("one.example", "two.example"):
        factories.tenant("Twins", domain)
    costs = []
    for words in ("Twins", "Nobodys"):
        browser = Browser()
        browser.open("/organization")
        with CaptureQueriesContext(connection) as queries:
            assert browser.submit("organization", organization=words).status == 422
        costs.append([re.sub(r"'[^']*'", "?", one["sql"]) for one in queries])
    assert costs[0] == costs[1]


# Remembered organizations


def test_R37d_the_browser_remembers_the_last_four_organizations_and_forgets_them(db: None) -> None:
    browser = Browser()
    for number in range(5):
        factories.tenant(f"Tenant {number}", f"tenant{number}.example")
        browser.open("/organization")
        browser.submit("organization", organization=f"Tenant {number}")
    page = browser.open("/")
    assert [name for name in page.links if name.startswith("Tenant")] == [f"Tenant {n}" for n in (4, 3, 2, 1)]
    cookie = browser.client.cookies[COOKIE]
    assert (cookie["max-age"], cookie["samesite"], bool(cookie["httponly"])) == (90 * 24 * 3600, "Lax", True)
    assert browser.open(page.links["Tenant 4"]).heading == "Sign in to Tenant 4"
    browser.open("/")
    assert "Tenant" not in browser.submit("Forget these").text
    assert browser.client.cookies[COOKIE].value == ""


def test_R37d_remembered_organizations_are_read_in_one_statement_and_dead_ones_are_left_out(
    fabrikam: Tenant, contoso: Tenant
) -> None:
    browser = Browser()
    for name in ("Fabrikam", "Contoso"):
        browser.open("/organization")
        browser.submit("organization", organization=name)
    Tenant.objects.filter(id=contoso.id).update(is_active=False)
    with CaptureQueriesContext(connection) as queries:
        page = browser.open("/")
    assert "Fabrikam" in page.text
    assert "Contoso" not in page.text
    assert len([one for one in queries if "tenants_tenant" in one["sql"]]) == 1
    Tenant.objects.update(is_active=False)
    assert "or go on where you were" not in browser.open("/").text


@pytest.mark.parametrize("value", ["", "garbage", "WyJhIl0:1:x", "a" * 5000])
def test_R37d_a_cookie_that_we_did_not_sign_names_no_organization(fabrikam: Tenant, value: str) -> None:
    browser = Browser()
    browser.client.cookies[COOKIE] = value
    page = browser.open("/")
    assert page.status == 200
    assert "Fabrikam" not in page.text


def test_R37d_an_organization_that_was_not_found_is_not_remembered(fabrikam: Tenant) -> None:
    browser = Browser()
    browser.open("/organization")
    browser.submit("organization", organization="Fabricam")
    assert COOKIE not in browser.client.cookies


# After the sign-in


def test_R37d_other_organizations_are_offered_after_a_code_to_that_very_address(
    fabrikam: Tenant, contoso: Tenant, northwind: Tenant, invite: Invite, now: datetime
) -> None:
    invite(contoso)
    blocked = invite(northwind)
    with tenant_scope(northwind.id):
        block_guest(guest_id=blocked.guest.id, actor=OPERATOR, now=now)
    browser = Browser()
    sign_in(browser, fabrikam, invite(fabrikam).link)
    my_apps = browser.open("/myapps/fabrikam.example")
    page = browser.open(my_apps.links["Your other organizations"])
    assert "Contoso" in page.links
    assert "Northwind" not in page.text
    assert browser.open(page.links["Contoso"]).heading == "Sign in to Contoso"


def test_R37d_other_organizations_are_never_offered_before(fabrikam: Tenant, contoso: Tenant, invite: Invite) -> None:
    invite(contoso)
    link = invite(fabrikam).link
    url = f"/other-organizations?tenantId={fabrikam.id}"
    browser = Browser()
    assert browser.open(url).heading == "Sign in to Fabrikam"
    browser.open(link)
    browser.submit("Send code")
    browser.submit("code", code=code_in(post(fabrikam)[-1]))
    assert browser.open(url).heading == "Review permissions"  # R20: consent first
    assert "Contoso" not in browser.page.source
    assert browser.open("/other-organizations?tenantId=unknown.example").heading == "Sign in to an organization"


@pytest.mark.parametrize("change", ["another method", "another address"])
def test_R36_R37d_other_organizations_are_not_offered_for_what_no_code_has_proven(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, change: str
) -> None:
    invite(contoso)
    invited = invite(fabrikam, NICOLE if change == "another method" else "nina@firstupconsultants.com")
    browser = Browser()
    sign_in(browser, fabrikam, invited.link)
    with tenant_scope(fabrikam.id):
        if change == "another method":
            GuestSession.objects.update(method="google")
        else:
            Guest.objects.filter(id=invited.guest.id).update(address=NICOLE, address_key=NICOLE)
    page = browser.open(f"/other-organizations?tenantId={fabrikam.id}")
    assert page.heading == "Your other organizations"
    assert "Contoso" not in page.source
    assert "They are not listed here" in page.text
    assert "alone" not in page.text, "nothing was looked for, and nothing is claimed"
