"""Applications that name no tenant: where the code comes from and what it opens (R37d, R38)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from applications.models import Application
from applications.operations import mark_first_party, unmark_first_party
from guests.models import Guest, Invitation, SignInFlow
from guests.operations.resetting import block_guest
from tenants.models import Tenant
from tenants.scope import every_tenant, tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import MEETINGS, Invite
from tests.journeys.from_applications import NICOLE, ask, everywhere, flow_of
from tests.journeys.stories import (
    OPERATOR,
    agree,
    ask_by_address,
    history,
    minutes,
    pass_time,
    sign_in,
    wrong,
)

HOME, PENDING = NICOLE, "nanine@firstupconsultants.com"


def test_R37d_a_first_party_application_offers_the_code_at_once(
    fabrikam: Tenant, northwind: Tenant, link: str, invite: Invite
) -> None:
    invite(fabrikam)
    browser = Browser()
    assert browser.open(link).heading == "Sign in to Meetings"
    assert ask(browser, link).heading == "Enter your code"
    (message,) = everywhere(fabrikam, northwind)
    assert message.subject == "Your code for Fabrikam"
    assert "Fabrikam" not in browser.page.source
    page = browser.submit("code", code=code_in(message))
    assert page.heading == "Review permissions"
    assert page.url == "/fabrikam.example/permissions"
    assert "Fabrikam" in page.text
    assert agree(browser).heading == "My Apps"
    assert "Fabrikam" in browser.open("/").text  # remembered
    assert history(fabrikam, "sign_in.begun")[-1].details["way"] == "common"


@pytest.mark.parametrize("parameter", ["", "?tenantId=", "?x=1"])
def test_R37d_only_a_marked_application_has_a_link_without_a_tenant(
    northwind: Tenant, meetings: Application, link: str, parameter: str, now: datetime
) -> None:
    browser = Browser()
    assert browser.open(link + parameter).heading == "Sign in to Meetings"
    assert browser.open(f"{link}?tenantId={northwind.id}").heading == "Sign in to Northwind"
    with tenant_scope(northwind.id):
        assert unmark_first_party(application_id=meetings.id, actor=OPERATOR, now=now)
    assert browser.open(link + parameter).status == 404


def test_R37d_an_application_of_a_tenant_that_is_switched_off_is_unknown(northwind: Tenant, link: str) -> None:
    browser = Browser()
    browser.open(link)
    Tenant.objects.filter(id=northwind.id).update(is_active=False)
    assert browser.submit("email", email=NICOLE).heading == "Sign in"
    assert browser.open(link).status == 404


def move_invitations(tenant: Tenant, by: timedelta) -> None:
    with tenant_scope(tenant.id):
        for one in Invitation.objects.all():
            Invitation.objects.filter(id=one.id).update(created_at=one.created_at - by)


def test_R37d_the_flow_runs_where_the_address_last_signed_in_else_where_it_was_invited_last(
    fabrikam: Tenant, contoso: Tenant, northwind: Tenant, link: str, invite: Invite
) -> None:
    first, second = invite(fabrikam), invite(contoso)
    for tenant, at in ((fabrikam, 2), (contoso, 1)):
        move_invitations(tenant, timedelta(hours=at))
    ask(Browser(), link)
    assert flow_of(NICOLE).tenant == contoso  # nobody has signed in: the newest invitation
    sign_in(Browser(), fabrikam, first.link)
    ask(Browser(), link)
    assert flow_of(NICOLE).tenant == fabrikam  # the only sign-in, though invited earlier
    sign_in(Browser(), contoso, second.link)
    ask(Browser(), link)
    assert flow_of(NICOLE).tenant == contoso


@pytest.mark.parametrize("fate", ["blocked", "deleted", "switched off"])
def test_R37d_where_the_address_is_no_guest_any_more_does_not_count(
    fabrikam: Tenant, contoso: Tenant, link: str, invite: Invite, now: datetime, fate: str
) -> None:
    invite(contoso)
    invited = invite(fabrikam)
    sign_in(Browser(), fabrikam, invited.link)
    with tenant_scope(fabrikam.id):
        if fate == "blocked":
            block_guest(guest_id=invited.guest.id, actor=OPERATOR, now=now)
        if fate == "deleted":
            Guest.objects.filter(id=invited.guest.id).update(deleted_at=now)
    if fate == "switched off":
        Tenant.objects.filter(id=fabrikam.id).update(is_active=False)
    ask(Browser(), link)
    assert flow_of(NICOLE).tenant == contoso


def test_R38_a_strangers_decoy_runs_where_the_application_is_and_opens_nothing(
    fabrikam: Tenant, northwind: Tenant, link: str
) -> None:
    browser = Browser()
    assert ask(browser, link, "nobody@nowhere.example").heading == "Enter your code"
    assert flow_of("nobody@nowhere.example").tenant == northwind
    assert everywhere(fabrikam, northwind) == []
    assert history(northwind, "sign_in.begun")[-1].code == "E-NOT-INVITED"
    for guess in range(6):
        page = browser.submit("code", code=f"0000000{guess}")
        assert (page.status, "That code did not work." in page.text) == (422, True)


def test_R37d_a_registered_origin_is_where_it_leads_and_another_is_noted(
    fabrikam: Tenant, contoso: Tenant, link: str, invite: Invite
) -> None:
    Tenant.objects.filter(id=contoso.id).update(landing_origins=["https://meetings.northwind.example"])
    invite(contoso, HOME)
    invite(fabrikam, PENDING)
    browser = Browser()
    ask(browser, link, HOME)
    browser.submit("code", code=code_in(post(contoso)[-1]))
    assert agree(browser).leads_to == MEETINGS
    browser = Browser()
    ask(browser, link, PENDING)
    browser.submit("code", code=code_in(post(fabrikam)[-1]))
    assert agree(browser).heading == "My Apps"
    assert history(fabrikam, "sign_in.begun")[-1].details["redirect_url_not_registered"] == MEETINGS


@pytest.mark.parametrize("how", ["flipped", "garbage", "missing"])
def test_R37d_an_application_that_we_did_not_seal_sends_nothing(
    fabrikam: Tenant, link: str, invite: Invite, how: str
) -> None:
    invite(fabrikam)
    browser = Browser()
    sealed = browser.open(link).form_with("to").fields["to"]
    forged = {"flipped": ("B" if sealed[0] == "A" else "A") + sealed[1:], "garbage": "a:b:c", "missing": ""}[how]
    browser.page.form_with("email").fields["to"] = forged
    assert browser.submit("email", email=NICOLE).heading == "Sign in"
    assert post(fabrikam) == []


@pytest.mark.parametrize("typed", ["", "nicole", "a@b", "nicole@firstup\x00.com", "x" * 3000])
def test_R37d_an_address_that_cannot_be_read_is_an_error_on_the_form(link: str, typed: str) -> None:
    browser = Browser()
    page = ask(browser, link, typed)
    assert page.status == 422
    assert page.source.startswith("<!doctype html>")
    assert "<title>Error: Sign in to Meetings" in page.source


# Whose page it is


def test_R16_R37d_a_flow_opens_in_its_own_browser_and_under_no_tenants_address(
    fabrikam: Tenant, northwind: Tenant, link: str, invite: Invite
) -> None:
    invite(fabrikam)
    browser = Browser()
    url = ask(browser, link).url
    flow = flow_of(NICOLE)
    for tenant in (fabrikam, northwind):
        page = browser.open(f"/{tenant.primary_domain}/sign-in/{flow.id}")
        assert (page.status, page.heading) == (403, "Please start again")
    assert Browser().open(url).heading == "Please start again"
    no_cookie = Browser().open(url)
    assert "did not send the cookie" in no_cookie.text
    assert browser.open(url).heading == "Enter your code"


def test_R16_R37d_a_tenants_flow_does_not_open_without_its_tenant(fabrikam: Tenant, invite: Invite) -> None:
    invite(fabrikam)
    browser = Browser()
    ask_by_address(browser, fabrikam, NICOLE)
    assert browser.open(f"/sign-in/{flow_of(NICOLE).id}").status == 403


def test_R16_R37d_two_tabs_work_side_by_side_and_the_code_once(fabrikam: Tenant, link: str, invite: Invite) -> None:
    invite(fabrikam)
    browser = Browser()
    first = ask(browser, link)
    code_of_first = code_in(post(fabrikam)[-1])
    ask(browser, link)
    code_of_second = code_in(post(fabrikam)[-1])
    assert "That code did not work." in browser.submit("code", code=wrong(code_of_second)).text
    browser.page = first
    assert browser.submit("code", code=code_of_first).heading == "Review permissions"
    again = browser.client.post(first.url, first.form_with("code").fields | {"code": code_of_first})
    assert again.headers["Location"] == "/fabrikam.example/permissions"
    assert browser.open(first.url).heading == "Review permissions"


def test_R14_R37d_a_used_code_opens_nothing_in_a_browser_without_its_session(
    fabrikam: Tenant, link: str, invite: Invite
) -> None:
    invite(fabrikam)
    browser = Browser()
    page = ask(browser, link)
    code = code_in(post(fabrikam)[-1])
    browser.submit("code", code=code)
    del browser.client.cookies[f"vestibule-guest-{fabrikam.id.hex}"]
    assert browser.open(page.url).heading == "Please start again"
    browser.page = page
    assert "That code did not work." in browser.submit("code", code=code).text


def test_R15_R37d_sending_again_repeats_the_code_and_keeps_the_application(
    fabrikam: Tenant, link: str, invite: Invite
) -> None:
    invite(fabrikam)
    browser = Browser()
    ask(browser, link)
    code = code_in(post(fabrikam)[-1])
    assert browser.submit("Send it again").status == 429
    assert "Please wait until" in browser.page.text
    pass_time(fabrikam, minutes(1))
    browser.open(browser.page.url.replace("/again", ""))
    page = browser.submit("Send it again")
    assert "It is the same code as before" in page.text
    assert "For Meetings" in page.text
    assert code_in(post(fabrikam)[-1]) == code
    assert browser.open(page.links["Start again"]).heading == "Sign in to Meetings"


def test_R5_R37d_a_block_after_the_code_was_sent_is_told_to_who_has_it(
    fabrikam: Tenant, link: str, invite: Invite, now: datetime
) -> None:
    invited = invite(fabrikam)
    browser = Browser()
    ask(browser, link)
    code = code_in(post(fabrikam)[-1])
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(id=invited.guest.id).update(is_blocked=True)
    page = browser.submit("code", code=code)
    assert "E-BLOCKED" in page.text


def test_R10_R37d_opening_the_link_sends_nothing_and_makes_no_row(
    fabrikam: Tenant, northwind: Tenant, link: str, invite: Invite
) -> None:
    invite(fabrikam)
    browser = Browser()
    for method in (browser.client.get, browser.client.head):
        assert method(link).status_code == 200
    with every_tenant(reason="a test counts flows"):
        assert not SignInFlow.objects.exists()
    assert everywhere(fabrikam, northwind) == []
    assert browser.client.get("/sign-in").status_code == 405


# The operator's mark


def test_R37d_the_operator_marks_an_application_and_takes_the_mark_away(
    fabrikam: Tenant, expenses: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = Browser()
    path = f"/signin/Expense%20reports/{expenses.id}"
    assert browser.open(path).status == 404
    call_command("mark_first_party", tenant="fabrikam.example", application="Expense reports")
    assert f"{path}\n" in capsys.readouterr().out
    assert browser.open(path).heading == "Sign in to Expense reports"
    call_command("mark_first_party", tenant="fabrikam.example", application=str(expenses.id))
    assert "already" in capsys.readouterr().out
    call_command("mark_first_party", tenant="fabrikam.example", application=str(expenses.id), undo=True)
    assert browser.open(path).status == 404
    call_command("mark_first_party", tenant="fabrikam.example", application=str(expenses.id), undo=True)
    assert "not first-party" in capsys.readouterr().out
    assert [len(history(fabrikam, f"application.{word}_first_party")) for word in ("marked", "unmarked")] == [1, 1]


def test_R37d_the_operator_is_told_of_an_application_that_is_not_there(
    fabrikam: Tenant, contoso: Tenant, expenses: Application, now: datetime
) -> None:
    for tenant, named in (("fabrikam.example", "Nothing"), ("contoso.example", str(expenses.id))):
        with pytest.raises(CommandError, match="add_application"):
            call_command("mark_first_party", tenant=tenant, application=named)
    with tenant_scope(contoso.id):
        assert not mark_first_party(application_id=expenses.id, actor=OPERATOR, now=now)
        assert not unmark_first_party(application_id=expenses.id, actor=OPERATOR, now=now)
