"""Whoever only types an address learns nothing: known, unknown, blocked and deleted ones look the same (R19, R38)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guests.models import Guest
from guests.operations.resetting import block_guest
from outbox.models import OutboundMail
from providers.rules import PasscodeState
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import Invite
from tests.journeys.stories import (
    OPERATOR,
    ask_by_address,
    bytes_of,
    guest,
    history,
    minutes,
    pass_time,
    reset,
    sessions,
    sign_in,
    turn_passcodes,
)

# All masked alike and of one length, so that a page differs only where it says something about the person.
PENDING, ACCEPTED, BLOCKED, DELETED, RESET, UNKNOWN = (
    f"n{name}e@firstupconsultants.com" for name in ("icol", "anin", "orrb", "aomi", "atal", "obod")
)
STEPS = 11
Seen = tuple[list[object], list[int]]


@pytest.fixture
def directory(fabrikam: Tenant, invite: Invite, now: datetime) -> Tenant:
    """A tenant with a guest of every fate."""
    for address in (PENDING, ACCEPTED, BLOCKED, DELETED, RESET):
        invited = invite(fabrikam, address)
        if address in (ACCEPTED, RESET):
            sign_in(Browser(), fabrikam, invited.link)
        with tenant_scope(fabrikam.id):
            if address == BLOCKED:
                block_guest(guest_id=invited.guest.id, actor=OPERATOR, now=now)
            if address == DELETED:
                Guest.objects.filter(id=invited.guest.id).update(deleted_at=now)
        if address == RESET:
            reset(fabrikam, invited.guest.id, now)
    return fabrikam


def tell(tenant: Tenant, address: str, step: Callable[[str, object], None]) -> None:
    """A stranger's whole way with one address; every answer goes to `step`."""
    browser = Browser()
    client = browser.client
    browser.open(f"/{tenant.primary_domain}")
    form = browser.page.form_with("email")
    step("Next", browser.client.post(form.action, form.fields | {"email": address}))
    browser.submit("email", email=address)
    form = browser.page.form_with("Send code")
    sent = client.post(form.action, form.fields)
    step("Send code", sent)
    post(tenant)
    url = sent.headers["Location"]
    step("Enter code", client.get(url))
    browser.open(url)
    fields = browser.page.form_with("code").fields
    step("malformed", client.post(url, fields | {"code": "1234"}))
    step("too early", client.post(f"{url}/again", fields))
    pass_time(tenant, minutes(2))
    step("again", client.post(f"{url}/again", fields))
    post(tenant)
    step("after again", client.get(f"{url}?sent"))
    step("wrong", client.post(url, fields | {"code": "00000000"}))
    for guess in range(1, 5):
        client.post(url, fields | {"code": f"0000000{guess}"})
    step("exhausted", client.post(url, fields | {"code": "00000009"}))
    pass_time(tenant, minutes(40))
    step("expired", client.get(url))
    step("expired code", client.post(url, fields | {"code": "00000008"}))


def seen(tenant: Tenant, address: str) -> dict[str, object]:
    pages: dict[str, object] = {}
    tell(tenant, address, lambda name, answer: pages.update({name: bytes_of(answer, address=address)}))
    pass_time(tenant, minutes(60 * 24))
    return pages


def test_R19_R38_each_step_is_the_same_bytes_for_every_address(directory: Tenant) -> None:
    expected = seen(directory, UNKNOWN)
    assert len(expected) == STEPS
    for address in (PENDING, ACCEPTED, BLOCKED, DELETED, RESET):
        found = seen(directory, address)
        for name, answer in expected.items():
            assert found[name] == answer, (address, name)


