"""Who asks: turns a request into what operations want to know of a browser.

Knows cookies, headers and query strings, and nothing of what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from guests.models import Guest
from guests.operations.beginning import Asker, Skips
from guests.operations.inviting import landing_of
from guests.operations.signing_in import token_hash
from guests.sessions import browser_secret, known_epochs, new_browser_secret, remember_browser
from providers.rules import Method
from tenants.audit import Actor, ActorKind
from tenants.doors.middleware import TenantRequest
from tenants.models import Tenant
from tenants.source import client_address, is_within

LANDING_SALT = "vestibule landing v1"


def stranger(request: TenantRequest) -> Actor:
    """Who has proven nothing yet."""
    return Actor(ActorKind.STRANGER, source=client_address(request), correlation=request.correlation)


def guest_actor(request: TenantRequest, guest: Guest) -> Actor:
    """A signed-in guest."""
    return replace(stranger(request), kind=ActorKind.GUEST, name=guest.address_key, id=guest.id)


def asker(request: TenantRequest) -> Asker:
    """This browser, with the secret that it has; "" stands for none and unlocks nothing."""
    return _asker(request, browser_secret(request))


def asker_with_secret(request: TenantRequest) -> tuple[Asker, Callable[[HttpResponse], HttpResponse]]:
    """This browser with a secret, a new one if it has none, and what puts the cookie on the answer."""
    secret = browser_secret(request) or new_browser_secret()

    def keep(response: HttpResponse) -> HttpResponse:
        remember_browser(response, secret)
        return response

    return _asker(request, secret), keep


def skips(request: HttpRequest) -> Skips:
    """What the guest said on earlier pages, carried in the address: ?skip=…&skip=… and ?method=…"""
    said = {one.value: one for one in Method}
    skipped = frozenset(said[text] for text in request.GET.getlist("skip") if text in said)
    return Skips(skipped, said.get(request.POST.get("method", request.GET.get("method", ""))))


def lower_query(request: HttpRequest, name: str) -> str:
    """A query value whose name is read without case (R37a): tenantId, tenantid, TENANTID."""
    return next((str(value) for key, value in request.GET.items() if key.lower() == name), "")


def sealed_landing(tenant: Tenant, *, url: str, name: str) -> str:
    """Where a direct link leads, signed for the forms on the way: only what a door of ours wrote is read back."""
    return signing.dumps([str(tenant.id), url, name], salt=LANDING_SALT, compress=True)


def landing(request: TenantRequest) -> tuple[str, str, str]:
    """(address, name, sealed form) of where this sign-in leads: from a sealed form, or `next` on a registered origin.

    ("", "", "") is My Apps. What was not sealed by us or lies elsewhere is not followed (R39).
    """
    sealed = request.POST.get("to") or request.GET.get("to", "")
    if sealed:
        try:
            tenant_id, url, name = signing.loads(sealed, salt=LANDING_SALT, max_age=24 * 3600)
        except (signing.BadSignature, ValueError):
            return "", "", ""
        return (url, name, sealed) if tenant_id == str(request.tenant.id) else ("", "", "")
    url = landing_of(request.tenant, lower_query(request, "next"))
    return (url, "", sealed_landing(request.tenant, url=url, name="")) if url else ("", "", "")


def front_door_url(tenant: Tenant) -> str:
    """The tenant's own sign-in page."""
    return reverse("guests:front_door", kwargs={"tenant": tenant.primary_domain})


def my_apps_url(tenant: Tenant) -> str:
    """My Apps stands above this app, so it is named and not imported."""
    return reverse("applications:my_apps", kwargs={"tenant": tenant.primary_domain})


def _asker(request: TenantRequest, secret: str) -> Asker:
    source = client_address(request)
    return Asker(
        browser_hash=token_hash(secret),
        source=source,
        is_trusted=is_within(source, request.tenant.trusted_ranges),
        epochs=known_epochs(request, request.tenant),
        actor=stranger(request),
    )
