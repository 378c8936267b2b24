"""The error catalogue in the portal: each code in both audiences' words, what mends it, and how often it came (J).

Knows how the catalogue is laid out beside the log's counts. Reads only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tenants.admin.log_base import LogPages
from tenants.catalogue import CATALOGUE
from tenants.doors.admin import clock
from tenants.roles import Action
from tenants.searching import MOST_READ, count_codes

COUNTED_FOR = timedelta(days=30)


class ErrorCodePages(LogPages):
    """One page with a row for each code."""

    def get_urls(self) -> list[Any]:
        page = self.guarded(self.error_codes_page, Action.AUDIT_VIEW)
        return [path("errors/", page, name="tenants_errors"), *super().get_urls()]

    def error_codes_page(self, request: HttpRequest) -> HttpResponse:
        since = clock() - COUNTED_FOR
        counts = count_codes([code.value for code in CATALOGUE], since=since, most=MOST_READ + 1)
        rows = [(code, entry, counts.get(code.value, 0)) for code, entry in CATALOGUE.items()]
        return self.page(
            request,
            "admin/tenants/auditentry/errors.html",
            title="Error codes",
            rows=rows,
            days=COUNTED_FOR.days,
            since=since.date().isoformat(),
            most=MOST_READ,
        )
