"""What journeys say in one word: begin, wait, sign in, look at two pages side by side."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from guests.models import Guest, GuestSession, SignInFlow
from guests.operations.inviting import Invited
from guests.operations.resetting import reset_redemption
from passcodes.models import Challenge
from providers.operations import set_email_passcode
from providers.rules import PasscodeState
from tenants.audit import Actor, ActorKind
from tenants.checks import owned_models
from tenants.models import AuditEntry, Budget, Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page, code_in, post
from tests.journeys.conftest import ADELE

OPERATOR = Actor(ActorKind.OPERATOR, "olga", source="shell")


def path_of(link: str) -> str:
    """The link without the origin that its mail begins with."""
    return link.removeprefix(settings.PUBLIC_URL)


def ask(browser: Browser, tenant: Tenant, link: str) -> str:
    """Open the link, press Send code, read the mail: the code."""
    browser.open(link)
    assert browser.submit("Send code").heading == "Enter your code", browser.page.text
    return code_in(post(tenant)[-1])


def ask_by_address(browser: Browser, tenant: Tenant, address: str) -> Page:
    """Type the address at the tenant's door and press Send code."""
    browser.open(f"/{tenant.primary_domain}")
    browser.submit("email", email=address)
    return browser.submit("Send code")


def enter(browser: Browser, tenant: Tenant, link: str) -> Page:
    """From the link over the code to what comes after it."""
    code = ask(browser, tenant, link)
    return browser.submit("code", code=code)


def sign_in(browser: Browser, tenant: Tenant, link: str) -> Page:
    """The same, and every yes on the way to the resource."""
    enter(browser, tenant, link)
    return agree(browser)


def agree(browser: Browser) -> Page:
    """Accept whatever is asked."""
    while any("Accept" in form.labels for form in browser.page.forms):
        browser.submit("Accept", button=("answer", "accept"))
    return browser.page


def wrong(code: str, by: int = 1) -> str:
    """Eight digits that are not the code."""
    return f"{(int(code.replace(' ', '')) + by) % 10**8:08d}"


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def pass_time(tenant: Tenant, by: timedelta) -> None:
    """Make all that this tenant's guests wait for as old as it will be then."""
    with tenant_scope(tenant.id):
        Challenge.objects.update(
            created_at=F("created_at") - by,
            sent_at=F("sent_at") - by,
            code_since=F("code_since") - by,
            expires_at=F("expires_at") - by,
        )
        SignInFlow.objects.update(created_at=F("created_at") - by, expires_at=F("expires_at") - by)
        GuestSession.objects.update(started_at=F("started_at") - by, expires_at=F("expires_at") - by)
    Budget.objects.update(ends_at=F("ends_at") - by)


def expire_in(tenant: Tenant, left: timedelta) -> None:
    """Move the newest challenge so that this much of its code's life is left."""
    with tenant_scope(tenant.id):
        newest = Challenge.objects.order_by("-created_at")[0]
        begun = Now() + left - newest.lifetime
        Challenge.objects.filter(id=newest.id).update(
            created_at=begun, sent_at=begun, code_since=begun, expires_at=Now() + left
        )


def newest_challenge(tenant: Tenant) -> Challenge:
    with tenant_scope(tenant.id):
        return Challenge.objects.order_by("-created_at")[0]


def attempts(tenant: Tenant) -> int:
    """Tries spent on the newest challenge."""
    return newest_challenge(tenant).attempts


def sessions(tenant: Tenant) -> int:
    """Sessions that were ever begun."""
    with tenant_scope(tenant.id):
        return GuestSession.objects.count()


def guest(tenant: Tenant, address: str = "") -> Guest:
    with tenant_scope(tenant.id):
        return Guest.objects.get(**({"address_key": address} if address else {}))


def history(tenant: Tenant, action: str) -> list[AuditEntry]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.filter(action=action).order_by("id"))


def turn_passcodes(tenant: Tenant, state: PasscodeState, now: Any) -> None:
    with tenant_scope(tenant.id):
        set_email_passcode(state=state, actor=OPERATOR, now=now)


def reset(tenant: Tenant, guest_id: UUID, now: Any) -> Invited:
    with tenant_scope(tenant.id):
        invited = reset_redemption(tenant=tenant, guest_id=guest_id, inviter=ADELE, actor=OPERATOR, now=now)
    assert isinstance(invited, Invited)
    return invited


def owned_rows(tenant: Tenant) -> dict[str, int]:
    """How many rows the tenant has in each table."""
    with tenant_scope(tenant.id):
        return {model._meta.label: model.objects.count() for model in owned_models()}


_ONE_OFF = (
    (re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"'), "csrf"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "uuid"),
    (re.compile(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}"), "reference"),
    (re.compile(r"<time[^>]*>[^<]*</time>"), "time"),
)


def plain(text: str, *, address: str = "") -> str:
    """The text without what differs between any two pages: token, flow, reference, times; and the typed address."""
    for pattern, name in _ONE_OFF:
        text = pattern.sub(name, text)
    return text.replace(address, "the-address") if address else text


def bytes_of(response: Any, *, address: str = "") -> tuple[int, dict[str, str], list[str], str]:
    """All that a browser gets: status, headers, cookies and body, without what differs between any two pages."""
    headers = {name: plain(value, address=address) for name, value in response.headers.items()}
    if "Retry-After" in headers:  # in half minutes: a slow machine needs seconds from one page to the next
        headers["Retry-After"] = str(math.ceil(int(headers["Retry-After"]) / 30) * 30)
    cookies = sorted(
        f"{cookie.key} {sorted((name, value) for name, value in cookie.items() if name != 'expires')}"
        for cookie in response.cookies.values()
    )
    return response.status_code, headers, cookies, plain(response.content.decode(), address=address)
