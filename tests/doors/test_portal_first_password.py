"""R63: a password and backup codes that somebody else has seen are good for one thing, choosing one's own."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from tenants.audit import Actor
from tenants.credentials import recover_administrator, renew_credentials
from tenants.models import Administrator, AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import handed_over, sign_in_form, signed_in, text

APPOINT = "/admin/tenants/administrator/appoint/"
LOGIN = "/admin/login/"
OWN = "/admin/account/password/"
NEW = "a long and fresh password"
DIEGO = {"email": "Diego@Fabrikam.example", "name": "Diego Siciliani", "roles_chosen": ["helpdeskAdministrator"]}


def history(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_R63_a_new_administrator_reaches_nothing_before_they_chose_a_password(portal, fabrikam):
    password, codes = handed_over(portal.post(APPOINT, DIEGO))
    diego = Client()
    form = sign_in_form("diego@fabrikam.example", password=password, code=codes[0])
    assert diego.post(LOGIN, form)["Location"] == "/admin/"
    for page in ("/admin/", "/admin/guests/guest/", "/admin/account/", "/admin/tenant/", "/admin/nothing/here"):
        assert diego.get(page)["Location"] == OWN, page
    for page in ("/admin/guests/guest/reset/", "/admin/account/backup-codes/", "/admin/tenant/switch/"):
        assert diego.post(page)["Location"] == OWN, page
    own = diego.get(OWN)
    assert "Choose your own password" in text(own)
    assert "/admin/guests/guest/" not in own.content.decode()
    typed = {"old_password": password, "new_password1": password, "new_password2": password}
    assert "Choose another one." in text(diego.post(OWN, typed))
    answer = diego.post(OWN, {**typed, "new_password1": NEW, "new_password2": NEW})
    assert answer.status_code == 200
    assert "Your password is changed." in text(answer)
    assert diego.get("/admin/guests/guest/").status_code == 200
    assert diego.get("/admin/tenants/tenant/").status_code == 403
    assert history(fabrikam)[-1] == "administrator.password_changed"
    made = Administrator.objects.get(email="diego@fabrikam.example")
    assert made.check_password(NEW)
    assert not made.must_change_password


def in_with(email: str, password: str, code: str) -> bool:
    """Whether these three open the portal in a new browser."""
    return Client().post(LOGIN, sign_in_form(email, password=password, code=code)).status_code == 302


def chosen(client: Client, old: str) -> list[str]:
    """The backup codes in the answer to who chose the first password of their own."""
    answer = client.post(OWN, {"old_password": old, "new_password1": NEW, "new_password2": NEW})
    return re.findall(r"<li><code>([^<]+)", answer.content.decode())


def test_R63_with_the_first_password_the_codes_that_somebody_else_has_seen_are_replaced(portal, fabrikam):
    password, seen = handed_over(portal.post(APPOINT, DIEGO))
    diego = Client()
    diego.post(LOGIN, sign_in_form("diego@fabrikam.example", password=password, code=seen[0]))
    codes = chosen(diego, password)
    assert len(codes) == 10
    assert not set(codes) & set(seen)
    assert not in_with("diego@fabrikam.example", NEW, seen[1])
    StaticDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)  # no wait after it
    assert in_with("diego@fabrikam.example", NEW, codes[0])
    assert history(fabrikam).count("administrator.backup_codes_made") == 1


@pytest.mark.parametrize("deed", [renew_credentials, recover_administrator], ids=["R63-reset", "R63-recovered"])
def test_R63_an_operators_codes_end_with_the_first_password_too(adele, operator: Actor, now, deed):
    made = deed(administrator=adele, actor=operator, now=now)
    theirs = Client()
    theirs.post(LOGIN, sign_in_form(adele.email, password=made.password, code=made.backup_codes[0]))
    codes = chosen(theirs, made.password)
    left = set(StaticToken.objects.filter(device__user=adele).values_list("token", flat=True))
    assert left == set(codes)
    assert not left & set(made.backup_codes)


def test_R63_signing_out_is_open_before_the_first_password(fabrikam):
    client = signed_in(
        factories.administrator("d@f.example", (fabrikam, Role.GUEST_INVITER), must_change_password=True)
    )
    client.post("/admin/logout/")
    assert client.get("/admin/")["Location"].startswith(LOGIN)
