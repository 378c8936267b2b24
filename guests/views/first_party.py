"""The way in from an application that names no tenant (R37d): an address, and a code at once.

Knows how the tenant is found, entered and kept quiet. Until the code is right, nothing that leaves here may tell which
tenant it is: `request.tenant` stays unset, and each page is Vestibule's own, the same for every address (R19).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from guests.models import SignInFlow
from guests.operations.finding_tenant import find_home
from guests.operations.first_party import asks_for_code, begin_from_application, look_at_domain, look_at_home
from guests.operations.flows import Asker, Landing
from guests.operations.inviting import landing_of
from guests.operations.signing_in import token_hash
from guests.sessions import browser_secret, known_epochs, new_browser_secret, remember_browser
from guests.views.asking import stranger
from guests.views.pages import page
from guests.views.refusals import refuse
from guests.views.wording import Problem
from tenants.addresses import Address, AddressRefused, canonical
from tenants.directory import find_tenant
from tenants.models import Tenant
from tenants.origins import noted
from tenants.refusals import Refusal
from tenants.scope import every_tenant, tenant_scope
from tenants.source import client_address

SALT = "vestibule first-party application v1"
FORM_LIFE = 3600
"""Seconds for which an open page goes on working after the operator has taken the mark away."""


@dataclass(frozen=True, slots=True)
class FirstParty:
    """An application that may offer a code without naming a tenant; `tenant_id` is whose application it is."""

    tenant_id: UUID
    name: str
    url: str
    link: str
    """Its page without a tenant, on this site."""

    @property
    def sealed(self) -> str:
        """What the pages on the way carry, signed."""
        return signing.dumps([str(self.tenant_id), self.name, self.url, self.link], salt=SALT, compress=True)


def show(
    request: HttpRequest, application: FirstParty, *, email: str = "", error: Problem | None = None
) -> HttpResponse:
    """The page with the address field.

    No provider stands on it: which ones the application's tenant works with is shown by its own pages only.
    """
    return page(
        request,
        "sign_in/first_party.html",
        status=422 if error else 200,
        submit_url=reverse("guests:first_party"),
        application=application.name,
        hidden={"to": application.sealed},
        email=email,
        error=error,
        options_url=reverse("guests:options"),
    )


@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """Send code: the flow begins where the address is at home, for a stranger where the application is."""
    application = unsealed(request.POST.get("to", ""), max_age=FORM_LIFE)
    own = find_tenant(str(application.tenant_id)) if application is not None else None
    if application is None or own is None:
        return redirect(reverse("guests:common"))
    typed = request.POST.get("email", "")
    try:
        address = canonical(typed)
    except AddressRefused as refused:
        return show(request, application, email=typed[:254], error=Problem("", refused.reason))
    secret = browser_secret(request) or new_browser_secret()
    begun = _begin(request, application, own, address, secret)
    if isinstance(begun, Refusal):
        # The line stands in one tenant's history: its reference, counted there, would tell whose guest it is (R19).
        return refuse(request, begun, back_url=application.link, reference="")
    if begun is None:
        return page(
            request,
            "sign_in/first_party_elsewhere.html",
            application=application.name,
            domain=address.shown_domain,
            options_url=reverse("guests:options"),
            start_again_url=application.link,
        )
    response = redirect(carrying(reverse("guests:common_code", args=[begun.id]), application.sealed))
    remember_browser(response, secret)
    return response


def unsealed(text: str, *, max_age: int | None = None) -> FirstParty | None:
    """The application that a page of ours sealed; None for anything else, and for what is older than `max_age`."""
    try:
        tenant_id, name, url, link = signing.loads(text, salt=SALT, max_age=max_age)
        return FirstParty(UUID(tenant_id), name, url, link)
    except (signing.BadSignature, ValueError):
        return None


def carrying(url: str, sealed: str) -> str:
    """The address of a page on the way, with the application in its query where there is one. It needs no quoting."""
    return f"{url}?to={sealed}" if sealed else url


def asker_in(request: HttpRequest, tenant: Tenant, secret: str) -> Asker:
    """This browser for this tenant.

    No network counts as trusted: a tenant's own list of networks would count its guests apart, and so tell of them.
    """
    return Asker(
        browser_hash=token_hash(secret),
        source=client_address(request),
        is_trusted=False,
        epochs=known_epochs(request, tenant),
        actor=stranger(request),  # type: ignore[arg-type]  # it reads the reference, which every request has
    )


def _begin(
    request: HttpRequest, application: FirstParty, own: Tenant, address: Address, secret: str
) -> SignInFlow | Refusal | None:
    """The flow, or None where codes are not the way in for any address of this domain.

    The same steps for every address, in the same order; each enters one scope.
    """
    now = timezone.now()
    with every_tenant(reason="R37d: the tenant where this address last signed in, else that invited it last"):
        home = find_home(address=address) or own
    with tenant_scope(own.id):
        decision = look_at_domain(tenant=own, address=address, asker=asker_in(request, own, secret), now=now)
    if isinstance(decision, Refusal):
        return decision
    if not asks_for_code(decision):
        return None
    asker, followed = asker_in(request, home, secret), landing_of(home, application.url)
    with tenant_scope(home.id):
        prospect = look_at_home(tenant=home, address=address, asker=asker, now=now)
        if isinstance(prospect, Refusal):
            return prospect
        return begin_from_application(
            tenant=home,
            address=address,
            prospect=prospect,
            landing=Landing(followed, "" if followed else noted(application.url)),
            asker=asker,
            now=now,
        )
