"""Nothing tells in which tenant an application's code was asked for, before the code is right (R19, R37d)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guests.models import Guest
from guests.operations.resetting import block_guest
from providers.models import IdentityProvider, IdentityProviderDomain
from providers.rules import PasscodeState
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import Invite
from tests.journeys.from_applications import ask, everywhere, flow_of, unsealed
from tests.journeys.stories import (
    OPERATOR,
    ask_by_address,
    bytes_of,
    history,
    minutes,
    pass_time,
    sign_in,
    turn_passcodes,
)

HOME, PENDING, BLOCKED, DELETED, BOUND, UNKNOWN = (
    f"n{name}e@firstupconsultants.com" for name in ("icol", "anin", "orrb", "aomi", "atal", "obod")
)


@pytest.fixture
def directory(fabrikam: Tenant, contoso: Tenant, northwind: Tenant, invite: Invite, now: datetime) -> Tenant:
    """Guests of every fate in Fabrikam, which does everything its own way."""
    Tenant.objects.filter(id=fabrikam.id).update(
        colour="#274690", passcode_minutes=20, sender_name="Fabrikam post", privacy_statement_url="https://f.example/p"
    )
    fabrikam.refresh_from_db()
    for address in (HOME, PENDING, BLOCKED, DELETED, BOUND):
        invited = invite(fabrikam, address)
        if address in (HOME, BOUND):
            sign_in(Browser(), fabrikam, invited.link)
        with tenant_scope(fabrikam.id):
            if address == BLOCKED:
                block_guest(guest_id=invited.guest.id, actor=OPERATOR, now=now)
            if address == DELETED:
                Guest.objects.filter(id=invited.guest.id).update(deleted_at=now)
            if address == BOUND:
                Guest.objects.filter(id=invited.guest.id).update(method="google")
    return fabrikam


def tell(link: str, address: str, tenants: list[Tenant], step: Callable[[str, Any], None]) -> None:
    """A stranger's whole way with one address; every answer goes to `step`."""
    browser = Browser()
    client = browser.client
    form = browser.open(link).form_with("email")
    sent = client.post(form.action, form.fields | {"email": address})
    step("Send", sent)
    everywhere(*tenants)
    url = sent.headers["Location"]
    page, _, query = url.partition("?")
    step("Enter code", client.get(url))
    fields = browser.open(url).form_with("code").fields
    step("malformed", client.post(url, fields | {"code": "1234"}))
    step("too early", client.post(f"{page}/again?{query}", fields))
    for tenant in tenants:
        pass_time(tenant, minutes(2))
    step("again", client.post(f"{page}/again?{query}", fields))
    everywhere(*tenants)
    step("after again", client.get(f"{url}&sent"))
    for guess in range(6):
        step(f"wrong {guess}", client.post(url, fields | {"code": f"0000000{guess}"}))
    for tenant in tenants:
        pass_time(tenant, minutes(15))
    step("expired", client.get(url))
    step("other browser", Browser().client.get(url))


def seen(link: str, address: str, tenants: list[Tenant]) -> dict[str, object]:
    pages: dict[str, object] = {}

    def keep(name: str, answer: Any) -> None:
        status, headers, cookies, body = bytes_of(answer, address=address)
        pages[name] = (status, {key: unsealed(value) for key, value in headers.items()}, cookies, unsealed(body))

    tell(link, address, tenants, keep)
    for tenant in tenants:
        pass_time(tenant, timedelta(hours=24))
    return pages


def test_R19_R37d_each_step_is_the_same_bytes_for_every_address(
    directory: Tenant, contoso: Tenant, northwind: Tenant, link: str
) -> None:
    tenants = [directory, contoso, northwind]
    expected = seen(link, UNKNOWN, tenants)
    assert len(expected) == 14
    for address in (HOME, PENDING, BLOCKED, DELETED, BOUND):
        found = seen(link, address, tenants)
        for name, answer in expected.items():
            assert found[name] == answer, (address, name)
            assert "Fabrikam" not in str(answer)


def test_R19_R37d_asking_costs_the_same_statements_for_every_address(directory: Tenant, link: str) -> None:
    def cost(address: str) -> list[str]:
        browser = Browser()
        browser.open(link)
        with CaptureQueriesContext(connection) as queries:
            form = browser.page.form_with("email")
            assert browser.client.post(form.action, form.fields | {"email": address}).status_code == 302
        return [one["sql"].split(" ")[0] for one in queries]

    expected = cost(UNKNOWN)
    for address in (HOME, PENDING, BLOCKED, DELETED, BOUND):
        assert cost(address) == expected, address


def test_R19_R37d_trying_costs_the_same_statements_for_every_address(directory: Tenant, link: str) -> None:
    def cost(address: str) -> int:
        browser = Browser()
        ask(browser, link, address)
        with CaptureQueriesContext(connection) as queries:
            browser.submit("code", code="00000000")
        return len(queries)

    assert cost(HOME) == cost(UNKNOWN) == cost(BLOCKED)


