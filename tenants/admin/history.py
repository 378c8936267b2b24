"""The audit log's pages: what was done in the tenant, newest first, and the part of it that tells of sign-ins.

Knows how the log is laid out and narrowed. An entry has no form, no action and no link to change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tenants.acting import email_of
from tenants.admin.asking import OUTCOMES, SIGN_IN_GROUPS, Asked
from tenants.admin.error_codes import ErrorCodePages
from tenants.admin.exports import ExportPages
from tenants.admin.keeping import KeepingPages
from tenants.admin.traces import TracePages
from tenants.catalogue import CATALOGUE
from tenants.deeds import DEEDS, GROUPS, Group, actions_of
from tenants.doors.admin import clock
from tenants.doors.words import shown_time
from tenants.models import AuditEntry
from tenants.roles import Action
from tenants.searching import MOST_READ, Found, count_to, newest
from tenants.telling import in_words, remedy_of, seen_of, why_of
from tenants.templatetags.portal import deed

PAGE = 25


@dataclass(frozen=True)
class Choice:
    """One link beside the list."""

    name: str
    url: str
    is_chosen: bool


@admin.register(AuditEntry)
class AuditEntryAdmin(TracePages, ErrorCodePages, ExportPages, KeepingPages):
    """Read only, newest first."""

    view_action = Action.AUDIT_VIEW
    list_title = "Audit log"
    actions = None
    fields = (
        "time_in_full",
        "what_in_full",
        "about",
        "who",
        "result",
        "why",
        "seen",
        "remedy",
        "reference",
        "details_in_full",
    )
    readonly_fields = fields

    def get_urls(self) -> list[Any]:
        sign_ins = self.guarded(self.sign_ins_page, Action.AUDIT_VIEW)
        return [path("sign-ins/", sign_ins, name="tenants_sign_ins"), *super().get_urls()]

    # --- the log ----------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._log(request, title="Audit log", groups=tuple(GROUPS), here="admin:tenants_auditentry_changelist")

    def sign_ins_page(self, request: HttpRequest) -> HttpResponse:
        """The same log, narrowed to who tried to come in, and with what end."""
        return self._log(request, title="Sign-in log", groups=SIGN_IN_GROUPS, here="admin:tenants_sign_ins")

    def _log(self, request: HttpRequest, *, title: str, groups: tuple[Group, ...], here: str) -> HttpResponse:
        question = self.asked(request, groups)
        before = self.line(request.GET.get("before", ""))
        found, count = Found(), ""
        if not question.problems:
            found = newest(question.search, before=before, at_most=PAGE)
            count = _counted(question, found) if before is None else ""
        next_url = question.query(before=found.next_id) if found.next_id else ""
        return self.page(
            request,
            "admin/tenants/auditentry/log.html",
            title=title,
            asked=question,
            found=found,
            most_read=MOST_READ,
            count=count,
            before=before,
            first_url=question.query() if before else "",
            next_url=next_url,
            left_out=[(*shown, question.query(**{name: None})) for name, shown in question.shown.items()],
            filters=list(self._filters(question, groups)),
            export_url=f"{reverse('admin:tenants_audit_export')}{question.query(**_of_page(groups))}",
            is_sign_ins=len(groups) < len(GROUPS),
            here=reverse(here),
        )

    def _filters(self, question: Asked, groups: tuple[Group, ...]) -> Iterator[tuple[str, str, list[Choice]]]:
        """(parameter, heading, links) of each part beside the list."""
        given = question.values
        yield "outcome", "Outcome", _choices(question, "outcome", OUTCOMES)
        yield "group", "What", _choices(question, "group", {group: GROUPS[group] for group in groups}, action=None)
        group = given.get("group") or (DEEDS[given["action"]].group if given.get("action") in DEEDS else "")
        if group in GROUPS:
            words = {action: deed(AuditEntry(action=action, outcome="success")) for action in actions_of(Group(group))}
            yield "action", f"{GROUPS[Group(group)]}, one deed", _choices(question, "action", words)
        today = clock().date()
        days = {str(today - timedelta(days=back)): name for back, name in _DAYS.items()}
        yield "since", "When (UTC)", _choices(question, "since", days, until=None, on=None)
        codes = {code.value: code.value for code in CATALOGUE}
        yield "code", "Error code", _choices(question, "code", codes)

    # --- one entry --------------------------------------------------------------------------------------------------

    @admin.display(description="Time")
    def time_in_full(self, entry: AuditEntry) -> SafeString:
        return format_html("{} UTC", shown_time(entry.happened_at, "j F Y, H:i:s"))

    @admin.display(description="What")
    def what_in_full(self, entry: AuditEntry) -> SafeString:
        return format_html("{} <code>{}</code> {}", deed(entry), entry.action, entry.code)

    @admin.display(description="About")
    def about(self, entry: AuditEntry) -> str:
        named = f"{entry.subject_kind} {entry.subject_id}" if entry.subject_id else ""
        return ", ".join(part for part in (entry.address, named) if part) or "–"

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> SafeString:
        name = entry.actor_name or entry.get_actor_kind_display()
        account = f"{entry.actor_kind} {entry.actor_id}" if entry.actor_id else ""
        under = [(part,) for part in (email_of(entry), account, entry.source) if part]
        return format_html("{}{}", name, format_html_join("", '<span class="v-under">{}</span>', under))

    @admin.display(description="Outcome")
    def result(self, entry: AuditEntry) -> str:
        return OUTCOMES[entry.outcome]  # type: ignore[index]  # the column's choices are the table's keys

    @admin.display(description="Why")
    def why(self, entry: AuditEntry) -> str:
        return why_of(entry) or "–"

    @admin.display(description="What they saw")
    def seen(self, entry: AuditEntry) -> str:
        return seen_of(entry) or "–"

    @admin.display(description="What to do")
    def remedy(self, entry: AuditEntry) -> str:
        return remedy_of(entry) or "–"

    @admin.display(description="Reference")
    def reference(self, entry: AuditEntry) -> str | SafeString:
        if not entry.correlation:
            return "–"
        return format_html(
            '<a href="{}?q={}">{}</a>', reverse("admin:tenants_trace"), entry.correlation, entry.correlation
        )

    @admin.display(description="Details")
    def details_in_full(self, entry: AuditEntry) -> str:
        return in_words(entry.details) or "–"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entry = self.get_object(request, object_id)
        return super().change_view(request, object_id, form_url, {"title": deed(entry), **(extra_context or {})})


_DAYS = {0: "Today", 1: "Since yesterday", 7: "The last 7 days", 30: "The last 30 days"}


def _choices(question: Asked, name: str, options: Any, **besides: None) -> list[Choice]:
    chosen = question.values.get(name)
    links = [Choice("All", question.query(**{name: None}, **besides), chosen is None)]
    for value, words in options.items():
        links.append(Choice(words, question.query(**{name: value}, **besides), chosen == value))
    return links


def _of_page(groups: tuple[Group, ...]) -> dict[str, str]:
    return {"log": "sign-ins"} if len(groups) < len(GROUPS) else {}


def _counted(question: Asked, found: Found) -> str:
    count = len(found.entries) if found.next_id is None else count_to(question.search, MOST_READ + 1)
    is_more = count > MOST_READ or found.is_cut
    return number_format(min(count, MOST_READ), force_grouping=True) + ("+" if is_more else "")
