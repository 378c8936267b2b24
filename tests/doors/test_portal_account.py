"""R63: a second factor is replaced by who gives both once more, not by who finds a session open."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.models import AuditEntry
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import BACKUP_CODE, app_of, signed_in, text, with_backup_code
from tests.doors.test_portal_sign_in import app_code

CODES = "/admin/account/backup-codes/"
BEGIN = "/admin/account/authenticator/begin/"
BOTH = {"password": factories.PASSWORD, "code": BACKUP_CODE}
NO_PASSWORD = "That is not your password."
NO_CODE = "That code did not work. Wait for the app’s next code, or type a backup code."


@pytest.mark.parametrize("page", [CODES, BEGIN], ids=["R63-backup codes", "R63-app"])
@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        pytest.param({}, "password", "This field is required.", id="nothing"),
        pytest.param({"password": "wrong"}, "password", NO_PASSWORD, id="wrong password"),
        pytest.param({"code": "zzzz2222"}, "code", NO_CODE, id="wrong backup code"),
        pytest.param({"code": "123456"}, "code", NO_CODE, id="no such app"),
        pytest.param({"code": ""}, "code", "This field is required.", id="no code"),
    ],
)
def test_R63_it_replaces_nothing_without_both_and_says_so_at_the_field(portal, adele, page, typed, field, says):
    answer = portal.post(page, {**BOTH, **typed} if typed else {})
    assert answer.status_code == 200
    form = answer.context["codes_form" if page == CODES else "app_form"]
    assert [str(error) for error in form.errors[field]] == [says]
    html = answer.content.decode()
    assert says in text(answer)
    assert "<title>Error: " in html
    assert 'aria-invalid="true"' in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert all(
        name in ids
        for names in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', html)
        for name in names.split()
    )
    assert factories.PASSWORD not in html
    assert not TOTPDevice.objects.filter(user=adele).exists()
    assert list(StaticToken.objects.filter(device__user=adele).values_list("token", flat=True)) == [BACKUP_CODE]


def test_R63_a_code_of_the_app_does_as_well_and_works_once(portal, adele):
    code = app_code(app_of(adele))
    assert len(portal.post(CODES, {"password": factories.PASSWORD, "code": code}).context["codes"]) == 10
    assert NO_CODE in text(portal.post(BEGIN, {"password": factories.PASSWORD, "code": code}))


def test_R63_an_open_session_is_no_place_to_guess_the_password(portal, adele):
    for _ in range(10):
        assert NO_PASSWORD in text(portal.post(CODES, {**BOTH, "password": "wrong"}))
    assert "Too many tries. Try again from" in text(portal.post(CODES, BOTH))
    assert StaticToken.objects.filter(device__user=adele, token=BACKUP_CODE).exists()


def test_R63_giving_both_forgets_the_tries_before(portal, adele):
    for turn in range(3):
        for _ in range(6):
            portal.post(CODES, {**BOTH, "password": "wrong"})
        code = f"good222{turn}"
        with_backup_code(adele, code)
        assert portal.post(BEGIN, {**BOTH, "code": code}).status_code == 302


def test_R63_a_setting_up_that_was_left_shows_its_secret_to_nobody(portal, adele):
    portal.post(BEGIN, BOTH)
    assert portal.get("/admin/account/authenticator/").status_code == 200
    begun = TOTPDevice.objects.filter(user=adele)
    begun.update(created_at=Now() - timedelta(minutes=15, seconds=1))
    code = app_code(begun.get())
    assert portal.post("/admin/account/authenticator/", {"code": code})["Location"] == "/admin/account/"
    assert portal.get("/admin/account/authenticator/qr.svg").status_code == 404
    assert not begun.get().confirmed


def enrolled(client, who):
    """The client has set an app up and made new backup codes with it."""
    client.post(BEGIN, BOTH)
    device = TOTPDevice.objects.get(user=who)
    done = client.post("/admin/account/authenticator/", {"code": app_code(device)}, follow=True)
    assert "Your authenticator app is set up." in text(done)
    TOTPDevice.objects.filter(user=who).update(last_t=-1)
    made = client.post(CODES, {"password": factories.PASSWORD, "code": app_code(device)})
    assert len(made.context["codes"]) == 10


def test_R64_a_second_factor_that_changed_is_told_to_every_tenant_of_theirs(fabrikam, contoso):
    omar = factories.administrator("omar@f.example", (fabrikam, Role.GUEST_INVITER), (contoso, Role.GLOBAL_READER))
    enrolled(signed_in(omar, fabrikam), omar)
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            told = list(AuditEntry.objects.order_by("id").values_list("action", "actor_name", "address"))
        assert [line[0] for line in told] == ["administrator.authenticator_set", "administrator.backup_codes_made"]
        assert {line[2] for line in told} == {omar.email}


def test_R64_what_somebody_changes_of_their_own_account_is_told_as_an_administrators(fabrikam, contoso):
    omar = factories.administrator("omar@f.example", (fabrikam, Role.GUEST_INVITER), (contoso, Role.GLOBAL_READER))
    client = signed_in(omar)
    assert "No tenant is open" in text(client.get("/admin/account/"))
    enrolled(client, omar)
    client.post("/admin/account/sign-out-others/")
    chosen = "correct horse battery staple 7"
    typed = {"old_password": factories.PASSWORD, "new_password1": chosen, "new_password2": chosen}
    assert client.post("/admin/account/password/", typed).status_code == 302
    for tenant in (fabrikam, contoso):
        with tenant_scope(tenant.id):
            told = list(AuditEntry.objects.order_by("id").values_list("action", "actor_kind"))
        assert told == [
            ("administrator.authenticator_set", "administrator"),
            ("administrator.backup_codes_made", "administrator"),
            ("administrator.signed_out_everywhere", "administrator"),
            ("administrator.password_changed", "administrator"),
        ]


def test_R63_who_holds_no_role_yet_sets_up_an_app(fabrikam):
    nobody = factories.administrator("kim@f.example")
    client = signed_in(nobody)
    page = text(client.get("/admin/account/"))
    assert "No tenant is open" in page
    assert "Fabrikam" not in page
    enrolled(client, nobody)
    with tenant_scope(fabrikam.id):
        assert not AuditEntry.objects.exists()
