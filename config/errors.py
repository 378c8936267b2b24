"""The pages for what went wrong before or outside a view.

Knows Django's handlers: no page, not allowed, unreadable, too large, a lost cookie, our own fault. They must render
with whatever the request has, and never touch the database: the last of them is shown when that is what broke.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from config.http.database import unavailable
from config.outage import is_away, outage
from guests.views.pages import page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 where the body was above DATA_UPLOAD_MAX_MEMORY_SIZE."""
    if isinstance(exception, RequestDataTooBig):
        return page(request, "413.html", status=413)
    return page(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return page(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404. The same for a tenant that is unknown and a thing that is another tenant's."""
    return page(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 where the database is away. Without a tenant: whatever broke, this page asks nobody."""
    error = sys.exc_info()[1]
    if error is not None and is_away(error):
        outage.begin(error)
        return unavailable(request)
    reference = getattr(request, "correlation", "")
    now = timezone.now()  # an error page is a door
    return HttpResponse(render_to_string("500.html", {"reference": reference, "now": now}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form came without the cookie that belongs to it. Leads back to the page that the form stood on."""
    return page(request, "403_csrf.html", status=403, start_again_url=_form_page(request))


def _form_page(request: HttpRequest) -> str:
    """The path of our own page that the browser names as the form's; "/" where it names none."""
    referer = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(referer)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    # //evil.example is a path of ours in a Referer, and another site in a link.
    return path if url_has_allowed_host_and_scheme(path, None) else "/"
