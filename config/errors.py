"""The pages for what went wrong before or outside a view.

Knows Django's handlers: no page, not allowed, unreadable, too large, a lost cookie, our own fault. They must render
with whatever the request has, and never touch the database: the last of them is shown when that is what broke.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from config.postgresql.faults import is_away
from guests.views.pages import page

log = logging.getLogger(__name__)

RETRY_AFTER: Final = 5
"""Seconds: the database is found again within them."""

SAID_EVERY: Final = 60.0
"""Seconds between two lines of the log about requests that the database failed."""

_last_said = -SAID_EVERY


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
    """500, or 503 where the database is away. Without a tenant: whatever broke, these pages ask nobody."""
    error = sys.exc_info()[1]
    if is_away(error):
        return _database_away(request, error)
    found_by = {"reference": getattr(request, "correlation", ""), "now": timezone.now()}  # an error page is a door
    log.error("A page failed; it shows the reference %s.", found_by["reference"])  # Django's line has the traceback
    return HttpResponse(render_to_string("500.html", found_by), status=500)


def _database_away(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """503 with Retry-After. One line a minute says so in the log, without a traceback, so it names no request, and the
    page shows no reference.
    """
    global _last_said
    if time.monotonic() - _last_said >= SAID_EVERY:
        _last_said = time.monotonic()
        reason = str(error).strip().partition("\n")[0]
        log.error("The database failed a request (%s); guests are asked to try again.", reason)
    again = _own_path(request.get_full_path()) if request.method in ("GET", "HEAD") else ""
    accepted = request.headers.get("Accept", "")  # Django's reading of it fails where it is odd
    if "application/json" in accepted and "text/html" not in accepted:
        response: HttpResponse = JsonResponse({"error": "temporarily_unavailable"}, status=503)
    else:
        response = HttpResponse(render_to_string("503.html", {"again": again}), status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)  # RFC 9110 §10.2.3
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form came without the cookie that belongs to it. Leads back to the page that the form stood on."""
    return page(request, "403_csrf.html", status=403, start_again_url=_form_page(request))


def _form_page(request: HttpRequest) -> str:
    """The path of our own page that the browser names as the form's; "/" where it names none."""
    referer = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(referer)
    return _own_path(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")


def _own_path(path: str) -> str:
    """//evil.example is a path of ours in an address, and another site in a link: "/" in its place."""
    return path if url_has_allowed_host_and_scheme(path, None) else "/"
