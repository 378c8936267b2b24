"""A tenant's colours and logo, as files of their own: the strict Content-Security-Policy allows no other way."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from tenants.colours import brand_css
from tenants.doors.middleware import TenantRequest

FOR_GOOD = "public, max-age=31536000, immutable"
"""Their addresses carry a digest of what they hold, so a browser may keep them."""


@require_safe
def brand(request: TenantRequest) -> HttpResponse:
    """The style sheet with the tenant's colour, made readable in light and dark."""
    if not request.tenant.colour:
        raise Http404("no colour")
    return HttpResponse(
        brand_css(request.tenant.colour), content_type="text/css; charset=utf-8", headers={"Cache-Control": FOR_GOOD}
    )


@require_safe
def logo(request: TenantRequest) -> HttpResponse:
    """The tenant's logo: a PNG that we drew ourselves from what was uploaded."""
    if request.tenant.logo is None:
        raise Http404("no logo")
    return HttpResponse(bytes(request.tenant.logo), content_type="image/png", headers={"Cache-Control": FOR_GOOD})
