"""A request while the database is away: 503 at once, and a limit on how long a page waits for a statement."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone

from config.http.answers import GetResponse
from config.http.forwarding import PROBES
from config.outage import FOR_GUESTS, FOR_PORTAL, outage, patience

RETRY_AFTER = 5
"""Seconds after which a browser or another program may try again (RFC 9110 §10.2.3)."""


class DatabaseLimit:
    """Answer 503 while the database is known to be away. Stands before everything that reads a row."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in PROBES:
            return self.get_response(request)
        if not outage.is_over():
            return unavailable(request)
        with patience(FOR_PORTAL if request.path.startswith("/admin/") else FOR_GUESTS):
            return self.get_response(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After, as JSON where the caller asks for that only. Reads no row and no session."""
    reference = getattr(request, "correlation", "")
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        response: HttpResponse = JsonResponse({"error": "temporarily_unavailable", "reference": reference})
    else:
        response = HttpResponse(render_to_string("503.html", {"reference": reference, "now": timezone.now()}))
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response