@pytest.mark.parametrize("spent", ["sends", "tries", "mails of the hour"])
def test_R19_R37d_what_is_spent_at_the_tenants_own_door_does_not_show(
    directory: Tenant, northwind: Tenant, link: str, spent: str
) -> None:
    if spent == "mails of the hour":
        Tenant.objects.filter(id=directory.id).update(code_mails_per_hour=1)
        ask_by_address(Browser(), directory, PENDING)
    for address in (HOME, UNKNOWN) if spent != "mails of the hour" else ():
        for _ in range(6 if spent == "sends" else 2):
            stranger = Browser()
            page = ask_by_address(stranger, directory, address)
            for guess in range(5 if spent == "tries" else 0):
                stranger.page = page
                stranger.submit("code", code=f"0000000{guess}")
    everywhere(directory, northwind)
    answers = []
    for address in (HOME, UNKNOWN):
        browser = Browser()
        page = ask(browser, link, address)
        assert page.heading == "Enter your code"
        wrong_one = browser.submit("code", code="00000000")
        answers.append([unsealed(str(bytes_of(one.response, address=address))) for one in (page, wrong_one)])
    assert answers[0] == answers[1]
    if spent != "tries":
        assert everywhere(directory, northwind) == []  # R17 holds in the tenant where the flow runs
        assert flow_of(HOME).tenant == directory
        assert history(directory, "sign_in.begun")[-1].code == "E-WAIT"


@pytest.mark.parametrize("whose", ["fabrikam", "northwind"])
def test_R19_R37d_nor_does_it_show_when_the_code_is_sent_again(
    directory: Tenant, northwind: Tenant, link: str, whose: str
) -> None:
    spent = directory if whose == "fabrikam" else northwind
    browsers = Browser(), Browser()
    for browser, address in zip(browsers, (HOME, UNKNOWN), strict=True):
        ask(browser, link, address)
    Tenant.objects.filter(id=spent.id).update(code_mails_per_hour=0)
    answers = []
    for browser, address in zip(browsers, (HOME, UNKNOWN), strict=True):
        for tenant in (directory, northwind):
            pass_time(tenant, minutes(2))
        page = browser.submit("Send it again")
        answers.append((page.status, unsealed(str(bytes_of(page.response, address=address)))))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


def test_R19_R37d_no_reference_tells_whose_history_a_refusal_stands_in(
    directory: Tenant, northwind: Tenant, link: str
) -> None:
    for number in range(20):  # what one network may ask for in an hour
        assert ask(Browser(), link, f"n{number}@firstupconsultants.com").status == 200
    for address in (HOME, UNKNOWN):
        refused = ask(Browser(), link, address)
        assert refused.status == 429
        assert not re.search(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", refused.source)
    assert history(directory, "passcode.refused")
    assert history(northwind, "passcode.refused")


def test_R17_R37d_the_sixth_code_in_an_hour_waits_for_every_address(
    directory: Tenant, northwind: Tenant, link: str
) -> None:
    for address in (HOME, UNKNOWN):
        for _ in range(5):
            assert ask(Browser(), link, address).heading == "Enter your code"
        page = ask(Browser(), link, address)
        assert page.status == 429
        assert "Please wait until" in page.text
        assert "Fabrikam" not in page.source
    assert len(everywhere(directory, northwind)) == 5


def test_R17_R37d_a_known_browser_gets_in_when_strangers_have_spent_it_all(
    fabrikam: Tenant, link: str, invite: Invite
) -> None:
    nicoles = Browser()
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    for _ in range(7):
        ask(Browser(), link)
    post(fabrikam)
    page = ask(nicoles, link)
    assert page.heading == "Enter your code"
    assert "Fabrikam" not in page.source
    assert nicoles.submit("code", code=code_in(post(fabrikam)[-1])).heading == "My Apps"


def test_R19_R37d_a_domain_with_another_way_in_meets_one_page(
    directory: Tenant, northwind: Tenant, link: str, now: datetime
) -> None:
    with tenant_scope(northwind.id):
        partner = IdentityProvider.objects.create(
            tenant=northwind, kind="saml", name="First Up ID", is_bound_to_domains=True
        )
        IdentityProviderDomain.objects.create(tenant=northwind, provider=partner, domain="firstupconsultants.com")
    answers = []
    for address in (HOME, UNKNOWN, BLOCKED):
        browser = Browser()
        page = ask(browser, link, address)
        assert page.heading == "There is another way in"
        answers.append(unsealed(str(bytes_of(page.response, address=address))))
        assert not any(word in page.source for word in ("Fabrikam", "Northwind", "First Up ID"))
    assert answers[0] == answers[1] == answers[2]


def test_R19_R37d_passcodes_that_are_off_at_home_make_a_decoy(
    directory: Tenant, northwind: Tenant, link: str, now: datetime
) -> None:
    turn_passcodes(directory, PasscodeState.DISABLED, now)
    for address in (HOME, UNKNOWN):
        assert ask(Browser(), link, address).heading == "Enter your code"
    assert everywhere(directory, northwind) == []


def test_R19_R37d_passcodes_that_are_off_where_the_application_is_meet_one_page(
    directory: Tenant, northwind: Tenant, link: str, now: datetime
) -> None:
    turn_passcodes(northwind, PasscodeState.DISABLED, now)
    answers = [bytes_of(ask(Browser(), link, address).response, address=address) for address in (HOME, UNKNOWN)]
    assert answers[0] == answers[1]
    assert "There is another way in" in answers[0][3]
    assert everywhere(directory, northwind) == []
