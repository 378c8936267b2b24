"""How long a page waits for one statement, so that a guest has an answer within three seconds."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.http.answers import GetResponse
from config.postgresql.pool import patience

FOR_GUESTS: Final = 2.2
"""Seconds."""

FOR_PORTAL: Final = 10.0
"""Seconds: an administrator's lists look through more rows."""


class DatabasePatience:
    """Give up a statement that takes too long. Stands before everything that reads a row."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with patience(FOR_PORTAL if request.path.startswith("/admin/") else FOR_GUESTS):
            return self.get_response(request)
