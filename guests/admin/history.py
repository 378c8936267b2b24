"""The history on the guests' pages.

Knows that who may see guests may not therefore see the audit log: without that leave, a line tells what happened and
when, but neither the address that it came from nor the reference that finds the rest of the request.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse

from tenants.doors.admin import TenantModelAdmin
from tenants.models import AuditEntry
from tenants.roles import Action


class HistoryOfGuests(TenantModelAdmin):
    """The part of the guests' and the invitations' admin that shows what happened."""

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
