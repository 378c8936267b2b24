"""The audit log's pages: what was done in the tenant, newest first.

Knows how an entry is shown and searched for. An entry has no form, no action and no link to change it.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.doors.admin import TenantModelAdmin
from tenants.doors.filters import ChoiceFilter, ValuesFilter
from tenants.doors.words import shown_time
from tenants.models import AuditEntry, Outcome
from tenants.roles import Action
from tenants.story import canonical_reference
from tenants.templatetags.portal import deed, in_words, outcome_mark, outcome_words, without_ids

_CODE = re.compile(r"e-", re.IGNORECASE)
_ACTION = re.compile(r"[a-z_]+\.[a-z_.]*", re.IGNORECASE)


class OutcomeFilter(ChoiceFilter):
    title = "outcome"
    parameter_name = "outcome"
    column = "outcome"
    options: ClassVar = [(Outcome.SUCCESS, "Done"), (Outcome.REFUSED, "Refused"), (Outcome.FAILED, "Failed")]


class ActionFilter(ValuesFilter):
    title = "what"
    parameter_name = "action"
    column = "action"

    def shown(self, value: str) -> str:
        return deed(AuditEntry(action=value))


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantModelAdmin):
    """Read only, newest first."""

    view_action = Action.AUDIT_VIEW
    list_title = "Audit log"
    units = ("entry", "entries")
    list_display = ("time", "what", "who", "result")
    list_filter = (OutcomeFilter, ActionFilter)
    search_fields = ("correlation", "actor_name", "code", "action")
    search_help_text = "A reference, or how a name, an error code (E-…) or an action (guest.…) begins"
    ordering = ("-id",)
    actions = None
    sortable_by = ()
    fields = ("time_in_full", "what_in_full", "subject", "who", "result", "reference", "details_in_full")
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The term's shape says which one column it is looked for in: an index serves one column, not any of four."""
        term = search_term.strip()
        if not term:
            return queryset, False
        reference = canonical_reference(term)
        if reference:
            return queryset.filter(correlation=reference), False
        if _CODE.match(term):
            refused = queryset.exclude(outcome=Outcome.SUCCESS)
            return refused.filter(code__starts_with=term.upper()), False
        if _ACTION.fullmatch(term):
            return queryset.filter(action__starts_with=term.lower()), False
        return queryset.filter(actor_name__starts_with=term), False

    @admin.display(description="Time (UTC)")
    def time(self, entry: AuditEntry) -> SafeString:
        return format_html(
            '{}<code class="v-under">{}</code>', shown_time(entry.happened_at, "j M, H:i:s"), entry.correlation
        )

    @admin.display(description="What")
    def what(self, entry: AuditEntry) -> SafeString:
        under = ", ".join(part for part in (entry.code, in_words(without_ids(entry.details))) if part)
        return format_html('<strong>{}</strong><span class="v-under">{}</span>', deed(entry), under[:160])

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> SafeString:
        name = entry.actor_name or entry.get_actor_kind_display()
        return format_html('{}<span class="v-under">{}</span>', name, entry.source)

    @admin.display(description="Outcome")
    def result(self, entry: AuditEntry) -> SafeString:
        return format_html('<span class="v-status v-status-{}">{}</span>', outcome_mark(entry), outcome_words(entry))

    @admin.display(description="Time")
    def time_in_full(self, entry: AuditEntry) -> SafeString:
        return format_html("{} UTC", shown_time(entry.happened_at, "j F Y, H:i:s"))

    @admin.display(description="What")
    def what_in_full(self, entry: AuditEntry) -> SafeString:
        return format_html("{} <code>{}</code> {}", deed(entry), entry.action, entry.code)

    @admin.display(description="About")
    def subject(self, entry: AuditEntry) -> str:
        return f"{entry.subject_kind} {entry.subject_id}" if entry.subject_id else "–"

    @admin.display(description="Reference")
    def reference(self, entry: AuditEntry) -> str:
        return entry.correlation or "–"

    @admin.display(description="Details")
    def details_in_full(self, entry: AuditEntry) -> str:
        return in_words(entry.details) or "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entry = self.get_object(request, object_id)
        return super().change_view(request, object_id, form_url, {"title": deed(entry), **(extra_context or {})})
