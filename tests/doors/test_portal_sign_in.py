"""R63: the portal's door takes both factors, counts wrong passwords and says one sentence for every wrong one."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine
from axes.models import AccessAttempt
from django.test import Client
from django_otp.oath import TOTP

from tenants.models import AuditEntry
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import BACKUP_CODE, app_of, sign_in_form, signed_in, text, with_backup_code

LOGIN = "/admin/login/"
WRONG = "The email, the password or the code is not right."


def app_code(device) -> str:
    counter = TOTP(device.bin_key, device.step, device.t0, device.digits)
    return str(counter.token()).zfill(device.digits)


def test_R63_it_lets_in_with_password_and_backup_code_once(adele, fabrikam):
    with_backup_code(adele)
    client = Client()
    assert client.post(LOGIN, sign_in_form(adele.email)).status_code == 302
    assert client.get("/admin/").status_code == 200
    again = Client().post(LOGIN, sign_in_form(adele.email))
    assert WRONG in text(again)
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="administrator.signed_in", actor_id=adele.pk).count() == 1


@pytest.mark.parametrize("written", ["ABCD 2345", "abcd-2345", " abcd2345 "], ids=lambda text: f"R63-{text}")
def test_R63_it_takes_a_backup_code_however_it_is_written(adele, written):
    with_backup_code(adele)
    assert Client().post(LOGIN, sign_in_form(adele.email, code=written)).status_code == 302


def test_R63_it_lets_in_with_password_and_app(adele):
    device = app_of(adele)
    with_backup_code(adele)
    assert Client().post(LOGIN, sign_in_form(adele.email, code=app_code(device))).status_code == 302


def test_R63_a_wrong_app_code_does_not_slow_the_backup_codes(adele):
    app_of(adele)
    with_backup_code(adele)
    assert WRONG in text(Client().post(LOGIN, sign_in_form(adele.email, code="000000")))
    assert Client().post(LOGIN, sign_in_form(adele.email)).status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param({"password": "wrong"}, id="R63-wrong password"),
        pytest.param({"code": "zzzz2222"}, id="R63-wrong backup code"),
        pytest.param({"code": "123456"}, id="R63-a code for an app that is not there"),
    ],
)
def test_R63_it_never_says_which_factor_was_wrong(adele, typed):
    with_backup_code(adele)
    page = Client().post(LOGIN, sign_in_form(adele.email, **typed))
    assert page.status_code == 200
    assert WRONG in text(page)
    assert factories.PASSWORD not in page.content.decode()


def test_R63_an_empty_code_does_not_tell_whether_the_password_was_right(adele):
    with_backup_code(adele)
    right = text(Client().post(LOGIN, sign_in_form(adele.email, code="")))
    wrong = text(Client().post(LOGIN, sign_in_form(adele.email, code="", password="wrong")))
    assert right == wrong


def test_R63_a_password_alone_opens_nothing(adele):
    client = Client()
    client.force_login(adele, backend="django.contrib.auth.backends.ModelBackend")
    for page in ("/admin/", "/admin/guests/guest/", "/admin/account/", "/admin/tenant/"):
        answer = client.get(page)
        assert answer.status_code == 302, page
        assert answer["Location"].startswith(LOGIN), page


def test_R63_somebody_elses_device_opens_nothing(adele, fabrikam):
    other = factories.administrator("omar@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR))
    with_backup_code(other)
    assert WRONG in text(Client().post(LOGIN, sign_in_form(adele.email)))


def test_R63_ten_wrong_passwords_pause_the_name_until_a_time_that_is_shown(adele):
    with_backup_code(adele)
    with time_machine.travel("2026-11-22 19:00:00+00:00", tick=False) as clock:
        for turn in range(10):
            name = adele.email if turn % 2 else adele.email.upper()
            answer = Client().post(LOGIN, sign_in_form(name, password="wrong"))
        assert answer.status_code == 429
        assert "Please wait until 22 Nov, 19:15 UTC" in text(answer)
        clock.shift(timedelta(minutes=5))
        right = Client().post(LOGIN, sign_in_form(adele.email))
        assert right.status_code == 429
        assert "Please wait until 22 Nov, 19:15 UTC" in text(right)
        clock.shift(timedelta(minutes=10, seconds=1))
        assert Client().post(LOGIN, sign_in_form(adele.email)).status_code == 302


def test_R63_a_pause_holds_for_one_network_only(adele):
    with_backup_code(adele)
    for _ in range(10):
        Client().post(LOGIN, sign_in_form(adele.email, password="wrong"))
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert elsewhere.post(LOGIN, sign_in_form(adele.email)).status_code == 302


def test_R63_a_role_taken_away_is_gone_at_the_next_click(adele, portal):
    assert portal.get("/admin/guests/guest/").status_code == 200
    adele.roles.all().delete()
    answer = portal.get("/admin/guests/guest/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/tenant/")


def test_R63_an_administrator_switched_off_is_out_at_once(adele, portal):
    adele.is_active = False
    adele.save()
    assert portal.get("/admin/")["Location"].startswith(LOGIN)


def test_R63_who_holds_no_role_sees_nothing_and_is_told_whom_to_ask(db):
    client = signed_in(factories.administrator("nobody@fabrikam.example"))
    page = client.get("/admin/", follow=True)
    assert "You hold no role in any tenant yet" in text(page)
    assert client.get("/admin/guests/guest/")["Location"].startswith("/admin/tenant/")


def test_R63_signing_out_ends_the_session(portal):
    portal.post("/admin/logout/")
    assert portal.get("/admin/")["Location"].startswith(LOGIN)


def test_R63_the_code_is_in_no_table_of_the_counter(adele):
    with_backup_code(adele)
    Client().post(LOGIN, sign_in_form(adele.email, password="wrong-password"))
    kept = " ".join(str(value) for row in AccessAttempt.objects.values() for value in row.values())
    assert BACKUP_CODE not in kept
    assert "wrong-password" not in kept


def test_R17_it_hashes_no_password_for_a_network_that_tried_twenty_names(adele):
    with_backup_code(adele)
    for turn in range(20):
        answer = Client().post(LOGIN, sign_in_form(f"nobody{turn}@fabrikam.example"))
        assert answer.status_code == 200
    spent = Client().post(LOGIN, sign_in_form(adele.email))
    assert spent.status_code == 429
    assert "Please wait until" in text(spent)
    assert 1 <= int(spent["Retry-After"]) <= 600
    assert AccessAttempt.objects.count() == 20  # the last try reached nobody who counts passwords
    assert Client(REMOTE_ADDR="198.51.100.7").post(LOGIN, sign_in_form(adele.email)).status_code == 302


def test_R17_it_counts_no_try_of_who_gets_in(adele):
    device = with_backup_code(adele)
    for turn in range(22):
        device.token_set.create(token=f"office{turn}")
        assert Client().post(LOGIN, sign_in_form(adele.email, code=f"office{turn}")).status_code == 302


def test_R17_an_exempt_network_meets_no_limit_of_its_own(adele, settings):
    settings.SOURCE_LIMITS_EXEMPT = (ip_network("127.0.0.0/8"),)
    for turn in range(22):
        assert Client().post(LOGIN, sign_in_form(f"nobody{turn}@fabrikam.example")).status_code == 200


def test_R17_it_counts_an_IPv6_network_as_one_place(adele):
    with_backup_code(adele)
    for turn in range(10):
        answer = Client(REMOTE_ADDR=f"2001:db8:0:7::{turn:x}").post(LOGIN, sign_in_form(adele.email, password="wrong"))
    assert answer.status_code == 429
    assert 800 <= int(answer["Retry-After"]) <= 900
    assert Client(REMOTE_ADDR="2001:db8:0:7::99").post(LOGIN, sign_in_form(adele.email)).status_code == 429
    assert Client(REMOTE_ADDR="2001:db8:0:8::1").post(LOGIN, sign_in_form(adele.email)).status_code == 302


def test_R63_who_is_in_already_is_asked_for_nothing_and_tries_nothing(portal):
    answer = portal.post(LOGIN, sign_in_form("somebody@fabrikam.example", password="wrong"))
    assert answer.status_code == 302
    assert answer["Location"] == "/admin/"
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize("code", ["zzzz2222", "123456"], ids=["R63-backup code", "R63-app code"])
def test_R63_the_pause_does_not_tell_who_has_the_password(adele, code):
    app_of(adele)
    with_backup_code(adele)
    seen = {}
    with time_machine.travel("2026-11-22 19:00:00+00:00", tick=False):
        for address, password in (("198.51.100.7", factories.PASSWORD), ("198.51.100.8", "wrong")):
            answers = [
                Client(REMOTE_ADDR=address).post(LOGIN, sign_in_form(adele.email, password=password, code=code))
                for _ in range(12)
            ]
            seen[password] = [(answer.status_code, answer.get("Retry-After"), text(answer)) for answer in answers]
    assert seen[factories.PASSWORD] == seen["wrong"]
    assert [status for status, _, _ in seen["wrong"]] == [200] * 9 + [429] * 3
    kept = " ".join(str(value) for row in AccessAttempt.objects.values() for value in row.values())
    assert factories.PASSWORD not in kept
    assert code not in kept
