"""The story of a request by its reference, or of an address's last attempts, in the portal (BEHAVIOUR J).

Knows how a story is asked for. Reads only.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tenants.addresses import AddressRefused, canonical
from tenants.admin.log_base import LogPages
from tenants.roles import Action
from tenants.story import ATTEMPTS, Story, attempts_of, canonical_reference, stories_of


class TracePages(LogPages):
    """One page, with a box that takes a reference or an address."""

    def get_urls(self) -> list[Any]:
        page = self.guarded(self.trace_page, Action.AUDIT_VIEW)
        return [path("trace/", page, name="tenants_trace"), *super().get_urls()]

    def trace_page(self, request: HttpRequest) -> HttpResponse:
        """A story, or in one sentence why there is none."""
        given = request.GET
        term = (given.get("q") or given.get("reference") or given.get("address") or "").strip()[:300]
        title, stories, problem = self._told(term)
        return self.page(
            request,
            "admin/tenants/auditentry/trace.html",
            title=title,
            term=term if term.isprintable() else "",
            stories=stories,
            problem=problem,
            is_attempts="@" in term,
            most=ATTEMPTS,
        )

    def _told(self, term: str) -> tuple[str, list[Story], str]:
        if not term:
            return "Trace", [], ""
        if "@" in term:
            try:
                key = canonical(term).key
            except AddressRefused as refused:
                return "Trace", [], f"This is no whole address: {refused}"
            found = attempts_of(key, self.subjects_of(key))
            none = f"The history tells of no attempt by {key} to come in."
            return f"Last attempts of {key}", found, "" if found else none
        canonical_form = canonical_reference(term)
        if canonical_form is None:
            return "Trace", [], "A reference has twelve digits from 0 to 9 and A to F, such as 7F3A-91C2-0D4E."
        found = stories_of(canonical_form)
        none = (
            f"The history of this tenant does not mention {canonical_form}. Pages that only show something leave none."
        )
        return f"Trace {canonical_form}", found, "" if found else none
