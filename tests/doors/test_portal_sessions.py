"""R63: an administrator's session lasts twelve hours, ends with its epoch, and is no place to guess a password."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.test import Client

from tenants.credentials import change_password
from tenants.models import Administrator, AuditEntry, Budget
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import sign_in_form, signed_in, text, with_backup_code

OWN = "/admin/account/password/"
NEW = "a long and fresh password"
GUESS = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
RIGHT = {**GUESS, "old_password": factories.PASSWORD}
BEGAN = "2026-11-22 07:00:00+00:00"


def is_in(client: Client) -> bool:
    return client.get("/admin/account/").status_code == 200


# --- twelve hours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "expected"), [("18:59:59", True), ("19:00:01", False)], ids=["R63-still", "R63-over"])
def test_R63_a_session_ends_twelve_hours_after_signing_in_whatever_was_done(adele, fabrikam, at, expected):
    with_backup_code(adele)
    client = Client()
    with time_machine.travel(BEGAN, tick=False) as clock:
        client.post("/admin/login/", sign_in_form(adele.email))
        assert "ends 22 Nov, 19:00 UTC , 12 hours after you signed in" in text(client.get("/admin/account/"))
        clock.move_to("2026-11-22 13:00:00+00:00")
        client.post("/admin/tenant/switch/", {"tenant": str(fabrikam.id)})  # saves the session
        client.post("/admin/account/sign-out-others/")  # gives it another key
        assert "19:00 UTC" in text(client.get("/admin/account/"))
        clock.move_to(f"2026-11-22 {at}+00:00")
        assert is_in(client) is expected


def test_R63_signing_in_again_begins_anew(adele):
    device = with_backup_code(adele)
    device.token_set.create(token="zzzz2345")
    client = Client()
    with time_machine.travel(BEGAN, tick=False) as clock:
        client.post("/admin/login/", sign_in_form(adele.email))
        clock.move_to("2026-11-22 13:00:00+00:00")
        client.post("/admin/logout/")
        client.post("/admin/login/", sign_in_form(adele.email, code="zzzz2345"))
        clock.move_to("2026-11-23 00:30:00+00:00")
        assert is_in(client)


def test_R63_a_session_of_a_release_before_ends_too(portal):
    """It has no beginning written down: the next save gives it one."""
    session = portal.session
    session.pop("began", None)
    session.save()
    row = Session.objects.get()
    assert row.expire_date <= session.get_expiry_date() + timedelta(seconds=1)
    assert is_in(portal)


# --- everywhere else ----------------------------------------------------------------------------------------------


def test_R63_signing_out_everywhere_else_keeps_this_browser(portal, adele, fabrikam):
    others = [signed_in(adele), signed_in(adele)]
    assert [is_in(one) for one in others] == [True, True]
    assert portal.post("/admin/account/sign-out-others/")["Location"] == "/admin/account/"
    assert is_in(portal)
    assert [is_in(one) for one in others] == [False, False]
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="administrator.signed_out_everywhere").count() == 1
    assert portal.get("/admin/account/sign-out-others/").status_code == 405


def test_R63_changing_the_password_ends_other_sessions_and_is_told_to_every_tenant(adele, fabrikam, contoso):
    adele.roles.create(tenant=contoso, role=Role.GUEST_INVITER)
    here, other = signed_in(adele, fabrikam), signed_in(adele, contoso)
    assert here.post(OWN, RIGHT)["Location"] == "/admin/account/"
    assert is_in(here)
    assert not is_in(other)
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            assert AuditEntry.objects.filter(action="administrator.password_changed").count() == 1


def test_R63_the_epoch_is_in_the_session_under_an_older_secret_key_too(adele, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old" * 20, []
    adele.session_epoch = 3
    adele.save()
    client = signed_in(adele)
    assert is_in(client)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]
    kept = set(adele.get_session_auth_fallback_hash())
    adele.session_epoch = 4
    assert not kept & {adele.get_session_auth_hash(), *adele.get_session_auth_fallback_hash()}


def test_R63_an_operator_without_a_tenant_may_change_their_password(db, operator, now):
    olga = factories.administrator("olga@operator.example", is_superuser=True)
    client = signed_in(olga)
    assert client.get(OWN).status_code == 200
    assert client.post(OWN, RIGHT).status_code == 302
    change_password(administrator=olga, password=NEW, actor=operator, now=now)
    assert Administrator.objects.get(pk=olga.pk).check_password(NEW)


# --- guesses ------------------------------------------------------------------------------------------------------


def test_R17_who_finds_a_session_open_has_five_guesses_at_the_password(portal, adele):
    for _ in range(5):
        assert "old password was entered incorrectly" in text(portal.post(OWN, GUESS))
    spent = portal.post(OWN, RIGHT)
    assert "Too many passwords were tried here." in text(spent)
    assert "Try again from" in text(spent)
    assert "UTC" in text(spent)
    assert Administrator.objects.get(pk=adele.pk).check_password(factories.PASSWORD)
    again = signed_in(adele)
    assert "Too many passwords" in text(again.post(OWN, RIGHT))  # another browser finds no other budget
    Budget.objects.update(ends_at=Now())
    assert portal.post(OWN, RIGHT).status_code == 302


def test_R17_the_right_password_gives_the_guesses_back(portal):
    for _ in range(3):
        for _ in range(4):
            portal.post(OWN, GUESS)
        mistyped = {**RIGHT, "new_password2": "another one"}
        assert "Too many" not in text(portal.post(OWN, mistyped))


def test_R63_the_sign_in_page_says_whom_to_ask_for_a_lost_device(db):
    assert "Lost your device and your backup codes?" in text(Client().get("/admin/login/"))
