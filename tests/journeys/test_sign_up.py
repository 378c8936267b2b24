"""Self-service sign-up: anybody becomes a guest of an application that takes them, and of no other (R39a, R53, R19)."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Application
from applications.operations import close_sign_up, remove_application
from guests.models import Guest, SignInFlow, Source
from guests.operations.resetting import block_guest
from outbox.models import OutboundMail
from providers.rules import Method, PasscodeState
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.sign_ups import MIRIAM, answer_of, sign_up
from tests.journeys.stories import (
    OPERATOR,
    agree,
    bytes_of,
    guest,
    history,
    minutes,
    owned_rows,
    pass_time,
    sign_in,
    turn_passcodes,
    wrong,
)
from tests.journeys.test_statements import at_most

# All masked alike and of one length, so that a page differs only where it says something about the person.
STRANGER, PENDING, ACCEPTED, BLOCKED = (f"n{name}e@firstupconsultants.com" for name in ("obod", "icol", "anin", "orrb"))


def close(application: Application, now: datetime) -> None:
    with tenant_scope(application.tenant_id):
        close_sign_up(application_id=application.id, actor=OPERATOR, now=now)


def test_R39a_R22_who_signs_up_proves_the_address_consents_and_goes_on_to_the_application(
    fabrikam: Tenant, supplier: Application
) -> None:
    browser = Browser()
    assert sign_up(browser, supplier).heading == "Enter your code"
    (message,) = post(fabrikam)
    assert message.to == [MIRIAM]
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()
    assert browser.submit("code", code=code_in(message)).heading == "Review permissions"
    made = guest(fabrikam, MIRIAM)
    assert (made.source, made.redemption_status, made.name) == (
        Source.SELF_SERVICE,
        "PendingAcceptance",
        "Miriam Graham",
    )
    assert (made.sponsor_name, made.sponsor_address) == ("", "")
    assert made.user_principal_name == "miriam.graham_firstupconsultants.com#EXT#@fabrikam.example"
    assert agree(browser).leads_to == EXPENSES
    made = guest(fabrikam, MIRIAM)
    assert (made.redemption_status, made.method) == ("Accepted", Method.PASSCODE)
    (line,) = history(fabrikam, "guest.signed_up")
    assert (line.subject_id, line.details["application"]) == (made.id, str(supplier.id))


def test_R39a_it_is_off_by_default_and_says_so(fabrikam: Tenant, expenses: Application) -> None:
    browser = Browser()
    assert "Become a guest" not in browser.open(expenses.sign_in_path).text
    page = browser.open(expenses.sign_up_path)
    assert (page.status, page.heading) == (403, "Sign-up is closed")
    rows = owned_rows(fabrikam)
    for data in ({"email": MIRIAM, "name": "Miriam"}, {"with": "google"}, {}):
        client = Browser().client
        client.handler.enforce_csrf_checks = False
        assert client.post(expenses.sign_up_path, data).status_code == 403
    assert owned_rows(fabrikam) == rows


def test_R39a_one_applications_sign_up_opens_no_other(fabrikam: Tenant, supplier: Application, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        other = Application.objects.create(tenant_id=fabrikam.id, name="Drawing room", url=EXPENSES)
    assert Browser().open(other.sign_up_path).status == 403
    assert "Become a guest" not in Browser().open("/fabrikam.example").text


@pytest.mark.parametrize("address", [PENDING, ACCEPTED, BLOCKED, STRANGER])
def test_R39a_R19_every_address_meets_the_very_same_pages(
    fabrikam: Tenant, supplier: Application, invite: Invite, now: datetime, address: str
) -> None:
    for one in (PENDING, ACCEPTED, BLOCKED):
        invited = invite(fabrikam, one)
        if one == ACCEPTED:
            sign_in(Browser(), fabrikam, invited.link)
        if one == BLOCKED:
            with tenant_scope(fabrikam.id):
                block_guest(guest_id=invited.guest.id, actor=OPERATOR, now=now)
    post(fabrikam)

    def seen(whose: str) -> list[object]:
        browser, sent = answer_of(supplier, whose)
        url = sent.headers["Location"]
        fields = browser.open(url).form_with("code").fields
        post(fabrikam)
        pages = [sent, browser.client.get(url), browser.client.post(url, fields | {"code": "1234"})]
        pages += [browser.client.post(url, fields | {"code": "00000000"})]
        pass_time(fabrikam, minutes(2))
        form = next(form for form in browser.page.forms if "Send it again" in form.labels)
        pages += [browser.client.post(form.action, form.fields)]
        pass_time(fabrikam, minutes(60 * 24))
        # The goal in each address is sealed with the time of its page.
        return [re.sub(r"to=[\w.%:-]+", "to=goal", repr(bytes_of(one, address=whose))) for one in pages]

    assert seen(address) == seen("nemoie@firstupconsultants.com")


@pytest.mark.parametrize(("address", "mails"), [(PENDING, 1), (ACCEPTED, 1), (BLOCKED, 0), (STRANGER, 1)])
def test_R39a_R19_it_mails_everybody_but_who_is_blocked_and_makes_no_second_guest(
    fabrikam: Tenant, supplier: Application, invite: Invite, now: datetime, address: str, mails: int
) -> None:
    if address != STRANGER:
        invited = invite(fabrikam, address)
        if address == ACCEPTED:
            sign_in(Browser(), fabrikam, invited.link)
        if address == BLOCKED:
            with tenant_scope(fabrikam.id):
                block_guest(guest_id=invited.guest.id, actor=OPERATOR, now=now)
    post(fabrikam)
    browser = Browser()
    sign_up(browser, supplier, address, name="Somebody Else")
    messages = post(fabrikam)
    assert [one.to for one in messages] == [[address]] * mails
    if not mails:
        with tenant_scope(fabrikam.id):
            assert OutboundMail.objects.order_by("-created_at")[0].state == "suppressed"
        return
    page = browser.submit("code", code=code_in(messages[0]))
    assert agree(browser).leads_to == EXPENSES, page.text
    found = guest(fabrikam, address)
    assert found.source == (Source.SELF_SERVICE if address == STRANGER else Source.INVITATION)
    assert found.name == ("Somebody Else" if address == STRANGER else "Nicole Wagner")


def test_R39a_a_guest_who_redeemed_in_another_way_goes_on_with_that(
    fabrikam: Tenant, supplier: Application, invite: Invite
) -> None:
    made = invite(fabrikam, ACCEPTED).guest
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(id=made.id).update(method=Method.ENTRA_ID, redemption_status="Accepted")
    post(fabrikam)
    sign_up(Browser(), supplier, ACCEPTED)
    assert [one.to for one in post(fabrikam)] == []


@pytest.mark.parametrize(("allowed", "denied"), [(["contoso.example"], []), ([], ["firstupconsultants.com"])])
def test_R53_the_domain_lists_hold_at_the_form_alike_for_every_address(
    fabrikam: Tenant, supplier: Application, invite: Invite, allowed: list[str], denied: list[str]
) -> None:
    invite(fabrikam, ACCEPTED)
    Tenant.objects.filter(id=fabrikam.id).update(allowed_domains=allowed, denied_domains=denied)
    answers = [answer_of(supplier, address)[1] for address in (ACCEPTED, STRANGER)]
    assert bytes_of(answers[0], address=ACCEPTED) == bytes_of(answers[1], address=STRANGER)
    assert answers[0].status_code == 422
    assert "does not take guests from this domain" in answers[0].content.decode()
    assert history(fabrikam, "sign_in.begun")[-1].code == "E-DOMAIN"
    assert post(fabrikam) == []


def test_R53_a_domain_denied_while_the_code_was_read_makes_no_guest(fabrikam: Tenant, supplier: Application) -> None:
    browser = Browser()
    sign_up(browser, supplier)
    code = code_in(post(fabrikam)[-1])
    Tenant.objects.filter(id=fabrikam.id).update(denied_domains=["firstupconsultants.com"])
    page = browser.submit("code", code=code)
    assert page.status == 403
    assert "does not take guests from this domain" in page.text
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()


def test_R39a_closed_meanwhile_the_code_opens_nothing_and_the_page_says_why(
    fabrikam: Tenant, supplier: Application, now: datetime
) -> None:
    browser = Browser()
    url = sign_up(browser, supplier).url
    code = code_in(post(fabrikam)[-1])
    form = browser.page.form_with("code")
    close(supplier, now)
    for page in (browser.submit("code", code=code), browser.open(url)):
        assert (page.status, page.heading) == (403, "Sign-up is closed")
    browser.page.url, browser.page.forms = url, [form]
    again = browser.client.post(form.action.replace("?", "/again?", 1), form.fields, follow=True)
    assert "Sign-up is closed" in again.content.decode()
    assert post(fabrikam) == []
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()
        assert [flow.sign_up_name for flow in SignInFlow.objects.all()] == [""]


def test_R39a_it_ends_with_the_application_and_leaves_others_alone(
    fabrikam: Tenant, supplier: Application, invite: Invite, now: datetime
) -> None:
    browser, invited = Browser(), Browser()
    sign_up(browser, supplier)
    code = code_in(post(fabrikam)[-1])
    invited.open(invite(fabrikam).link)
    invited.submit("Send code")
    other = code_in(post(fabrikam)[-1])
    with tenant_scope(fabrikam.id):
        remove_application(application_id=supplier.id, actor=OPERATOR, now=now)
    assert browser.submit("code", code=code).heading == "Sign-up is closed"
    assert invited.submit("code", code=other).heading == "Review permissions"


def test_R5_R39a_passcodes_turned_off_end_it_and_make_no_guest(
    fabrikam: Tenant, supplier: Application, now: datetime
) -> None:
    browser = Browser()
    sign_up(browser, supplier)
    code = code_in(post(fabrikam)[-1])
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    page = browser.submit("code", code=code)
    assert page.status in (403, 422)
    assert Browser().open(supplier.sign_up_path).heading == "Sign-up is closed"
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()


def test_R39a_two_sign_ups_for_one_address_make_one_guest(fabrikam: Tenant, supplier: Application) -> None:
    one, two = Browser(), Browser()
    sign_up(one, supplier, name="One")
    sign_up(two, supplier, name="Two")
    first, second = (code_in(message) for message in post(fabrikam))
    assert one.submit("code", code=first).heading == "Review permissions"
    assert two.submit("code", code=second).heading == "Review permissions"
    assert guest(fabrikam).name == "One"
    assert len(history(fabrikam, "guest.signed_up")) == 1


def test_R39a_refresh_the_back_button_and_a_double_click_do_no_harm(fabrikam: Tenant, supplier: Application) -> None:
    browser = Browser()
    url = sign_up(browser, supplier).url
    code = code_in(post(fabrikam)[-1])
    form = browser.page.form_with("code")
    assert browser.submit("code", code=code).heading == "Review permissions"
    twice = browser.client.post(url, form.fields | {"code": code}, follow=True)
    assert "Review permissions" in twice.content.decode()
    assert browser.open(url).heading == "Review permissions"
    agree(browser)
    assert browser.client.get(supplier.sign_up_path, follow=False).headers["Location"] == supplier.sign_in_path
    assert browser.client.get(supplier.sign_in_path).headers["Location"] == EXPENSES


def test_R14_a_wrong_code_makes_no_guest_and_start_again_leads_back(fabrikam: Tenant, supplier: Application) -> None:
    browser = Browser()
    sign_up(browser, supplier)
    code = code_in(post(fabrikam)[-1])
    page = browser.submit("code", code=wrong(code))
    assert page.status == 422
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()
    assert browser.open(page.links["Start again"]).heading == "Become a guest of Fabrikam"


@pytest.mark.parametrize("address", [STRANGER, BLOCKED])
def test_R19_asking_costs_the_same_statements_for_every_address(
    fabrikam: Tenant, supplier: Application, invite: Invite, now: datetime, address: str
) -> None:
    invited = invite(fabrikam, BLOCKED)
    with tenant_scope(fabrikam.id):
        block_guest(guest_id=invited.guest.id, actor=OPERATOR, now=now)
    counts = []
    for one in (address, ACCEPTED.replace("anin", "emoi")):
        form = Browser().open(supplier.sign_up_path).form_with("email")
        client = Browser().client
        client.handler.enforce_csrf_checks = False
        with CaptureQueriesContext(connection) as queries:
            client.post(form.action, {"email": one, "name": "Somebody"})
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_R39a_it_costs_few_statements(fabrikam: Tenant, supplier: Application) -> None:
    browser = Browser()
    with at_most(6):
        form = browser.open(supplier.sign_up_path).form_with("email")
    with at_most(16):
        sent = browser.client.post(form.action, form.fields | {"email": MIRIAM, "name": "Miriam"})
    (message,) = post(fabrikam)
    form = browser.open(sent.headers["Location"]).form_with("code")
    with at_most(22):
        browser.client.post(browser.page.url, form.fields | {"code": code_in(message)})
