"""What our own proxies say of a request: where it comes from, and whether it came by TLS.

A request without what a proxy of ours must have written is refused: it came past the proxy, or something in it made the
web server drop the header. It must never be counted as the proxy's own.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.http.answers import GetResponse
from guests.views.pages import page
from tenants.source import forwarded_address

PROBES = ("/livez", "/readyz")
"""What asks these comes past the proxies."""

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_VIA")
"""Headers that a proxy adds."""


class ForwardedHeaders:
    """Refuse what the proxies in front did not vouch for: 400, or 503 where TRUSTED_PROXIES was forgotten.

    Stands before SecurityMiddleware, and answers where a view would: then the page has every header that a page has.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_scheme_unknown(request):
            request.lacks_scheme = True  # type: ignore[attr-defined]  # our request
            # SecurityMiddleware would redirect to this same address, and for ever.
            request.is_secure = lambda: True  # type: ignore[method-assign]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        if request.path in PROBES:
            return None
        if settings.TRUSTED_PROXIES and forwarded_address(request) is None:
            return page(request, "proxy.html", status=HTTPStatus.BAD_REQUEST, missing="X-Forwarded-For")
        if hasattr(request, "lacks_scheme"):
            if settings.TRUSTED_PROXIES:
                return page(request, "proxy.html", status=HTTPStatus.BAD_REQUEST, missing="X-Forwarded-Proto")
            return page(request, "proxy.html", status=HTTPStatus.SERVICE_UNAVAILABLE, missing="TRUSTED_PROXIES")
        return None


def is_scheme_unknown(request: HttpRequest) -> bool:
    """Whether a redirect to https could lead back to here: a proxy stands in front, and not even `http` is known."""
    if not settings.SECURE_SSL_REDIRECT or request.is_secure() or request.path in PROBES:
        return False
    has_proxy = settings.TRUSTED_PROXIES > 0 or any(name in request.META for name in FORWARDED)
    return has_proxy and request.META.get("HTTP_X_FORWARDED_PROTO", "").strip().lower() != "http"
