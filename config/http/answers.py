"""What every answer carries: the reference that people quote when they ask for help, and that nobody may keep it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.audit import begin_request

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class Correlation:
    """`request.correlation`: twelve hexadecimal digits as 7F3A-91C2-0D4E, in the history's lines, on a page that wrote
    one, and in the log of a server error."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begin_request()
        digits = secrets.token_hex(6).upper()
        request.correlation = f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"  # type: ignore[attr-defined]  # our request
        return self.get_response(request)


class NoStore:
    """`Cache-Control: no-store` on everything but static files, unless the view said otherwise. (SAFETY)"""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
