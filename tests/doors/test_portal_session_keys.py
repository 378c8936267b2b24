"""What the database knows of an administrator's session (B4)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.models import Session

from tenants.models import Tenant
from tenants.roles import Role
from tests import factories
from tests.doors.portal import signed_in


def test_B4_the_cookie_stands_nowhere_and_the_row_opens_nothing(fabrikam: Tenant) -> None:
    adele = factories.administrator("adele@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR))
    browser = signed_in(adele, fabrikam)
    assert browser.get("/admin/guests/guest/").status_code == 200
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    (row,) = Session.objects.all()
    assert row.session_key != cookie
    thief = signed_in(adele, fabrikam)
    thief.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
    assert thief.get("/admin/guests/guest/").status_code == 302


def test_B4_signing_out_deletes_the_row(fabrikam: Tenant) -> None:
    browser = signed_in(
        factories.administrator("adele@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR)), fabrikam
    )
    browser.post("/admin/logout/")
    assert not Session.objects.exists()
