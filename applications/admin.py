"""The tenant's applications in the portal: the list, adding one, its page with self-service sign-up, removing it.

Knows how an application is typed and calls the operations; adding registers its origin (R39). What opening sign-up
means is said where it is switched on (R39a).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.discovery import Offer, possible_offers
from applications.models import Application
from applications.operations import add_application, close_sign_up, open_sign_up, remove_application
from guests.operations.signing_up import sign_ups_in_progress
from providers.kinds import BY_ID
from providers.rules import Method
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.forms import TOO_LONG
from tenants.roles import Action

WIDE = {"class": "vTextField"}


class ApplicationForm(forms.Form):
    """An application as an administrator types it."""

    name = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs=WIDE),
        help_text="Guests see it in My Apps.",
        error_messages={"required": "Name the application.", **TOO_LONG},
    )
    description = forms.CharField(
        max_length=200, required=False, widget=forms.TextInput(attrs=WIDE), error_messages=TOO_LONG
    )
    url = forms.URLField(
        max_length=2000,
        error_messages={
            "required": "Write where it opens, as https://app.example/.",
            "invalid": "Write the whole address, as https://app.example/.",
            **TOO_LONG,
        },
        label="Address",
        assume_scheme="https",
        widget=forms.URLInput(attrs=WIDE),
        help_text="Where it opens. Its origin is then one that guests may be sent to.",
    )


class SignUpForm(forms.Form):
    """Whether anybody may become a guest for an application, and how. `offers` are the ways that work here (R39a)."""

    is_open = forms.BooleanField(
        required=False,
        label="People may become guests without an invitation",
        help_text="With this on, the application’s sign-in page offers it to everybody.",
    )
    methods = forms.MultipleChoiceField(
        required=False,
        label="They prove who they are by",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "v-checks"}),
        help_text="Only what works in this tenant is listed. Guests keep the method that they signed up with.",
        error_messages={"invalid_choice": "One of these methods does not work in this tenant. Choose again."},
    )

    def __init__(self, *args: Any, offers: list[Offer], may_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["methods"].choices = _choices(offers)  # type: ignore[attr-defined]  # a MultipleChoiceField
        for field in self.fields.values():
            field.disabled = not may_change


@admin.register(Application)
class ApplicationAdmin(TenantModelAdmin):
    """What the tenant shares."""

    view_action = Action.APPLICATIONS_VIEW
    list_title = "Applications"
    when_empty = "No application yet. What you add stands in every guest’s My Apps, with a direct link of its own."
    list_display = ("application", "direct_link_shown", "sign_up_shown")
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
        """The application's page: what it is, and self-service sign-up for it."""
        application: Application = self.get_object(request, object_id)
        may_change = self.may(request, Action.APPLICATIONS_MANAGE)
        if not self.has_view_permission(request) or (request.method == "POST" and not may_change):
            raise PermissionDenied
        offers = possible_offers()
        form = SignUpForm(
            request.POST or None,
            offers=offers,
            may_change=may_change,
            initial={
                "is_open": application.is_sign_up_open,
                "methods": application.sign_up_methods or [Method.PASSCODE.value],
            },
        )
        if request.method == "POST" and form.is_valid() and self._save_sign_up(request, application, form):
            return redirect("admin:applications_application_change", application.pk)
        return self.form_page(
            request,
            form,
            title=str(application),
            submit="Save" if may_change else "",
            fieldsets=[("Self-service sign-up", {"fields": ["is_open", "methods"]})],
            template="admin/applications/application.html",
            cancel_url=reverse("admin:applications_application_changelist") if may_change else "",
            application=application,
            tenant=tenant_of(request),
            in_progress=sign_ups_in_progress(application_id=application.pk) if application.is_sign_up_open else 0,
            is_passcode_possible=any(offer.method is Method.PASSCODE for offer in offers),
            remove_url=reverse("admin:applications_remove", args=[application.pk]) if may_change else "",
        )

    def _save_sign_up(self, request: HttpRequest, application: Application, form: SignUpForm) -> bool:
        """Open or close it as the form says; False when that was refused, with the reason on the form."""
        if form.cleaned_data["is_open"]:
            methods = [Method(one) for one in form.cleaned_data["methods"]]
            outcome = open_sign_up(application_id=application.pk, methods=methods, actor=actor(request), now=clock())
            said = f"Anybody can become a guest for {application} now."
        else:
            outcome = close_sign_up(application_id=application.pk, actor=actor(request), now=clock())
            said = f"Only who is invited can become a guest for {application}."
        if self.refused(outcome, form, "methods"):
            return False
        self.message_user(request, said)
        return True

    @admin.display(description="Application")
    def application(self, row: Application) -> SafeString:
        url = reverse("admin:applications_application_change", args=[row.pk])
        return format_html('<a href="{}">{}</a><span class="v-under">{}</span>', url, row.name, row.url)

    @admin.display(description="Sign-up")
    def sign_up_shown(self, row: Application) -> str:
        return "Open" if row.is_sign_up_open else "–"

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


def _choices(offers: list[Offer]) -> list[tuple[str, str]]:
    """One checkbox for each method that works here; partners' providers share one."""
    names: dict[Method, list[str]] = {}
    for offer in offers:
        names.setdefault(offer.method, []).append(offer.name)
    shown = {
        Method.FEDERATION: f"Partners’ providers: {', '.join(names.get(Method.FEDERATION, []))}",
        Method.FACEBOOK: "Facebook (for sign-up only)",
    }
    return [(method.value, shown.get(method) or BY_ID[method.value].name) for method in names]
