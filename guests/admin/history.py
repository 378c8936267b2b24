"""The history on the guests' pages.

Knows that who may see guests may not therefore see the audit log: without that leave, a line tells what happened and
when, but neither the address that it came from nor the reference that finds the rest of the request.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from tenants.doors.admin import TenantModelAdmin
from tenants.models import AuditEntry
from tenants.roles import Action

SHOWN = 50
"""Lines of history on a page."""


class HistoryOfGuests(TenantModelAdmin):
    """The part of the guests' and the invitations' admin that shows what happened."""

    def entries_about(self, request: HttpRequest, found: QuerySet[AuditEntry]) -> list[AuditEntry]:
        """The newest of these lines, as far as the roles let them be read."""
        return self.as_may_be_read(request, list(found.order_by("-id")[:SHOWN]))

    def as_may_be_read(self, request: HttpRequest, entries: list[AuditEntry]) -> list[AuditEntry]:
        """The lines without what only readers of the audit log see. Nothing is saved."""
        if not self.may(request, Action.AUDIT_VIEW):
            for entry in entries:
                entry.source = entry.correlation = ""
        return entries

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The whole history of a row is for who may read the audit log."""
        if not self.may(request, Action.AUDIT_VIEW):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)
