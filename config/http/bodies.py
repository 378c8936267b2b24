"""What every request meets before a view.

Knows the reference that people quote when they ask for help, the size of the largest body, and that nothing of a guest
or an administrator may stay in a cache. Must never touch a row.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from guests.operations.batches.uploading import LARGEST_FILE
from outbox.rules import LARGEST_EVENTS

PROVIDERS_POST = 512 * 1024
"""Bytes of a signed assertion, as a provider has a browser post it."""

LOGO_POST = 2 * 1024 * 1024
"""Bytes of a tenant's logo with its form."""

LONGEST_UPLOAD = LARGEST_FILE + 64 * 1024
"""Bytes of a file of guests with its form. The page reads it once it knows who asks."""

_FILES_OF_GUESTS = "/admin/guests/batch/invite/"
_MAIL_EVENTS = re.compile(r"/mail/events/[^/]+/")
_PROVIDERS_POST = re.compile(r"/[^/]+/(?:saml/acs|wsfed)")

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class Correlation:
    """`request.correlation`: twelve hexadecimal digits as 7F3A-91C2-0D4E, on the page, in the audit and in the log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        digits = secrets.token_hex(6).upper()
        request.correlation = f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"  # type: ignore[attr-defined]  # our request
        return self.get_response(request)


class BodyLimit:
    """Refuse a body above DATA_UPLOAD_MAX_MEMORY_SIZE by its length, before a byte of it is read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if _PROVIDERS_POST.fullmatch(request.path):
            limit = PROVIDERS_POST
        if _MAIL_EVENTS.fullmatch(request.path):
            limit = LARGEST_EVENTS
        if (request.content_type or "") == "multipart/form-data" and request.path.startswith("/admin/"):
            limit = LONGEST_UPLOAD if request.path == _FILES_OF_GUESTS else LOGO_POST
        if length > limit:
            return HttpResponse(render_to_string("413.html"), status=413)
        return self.get_response(request)


class NoStore:
    """`Cache-Control: no-store` on everything but static files, unless the view said otherwise. (SAFETY)"""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