def test_R19_each_step_costs_the_same_statements_for_every_address(directory: Tenant) -> None:
    def cost(address: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        with CaptureQueriesContext(connection) as queries:
            taken = 0

            def step(name: str, _: object) -> None:
                nonlocal taken
                counts[name] = len(queries) - taken
                taken = len(queries)

            tell(directory, address, step)
        pass_time(directory, minutes(60 * 24))
        return {name: counts[name] for name in counts if name not in ("Enter code", "again", "after again")}

    expected = cost(UNKNOWN)
    for address in (ACCEPTED, BLOCKED):
        assert cost(address) == expected


@pytest.mark.parametrize("address", [UNKNOWN, BLOCKED, DELETED])
def test_R19_no_mail_goes_to_an_address_that_may_not_sign_in(directory: Tenant, address: str) -> None:
    post(directory)
    ask_by_address(Browser(), directory, address)
    assert post(directory) == []
    with tenant_scope(directory.id):
        assert OutboundMail.objects.order_by("-created_at")[0].state == "suppressed"


@pytest.mark.parametrize(
    ("address", "code"), [(UNKNOWN, "E-NOT-INVITED"), (BLOCKED, "E-BLOCKED"), (DELETED, "E-NOT-INVITED"), (PENDING, "")]
)
def test_R38_the_history_names_what_the_pages_do_not(directory: Tenant, address: str, code: str) -> None:
    ask_by_address(Browser(), directory, address)
    assert history(directory, "sign_in.begun")[-1].code == code


@pytest.mark.parametrize("address", [PENDING, ACCEPTED])
def test_R38_a_guest_who_was_never_told_may_sign_in_by_their_address(directory: Tenant, address: str) -> None:
    before = sessions(directory)
    browser = Browser()
    ask_by_address(browser, directory, address)
    (message,) = post(directory)
    assert message.to == [address]
    page = browser.submit("code", code=code_in(message))
    assert page.heading == ("Review permissions" if address == PENDING else "My Apps")
    assert sessions(directory) == before + 1


@pytest.mark.parametrize("deed", ["reset", "block"])
def test_R19_a_stranger_at_the_code_page_does_not_see_an_administrators_deed(
    directory: Tenant, deed: str, now: datetime
) -> None:
    answers = []
    for address in (ACCEPTED, UNKNOWN):
        browser = Browser()
        url = ask_by_address(browser, directory, address).url
        fields = browser.page.form_with("code").fields
        post(directory)
        whose = guest(directory, ACCEPTED).id
        if deed == "reset":
            reset(directory, whose, now)
        else:
            with tenant_scope(directory.id):
                block_guest(guest_id=whose, actor=OPERATOR, now=now)
        pass_time(directory, minutes(2))
        answers.append(
            [
                bytes_of(answer, address=address)
                for answer in (
                    browser.client.get(url),
                    browser.client.post(url, fields | {"code": "00000000"}),
                    browser.client.post(f"{url}/again", fields),
                    *(browser.client.post(url, fields | {"code": f"0000000{guess}"}) for guess in range(1, 6)),
                    browser.client.post(f"{url}/again", fields),
                )
            ]
        )
    assert answers[0] == answers[1]


def test_R18_a_strangers_page_says_nothing_of_the_mails_fate(directory: Tenant) -> None:
    for address in (PENDING, UNKNOWN):
        page = ask_by_address(Browser(), directory, address)
        assert "if this address is invited here" in page.text
        assert not any(word in page.text.lower() for word in ("handed over", "queued", "suppressed"))


def test_R5_R19_with_the_feature_off_a_typed_address_meets_one_page(directory: Tenant, now: datetime) -> None:
    turn_passcodes(directory, PasscodeState.DISABLED, now)
    answers = []
    for address in (PENDING, ACCEPTED, BLOCKED, DELETED, UNKNOWN):
        browser = Browser()
        browser.open("/fabrikam.example")
        browser.submit("email", email=address)
        form = browser.page.form_with("Send code")
        answers.append(bytes_of(browser.client.post(form.action, form.fields), address=address))
    status, _, _, body = answers[0]
    assert status == 403
    assert "E-OTP-OFF" in body
    assert "reset your redemption status" in body
    assert "for an invitation" in body
    assert all(answer == answers[0] for answer in answers)
    assert guest(directory, ACCEPTED).has_accepted


def test_R19_a_guest_whom_the_domain_list_keeps_out_looks_like_a_stranger(directory: Tenant) -> None:
    Tenant.objects.filter(id=directory.id).update(denied_domains=["firstupconsultants.com"])
    assert seen(directory, PENDING) == seen(directory, UNKNOWN)
    assert history(directory, "sign_in.begun")[-2].code == "E-DOMAIN"
    assert post(directory) == []


def test_B3_R17_a_stranger_who_spends_every_budget_locks_no_guest_out(
    fabrikam: Tenant, invite: Invite, now: datetime
) -> None:
    link = invite(fabrikam, ACCEPTED).link
    nanines = Browser()
    sign_in(nanines, fabrikam, link)
    nanines.open("/myapps/fabrikam.example")
    nanines.submit("Sign out")

    stranger, refused = Browser(), set[str]()
    for _ in range(8):
        page = ask_by_address(stranger, fabrikam, ACCEPTED)
        if page.status == 429:
            refused.add("sending")
            break
        for guess in range(5):
            stranger.page = page
            if stranger.submit("code", code=f"0000000{guess}").status == 429:
                refused.add("guessing")
    assert refused == {"sending", "guessing"}
    post(fabrikam)

    ask_by_address(nanines, fabrikam, ACCEPTED)  # a browser that signed in here before
    assert nanines.submit("code", code=code_in(post(fabrikam)[-1])).heading == "My Apps"
    assert sign_in(Browser(), fabrikam, link).heading == "My Apps"  # and whoever holds the link
