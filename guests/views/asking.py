"""Who asks: turns a request into what operations want to know of a browser.

Knows cookies, headers and query strings, and nothing of what is done with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from guests.models import Guest
from guests.operations.beginning import Skips
from guests.operations.flows import Asker, Landing
from guests.operations.inviting import landing_of
from guests.operations.signing_in import token_hash
from guests.sessions import browser_secret, known_epochs, new_browser_secret, remember_browser
from providers.rules import Method
from tenants.audit import Actor, ActorKind
from tenants.doors.middleware import TenantRequest
from tenants.models import Tenant
from tenants.origins import noted
from tenants.source import client_address, is_within

LANDING_SALT = "vestibule landing v2"


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


NOWHERE = Landing()


@dataclass(frozen=True, slots=True)
class Goal:
    """Where the guest wants to go: the landing, the application's `name` or "", where people sign up for it or "", and
    all of it `sealed` for a form; all empty where nothing was asked for."""

    landing: Landing = NOWHERE
    name: str = ""
    sealed: str = ""
    sign_up_url: str = ""


def goal_of(tenant: Tenant, url: str, *, name: str = "", sign_up_url: str = "") -> Goal:
    """The goal behind a link's address, followed only on an origin that the tenant registered (R39).

    `sign_up_url` is a page of ours, "" where nobody can sign up (R39a). It is signed for the forms on the way, so that
    only what a door of ours wrote is read back.
    """
    if not url:
        return Goal()
    followed = landing_of(tenant, url)
    landing = Landing(followed, "" if followed else noted(url))
    said = [str(tenant.id), landing.url, landing.unregistered, name, *([sign_up_url] if sign_up_url else [])]
    return Goal(landing, name, signing.dumps(said, salt=LANDING_SALT, compress=True), sign_up_url)


def goal(request: TenantRequest) -> Goal:
    """The goal of this request: out of a sealed form, else out of `next`. What we did not seal leads to My Apps."""
    sealed = request.POST.get("to") or request.GET.get("to", "")
    if not sealed:
        return goal_of(request.tenant, lower_query(request, "next"))
    try:
        tenant_id, url, unregistered, name, *more = signing.loads(sealed, salt=LANDING_SALT, max_age=24 * 3600)
    except (signing.BadSignature, ValueError):
        return Goal()
    if tenant_id != str(request.tenant.id):
        return Goal()
    followed = landing_of(request.tenant, url)  # the tenant may have taken the origin out since (R39)
    if url and not followed:
        unregistered = noted(url)
    return Goal(Landing(followed, unregistered), name, sealed, next(iter(more), ""))


def front_door_url(tenant: Tenant) -> str:
    """The tenant's own sign-in page."""
    return reverse("guests:front_door", kwargs={"tenant": tenant.primary_domain})


def start_again_url(request: TenantRequest) -> str:
    """The front door with the same goal: another address, or a new code, is asked for on the way to the same place."""
    return carrying(front_door_url(request.tenant), goal(request))


def carrying(url: str, wanted: Goal) -> str:
    """The address of a page of ours, with the goal in its query where there is one."""
    return f"{url}?{urlencode({'to': wanted.sealed})}" if wanted.sealed else url


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
