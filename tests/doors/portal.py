"""A browser in the portal, for the tests beside it."""

from __future__ import annotations

import re
from typing import Any

import django_otp
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from guests.models import Guest, Status
from tenants.models import Administrator, Tenant
from tenants.scope import tenant_scope
from tests import factories

BACKUP_CODE = "abcd2345"


def with_backup_code(administrator: Administrator, code: str = BACKUP_CODE) -> StaticDevice:
    device, _ = StaticDevice.objects.get_or_create(user=administrator, name="Backup codes")
    device.token_set.create(token=code)
    return device


def signed_in(administrator: Administrator, tenant: Tenant | None = None) -> Client:
    """A client with both factors, sitting in the tenant if one is given."""
    device = with_backup_code(administrator)
    client = Client()
    client.force_login(administrator, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[django_otp.DEVICE_ID_SESSION_KEY] = device.persistent_id
    if tenant is not None:
        session["tenant"] = str(tenant.id)
    session.save()
    assert session[SESSION_KEY]
    return client


def sign_in_form(email: str, *, password: str = factories.PASSWORD, code: str = BACKUP_CODE) -> dict[str, str]:
    return {"username": email, "password": password, "otp_token": code, "next": "/admin/"}


def app_of(administrator: Administrator) -> TOTPDevice:
    return TOTPDevice.objects.create(user=administrator, name="Authenticator app", confirmed=True)


def text(response: Any) -> str:
    """The page as text, tags taken out and white space folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def accepted(guest: Guest, method: str = "emailOneTimePasscode") -> Guest:
    """The guest after a redemption with this method."""
    with tenant_scope(guest.tenant_id):
        Guest.objects.filter(pk=guest.pk).update(method=method, redemption_status=Status.ACCEPTED)
        guest.refresh_from_db()
    return guest


def seen(client: Client, url: str, form: dict[str, Any]) -> dict[str, str]:
    """What a form says whose reader has seen what saving it would mean (R62); nothing where it was saved at once."""
    found = re.search(r'name="seen" value="([^"]+)"', client.post(url, form).content.decode())
    return {"seen": found[1]} if found else {}


def saved(client: Client, url: str, form: dict[str, Any], **how: Any) -> Any:
    """Save twice: the first answer shows what it would mean, the second form says that it was seen."""
    shown = client.post(url, form, **how)
    found = re.search(r'name="seen" value="([^"]+)"', shown.content.decode())
    return client.post(url, form | {"seen": found[1]}, **how) if found else shown


def handed_over(page: Any) -> tuple[str, list[str]]:
    """The password and the backup codes in the answer to who appointed somebody."""
    html = page.content.decode()
    password = re.search(r"Password</dt><dd><code>([^<]+)", html)
    codes = re.search(r"Backup codes</dt><dd>(.*?)</dd>", html)
    assert password is not None
    assert codes is not None
    return password[1], re.findall(r"<code>([^<]+)", codes[1])
