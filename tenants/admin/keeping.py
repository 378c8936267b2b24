"""How long the history is kept, in the portal.

Knows the form and that nobody shortens the time before reading what it forgets. It must never forget anything itself:
beat does, at night.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from tenants.admin.log_base import LogPages
from tenants.doors.admin import actor, clock
from tenants.doors.desk import tenant_of
from tenants.forms import NUMBER
from tenants.models import AuditEntry
from tenants.retention import COUNTED, LONGEST, SHORTEST, Consequence, consequence_of, set_history_days
from tenants.roles import Action


class KeepingForm(forms.Form):
    """A number of days, or nothing."""

    days = forms.IntegerField(
        min_value=SHORTEST,
        max_value=LONGEST,
        error_messages=NUMBER,
        required=False,
        label="Keep the history for",
        help_text=f"Days, {SHORTEST} to {LONGEST}. Empty: for ever.",
    )
    read = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """The number of days whose consequence was shown."""


class KeepingPages(LogPages):
    """One page: what holds now, and a form for who may change settings."""

    def get_urls(self) -> list[Any]:
        page = self.guarded(self.keeping_page, Action.SETTINGS_VIEW)
        return [path("keeping/", page, name="tenants_history_days"), *super().get_urls()]

    def keeping_page(self, request: HttpRequest) -> HttpResponse:
        """The form; shown again with the consequence where lines would be forgotten."""
        tenant = tenant_of(request)
        may_change = self.may(request, Action.SETTINGS_CHANGE)
        form, cost = KeepingForm(initial={"days": tenant.history_days}), None
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = KeepingForm(request.POST)
            if form.is_valid():
                days = form.cleaned_data["days"]
                cost = consequence_of(days=days, now=clock()) if days is not None else None
                if cost is None or not cost.lines or form.cleaned_data["read"] == days:
                    outcome = set_history_days(tenant=tenant, days=days, actor=actor(request), now=clock())
                    if not self.refused(outcome, form, "days"):
                        kept = "for ever" if days is None else f"for {days} days"
                        self.message_user(request, f"The history is kept {kept}.")
                        return redirect("admin:tenants_history_days")
                else:
                    form = KeepingForm({"days": days, "read": days})
        if not may_change:
            for field in form.fields.values():
                field.disabled = True
        return self._page(request, form, cost, may_change)

    def _page(self, request: HttpRequest, form: KeepingForm, cost: Consequence | None, may: bool) -> HttpResponse:
        is_asked = cost is not None and cost.lines > 0 and not form.errors
        submit = f"Forget them, keep {form.data.get('days')} days" if is_asked else "Save"
        return self.form_page(
            request,
            form,
            title="How long the history is kept",
            submit=submit if may else "",
            fieldsets=[(None, {"fields": ["days", "read"]})],
            template="admin/tenants/auditentry/keeping.html",
            days=tenant_of(request).history_days,
            oldest=AuditEntry.objects.order_by("id").values_list("at", flat=True).first(),
            cost=cost if is_asked else None,
            counted=COUNTED,
        )
