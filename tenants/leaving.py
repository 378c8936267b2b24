"""The way out to another origin after a POST.

Knows that a browser under our `form-action 'self'` stops a form whose answer redirects to another origin, and the page
that leaves instead (DESIGN 4, Leaving after a POST). It must never decide where a guest may go: the URL comes checked
against the tenant's origins (origins.py, R39) or from the tenant's own provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.template.loader import render_to_string

from tenants.addresses import shown_domain
from tenants.origins import rebuilt

LONGEST_WAY_OUT = 8_000
"""Characters of a URL that is left to: a signed SAML request in one is longer than any page's address."""


def leave(url: str, *, name: str = "", shown: Mapping[str, object] | None = None) -> HttpResponse:
    """A page of ours that goes on to `url` by its Refresh header and has a plain link; no JavaScript is needed.

    `name` is the application's or provider's, the host stands in its place without one; `shown` is what the base
    template needs (tenant, language). Raises ValueError for what is no absolute http or https URL: that is a mistake of
    the caller, who must have checked it.
    """
    to = rebuilt(url, longest=LONGEST_WAY_OUT)
    if to is None:
        raise ValueError("leave() takes an absolute http or https URL that was checked before.")
    page = render_to_string("leaving.html", {**(shown or {}), "url": to, "name": name, "host": _host_for_people(to)})
    response = HttpResponse(page)
    response["Refresh"] = f"0; url={to}"
    response["Cache-Control"] = "no-store"
    return response


def _host_for_people(url: str) -> str:
    """`straße.de (xn--strae-oqa.de)`: a look-alike shows itself only beside its A-labels."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    readable = shown_domain(name)
    return parts.netloc if readable == name else f"{readable} ({parts.netloc})"
