"""What a guest's browser holds: its secret, its session, and that it has been here before.

Knows the cookies' names, flags and contents, and the one query that says whether a session still counts (R21). Nothing
here trusts a cookie: secrets are compared as hashes with rows, the device cookie is signed and names its guest's epoch.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from guests.models import Guest, GuestSession, SignInFlow, Way
from guests.operations.signing_in import SignedIn, token_hash
from guests.rules import DEVICE_LIFE, SESSION_LIFE
from providers.models import EmailPasscodePolicy, IdentityProvider
from providers.rules import Method, PasscodeState
from tenants.models import Tenant

BROWSER_COOKIE = f"{settings.COOKIE_PREFIX}vestibule-browser"
DEVICES_REMEMBERED = 4
"""Addresses of one tenant that one browser is known for: a shared computer may have a few."""


def browser_secret(request: HttpRequest) -> str:
    """The browser's secret, or "" where it has none (yet, or any more)."""
    return request.COOKIES.get(BROWSER_COOKIE, "")[:100]


def new_browser_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def remember_browser(response: HttpResponse, secret: str) -> None:
    """Keep the browser's secret until it is closed or a day has passed."""
    _set(response, BROWSER_COOKIE, secret, timedelta(hours=24))


def open_flow(request: HttpRequest, flow_id: UUID) -> SignInFlow | None:
    """The flow that the URL names, if this browser began it and its time is not over (R16). One statement.

    It may have ended: it led in already, or its guest was reset. Its code is dead then, and says so like any other.
    A flow that began without a tenant is none of any tenant's address, or trying them would tell which it runs in.
    """
    return _flows_of(request, flow_id).exclude(way=Way.COMMON).select_related("guest", "invitation__guest").first()


def open_common_flow(request: HttpRequest, flow_id: UUID) -> SignInFlow | None:
    """The same for a flow that began without a tenant (R37d), with its tenant; inside every_tenant()."""
    return (
        _flows_of(request, flow_id)
        .filter(way=Way.COMMON, tenant__is_active=True)
        .select_related("guest", "tenant")
        .defer("tenant__logo")
        .first()
    )


def _flows_of(request: HttpRequest, flow_id: UUID) -> QuerySet[SignInFlow]:
    secret = browser_secret(request)
    if not secret:
        return SignInFlow.objects.none()
    return SignInFlow.objects.filter(id=flow_id, browser_hash=token_hash(secret), expires_at__gt=Now())


def open_session(request: HttpRequest, tenant: Tenant) -> GuestSession | None:
    """This browser's session in this tenant, if everything that it rests on still holds (R21). One statement.

    Not ended and not over by the database's clock, the guest neither blocked nor deleted, the method still allowed and
    not voided since. Consent is not asked here: a session without it reaches the consent pages (R20).
    """
    token = request.COOKIES.get(_session_cookie(tenant), "")
    if not token:
        return None
    policy = EmailPasscodePolicy.objects.filter(
        Q(state=PasscodeState.DISABLED.value) | Q(passcodes_void_before__gte=OuterRef("started_at")),
        tenant_id=OuterRef("tenant_id"),
    )
    provider = IdentityProvider.objects.filter(
        id=OuterRef("provider_id"), tenant_id=OuterRef("tenant_id"), is_enabled=True
    )
    return (
        GuestSession.objects.select_related("guest")
        .filter(
            ~Q(method=Method.PASSCODE.value) | ~Exists(policy),
            Q(provider_id=None) | Exists(provider),
            token_hash=token_hash(token),
            ended_at__isnull=True,
            expires_at__gt=Now(),
            guest__deleted_at__isnull=True,
            guest__is_blocked=False,
        )
        .first()
    )


def has_session_cookie(request: HttpRequest, tenant: Tenant) -> bool:
    """Whether this browser held a session here: then "sign in again" is the word, and not "sign in"."""
    return bool(request.COOKIES.get(_session_cookie(tenant)))


def remember_session(response: HttpResponse, tenant: Tenant, signed_in: SignedIn) -> None:
    """Hand the browser its session. One may be a guest of several tenants: the name ends in the tenant's id."""
    _set(response, _session_cookie(tenant), signed_in.token, SESSION_LIFE)


def forget_session(response: HttpResponse, tenant: Tenant) -> None:
    """Take the session's cookie back."""
    response.delete_cookie(_session_cookie(tenant), path="/", samesite="Lax")


def known_epochs(request: HttpRequest, tenant: Tenant) -> Mapping[str, int]:
    """Address key to guest's epoch, for the addresses that signed in here with this browser within 90 days (R17)."""
    text = request.COOKIES.get(_device_cookie(tenant), "")
    if not text:
        return {}
    try:
        found = signing.loads(text, salt=_device_salt(tenant), max_age=DEVICE_LIFE)
    except signing.BadSignature:
        return {}
    return {str(key): int(epoch) for key, epoch in found}


def remember_device(request: HttpRequest, response: HttpResponse, tenant: Tenant, guest: Guest) -> None:
    """Make this browser known for this guest (R17). A reset of the guest voids it, as their epoch moves on."""
    others = [(key, epoch) for key, epoch in known_epochs(request, tenant).items() if key != guest.address_key]
    entries = [(guest.address_key, guest.device_epoch), *others][:DEVICES_REMEMBERED]
    _set(
        response, _device_cookie(tenant), signing.dumps(entries, salt=_device_salt(tenant), compress=True), DEVICE_LIFE
    )


def _session_cookie(tenant: Tenant) -> str:
    return f"{settings.COOKIE_PREFIX}vestibule-guest-{tenant.id.hex}"


def _device_cookie(tenant: Tenant) -> str:
    return f"{settings.COOKIE_PREFIX}vestibule-device-{tenant.id.hex}"


def _device_salt(tenant: Tenant) -> str:
    return f"vestibule device v1 {tenant.id.hex}"


def _set(response: HttpResponse, name: str, value: str, lasts: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )
