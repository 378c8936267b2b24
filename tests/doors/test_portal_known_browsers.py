"""R17: a browser that signed an administrator in with both factors has tries of its own for that administrator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client

from tenants import second_factor
from tenants.audit import Actor
from tenants.credentials import change_password, sign_out_administrator
from tenants.doors.known_browsers import COOKIE
from tenants.models import Administrator, Budget, Tenant
from tenants.roles import Role
from tests import factories
from tests.doors.portal import app_of, sign_in_form, text, with_backup_code

LOGIN = "/admin/login/"
LOGOUT = "/admin/logout/"


def known(administrator: Administrator, client: Client | None = None) -> Client:
    """A browser that signed them in and out again."""
    with_backup_code(administrator, "known222")
    browser = client or Client()
    assert browser.post(LOGIN, sign_in_form(administrator.email, code="known222")).status_code == 302
    browser.post(LOGOUT)
    return browser


def spend_all(administrator: Administrator) -> None:
    """What strangers do from the same network: ten tries at this name, and then ten at others."""
    for turn in range(20):
        name = administrator.email if turn < 10 else f"nobody{turn}@fabrikam.example"
        Client().post(LOGIN, sign_in_form(name, password="wrong"))


def status(client: Client, administrator: Administrator, code: str = "fresh222") -> int:
    """The answer to both right factors."""
    with_backup_code(administrator, code)
    return client.post(LOGIN, sign_in_form(administrator.email, code=code)).status_code


def test_R17_it_signs_in_whatever_strangers_in_its_network_spend(adele: Administrator) -> None:
    browser = known(adele)
    spend_all(adele)
    assert status(Client(), adele) == 429
    assert status(browser, adele) == 302
    assert status(Client(), adele) == 429, "a sign-in beside them gives strangers nothing back"


def test_R17_its_own_tries_are_limited_and_are_nobody_elses(adele: Administrator) -> None:
    browser, other = known(adele), known(adele)
    for turn in range(10):
        answer = browser.post(LOGIN, sign_in_form(adele.email, password="wrong"))
        assert answer.status_code == (200 if turn < 9 else 429)
    assert "typed for this email in this browser" in text(answer)
    assert 800 <= int(answer["Retry-After"]) <= 900
    assert status(browser, adele) == 429
    assert status(other, adele) == 302
    assert status(Client(), adele) == 302


def test_R17_a_burst_of_tries_in_it_meets_a_budget_before_a_password_is_hashed(adele: Administrator) -> None:
    browser = known(adele)
    browser.post(LOGIN, sign_in_form(adele.email, password="wrong"))
    Budget.objects.filter(used=1, allowed=20).update(used=20)
    spent = browser.post(LOGIN, sign_in_form(adele.email, password="wrong"))
    assert spent.status_code == 429
    assert "typed for this email in this browser" in text(spent)
    assert AccessAttempt.objects.get().failures_since_start == 1


def test_R17_it_has_none_for_another_administrator(adele: Administrator, fabrikam: Tenant) -> None:
    omar = factories.administrator("omar@fabrikam.example", (fabrikam, Role.GLOBAL_READER))
    browser = known(omar)
    spend_all(adele)
    assert status(browser, adele) == 429
    assert status(browser, omar) == 302


def test_R17_one_computer_is_known_for_both_who_use_it(adele: Administrator, fabrikam: Tenant) -> None:
    omar = factories.administrator("omar@fabrikam.example", (fabrikam, Role.GLOBAL_READER))
    browser = known(adele, known(omar))
    spend_all(adele)
    assert status(browser, adele) == 302
    browser.post(LOGOUT)
    assert status(browser, omar) == 302


@pytest.mark.parametrize("forge", [lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"), lambda text: "x"])
def test_R17_a_forged_cookie_is_ignored(adele: Administrator, forge: Callable[[str], str]) -> None:
    browser = known(adele)
    browser.cookies[COOKIE] = forge(browser.cookies[COOKIE].value)
    spend_all(adele)
    assert status(browser, adele) == 429


def set_password(adele: Administrator, actor: Actor, **given: Any) -> None:
    change_password(administrator=adele, password="a long and fresh password", actor=actor, **given)
    adele.set_password(factories.PASSWORD)  # another hash of what status() types
    adele.save()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(set_password, id="R63-password"),
        pytest.param(lambda adele, actor, now: app_of(adele), id="R63-app"),
        pytest.param(
            lambda adele, actor, now: second_factor.replace_backup_codes(administrator=adele, actor=actor, now=now),
            id="R63-backup codes",
        ),
        pytest.param(
            lambda adele, actor, now: sign_out_administrator(administrator=adele, actor=actor, now=now),
            id="R63-signed out everywhere",
        ),
    ],
)
def test_R63_what_it_signed_in_with_has_changed_so_it_is_known_no_more(adele, operator, now, change) -> None:
    browser = known(adele)
    change(adele, operator, now=now)
    spend_all(adele)
    assert status(browser, adele) == 429


def test_R63_it_is_known_for_90_days_and_a_backup_code_used_elsewhere_changes_nothing(adele: Administrator) -> None:
    with time_machine.travel("2026-11-22 19:00:00+00:00", tick=False) as clock:
        browser = known(adele)
        known(adele)
        clock.shift(timedelta(days=89))
        spend_all(adele)
        assert status(browser, adele) == 302
        browser.post(LOGOUT)
        clock.shift(timedelta(days=90, seconds=1))
        spend_all(adele)
        assert status(browser, adele) == 429


def test_R63_another_administrators_sign_in_makes_nobody_known_for_longer(
    adele: Administrator, fabrikam: Tenant
) -> None:
    omar = factories.administrator("omar@fabrikam.example", (fabrikam, Role.GLOBAL_READER))
    with time_machine.travel("2026-11-22 19:00:00+00:00", tick=False) as clock:
        browser = known(adele)
        clock.shift(timedelta(days=60))
        known(omar, browser)
        clock.shift(timedelta(days=31))
        spend_all(adele)
        assert status(browser, adele) == 429
        assert status(browser, omar) == 302


def test_R17_a_name_with_a_zero_byte_is_nobodys(adele: Administrator) -> None:
    assert known(adele).post(LOGIN, sign_in_form(f"{adele.email}\0", password="wrong")).status_code == 200


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("/admin/account/backup-codes/", {"password": factories.PASSWORD, "code": "known333"}),
        ("/admin/account/sign-out-others/", {}),
    ],
)
def test_R63_the_browser_in_which_they_changed_it_stays_known(
    adele: Administrator, page: str, form: dict[str, str]
) -> None:
    browser = known(adele)
    assert status(browser, adele) == 302
    with_backup_code(adele, "known333")
    assert browser.post(page, form).status_code in (200, 302)
    browser.post(LOGOUT)
    spend_all(adele)
    assert status(browser, adele, "later222") == 302


def test_R17_a_stranger_who_types_the_name_gets_no_cookie(adele: Administrator) -> None:
    client = Client()
    client.post(LOGIN, sign_in_form(adele.email, password="wrong"))
    assert COOKIE not in client.cookies
