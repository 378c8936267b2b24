"""What every guest page is given, and how one is made.

Knows the room round a page: whose door it is and under which reference it can be found again. It must never read a row
or decide what a guest may see: the view hands over what its template names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from tenants.audit import noted_reference
from tenants.colours import brand_css
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Plate:
    """The name plate on a tenant's door; an empty string for what there is none of."""

    name: str
    domain: str
    privacy_url: str
    logo_url: str
    brand_url: str


def plate(tenant: Tenant) -> Plate:
    """The tenant as pages show it. The addresses of its logo and colours change with what they hold."""
    return Plate(
        name=tenant.name,
        domain=tenant.primary_domain,
        privacy_url=tenant.privacy_statement_url,
        logo_url=_versioned("tenants:logo", tenant, tenant.logo_digest) if tenant.logo_digest else "",
        brand_url=_versioned("tenants:brand", tenant, brand_version(tenant.colour)) if tenant.colour else "",
    )


def brand_version(colour: str) -> str:
    """Changes when the style sheet for this colour does, so that browsers may keep it for good."""
    return hashlib.sha256(brand_css(colour).encode()).hexdigest()


def _versioned(route: str, tenant: Tenant, version: str) -> str:
    return f"{reverse(route, kwargs={'tenant': tenant.primary_domain})}?v={version[:12]}"


TAKE_BOTH = {"common", "front_door", "enter_code", "common_code", "permissions", "terms", "about", "invite", "leave"}
"""Names of the addresses that show a page on GET and take its form on POST."""


def room(request: HttpRequest) -> dict[str, object]:
    """What templates/base.html names: `tenant` (a Plate, or None where no tenant is named), `reference` ("" where no
    line of the history was written), `now`, and `own_url`: where the browser asks for the page again, if the page
    answers a form ("" elsewhere).
    """
    found = request.resolver_match
    takes_both = found is not None and found.namespace == "guests" and found.url_name in TAKE_BOTH
    tenant: Tenant | None = getattr(request, "tenant", None)
    return {
        "tenant": plate(tenant) if tenant else None,
        "reference": noted_reference(),
        "now": timezone.now(),  # a view is a door
        "own_url": request.get_full_path() if request.method == "POST" and takes_both else "",
    }


def page(request: HttpRequest, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    """Render a guest page in its room. `context` is what the comment at the top of the template lists."""
    return render(request, template, room(request) | context, status=status)
