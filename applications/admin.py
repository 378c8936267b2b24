"""The tenant's applications in the portal: the list, adding one, removing one.

Knows how an application is typed and calls the operations; adding registers its origin (R39).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.models import Application
from applications.operations import add_application, remove_application
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.roles import Action

WIDE = {"class": "vTextField"}


class ApplicationForm(forms.Form):
    """An application as an administrator types it."""

    name = forms.CharField(max_length=100, widget=forms.TextInput(attrs=WIDE), help_text="Guests see it in My Apps.")
    description = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs=WIDE))
    url = forms.URLField(
        max_length=2000,
        label="Address",
        assume_scheme="https",
        widget=forms.URLInput(attrs=WIDE),
        help_text="Where it opens. Its origin is then one that guests may be sent to.",
    )


@admin.register(Application)
class ApplicationAdmin(TenantModelAdmin):
    """What the tenant shares."""

    view_action = Action.APPLICATIONS_VIEW
    list_title = "Applications"
    list_display = ("application", "direct_link_shown")
    list_display_links = None
    search_fields = ("name",)
    search_help_text = "Name, as it begins"
    ordering = ("name", "id")
    sortable_by = ()
    actions = None

    def folded(self, search_term: str) -> str:
        return search_term.strip()

    def get_urls(self) -> list[URLPattern]:
        add = self.guarded(self.add_page, Action.APPLICATIONS_MANAGE)
        remove = self.guarded(self.remove_page, Action.APPLICATIONS_MANAGE)
        return [
            path("share/", add, name="applications_add"),
            path("<uuid:application_id>/remove/", remove, name="applications_remove"),
            *super().get_urls(),
        ]

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        may_remove = self.may(request, Action.APPLICATIONS_MANAGE)
        return (*self.list_display, "removing") if may_remove else self.list_display

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        may_add = self.may(request, Action.APPLICATIONS_MANAGE)
        return super().changelist_view(request, {"may_add": may_add, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.get_object(request, object_id)
        return redirect("admin:applications_application_changelist")

    @admin.display(description="Application")
    def application(self, row: Application) -> SafeString:
        return format_html('{}<span class="v-under">{}</span>', row.name, row.url)

    @admin.display(description="Direct link")
    def direct_link_shown(self, row: Application) -> SafeString:
        return format_html("<code>{}</code>", row.direct_link)

    @admin.display(description="Remove")
    def removing(self, row: Application) -> SafeString:
        url = reverse("admin:applications_remove", args=[row.pk])
        return format_html('<a href="{}" aria-label="Remove {}">Remove</a>', url, row.name)

    def add_page(self, request: HttpRequest) -> HttpResponseBase:
        form = ApplicationForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            outcome = add_application(
                tenant=tenant_of(request),
                name=said["name"],
                description=said["description"],
                url=said["url"],
                actor=actor(request),
                now=clock(),
            )
            if not self.refused(outcome, form):
                self.message_user(request, f"{said['name']} is shared with every guest of the tenant.")
                return redirect("admin:applications_application_changelist")
        back = reverse("admin:applications_application_changelist")
        return self.form_page(request, form, title="Add an application", submit="Add", cancel_url=back)

    def remove_page(self, request: HttpRequest, application_id: UUID) -> HttpResponseBase:
        """GET says what ends; POST removes."""
        application: Application = self.get_object(request, str(application_id))
        if request.method == "POST":
            remove_application(application_id=application.pk, actor=actor(request), now=clock())
            self.message_user(request, f"{application} is no longer shared.")
            return redirect("admin:applications_application_changelist")
        return self.page(
            request,
            "admin/applications/remove.html",
            title=f"Remove {application}",
            application=application,
            submit=f"Remove {application}",
        )
