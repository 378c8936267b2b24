"""The history as a file, from the portal.

Knows which conditions of the log a file takes over and where the next file goes on. It must never hand out a file on a
GET: a line of the history tells of each.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse

from tenants.admin.asking import SIGN_IN_GROUPS, Asked
from tenants.admin.log_base import LogPages
from tenants.deeds import GROUPS
from tenants.doors.admin import actor, clock
from tenants.doors.desk import tenant_of
from tenants.exporting import stream_lines
from tenants.history_files import MOST_LINES, Format, export_history, next_file
from tenants.roles import Action
from tenants.searching import count_to

TYPES = {Format.CSV: "text/csv; charset=utf-8", Format.JSON_LINES: "application/x-ndjson; charset=utf-8"}
COUNTED = 10_000


class ExportPages(LogPages):
    """One page: what would be in the file, and a button for each format."""

    def get_urls(self) -> list[Any]:
        page = self.guarded(self.export_page, Action.AUDIT_VIEW)
        return [path("export/", page, name="tenants_audit_export"), *super().get_urls()]

    def export_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET says what the file holds; POST streams it. `after`, in the address, is the line that it goes on after."""
        is_sign_ins = request.GET.get("log") == "sign-ins"
        question = self.asked(request, SIGN_IN_GROUPS if is_sign_ins else tuple(GROUPS))
        if is_sign_ins:
            question.values["log"] = "sign-ins"
        after = self.line(request.GET.get("after", "")) or 0
        if request.method == "POST" and not question.problems:
            return self._file(request, question, after)
        here = reverse("admin:tenants_audit_export")
        file = next_file(search=question.search, format=Format.CSV, after=after) if not question.problems else None
        return self.page(
            request,
            "admin/tenants/auditentry/export.html",
            title="Export the sign-in log" if is_sign_ins else "Export the audit log",
            asked=question,
            after=after,
            file=file,
            count=count_to(question.search, COUNTED + 1) if file else 0,
            counted=COUNTED,
            most=MOST_LINES,
            formats=[(Format.CSV, "Download as CSV"), (Format.JSON_LINES, "Download as JSON lines")],
            post_url=f"{here}{question.query(after=after or None)}",
            next_url=f"{here}{question.query(after=file.up_to)}" if file and file.is_more else "",
        )

    def _file(self, request: HttpRequest, question: Asked, after: int) -> HttpResponseBase:
        wanted = request.POST.get("format")
        file = export_history(
            search=question.search,
            conditions=question.values,
            format=Format(wanted) if wanted in list(Format) else Format.CSV,
            after=after,
            actor=actor(request),
            now=clock(),
        )
        tenant = tenant_of(request)
        answer = stream_lines(
            tenant_id=tenant.id,
            filename=f"audit-{tenant.primary_domain}-{file.after}-{file.up_to}.{file.format.value}",
            content_type=TYPES[file.format],
            lines=file.lines,
        )
        if file.is_more:
            answer["Link"] = f'<{reverse("admin:tenants_audit_export")}{question.query(after=file.up_to)}>; rel="next"'
            answer["X-Next-Line"] = str(file.up_to)
        return answer
