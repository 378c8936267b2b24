"""The tenant's settings and its logo.

Knows how they are shown, calls tenants/changing.py and tenants/showing.py. It never opens a field to who may only look.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from tenants.changing import change_settings
from tenants.colours import brand
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.forms import LogoForm, SettingsForm
from tenants.models import Tenant
from tenants.roles import Action
from tenants.scope import current_tenant_id
from tenants.showing import change_logo, remove_logo


@admin.register(Tenant)
class TenantAdmin(TenantModelAdmin):
    """One page instead of a list: the settings of the tenant that the administrator sits in."""

    view_action = Action.SETTINGS_VIEW
    list_title = "Settings"
    FIELDSETS = (
        (None, {"fields": ["name", "sender_name", "colour", "shown_version"]}),
        ("What guests agree to", {"fields": ["privacy_statement_url", "terms_text"]}),
        ("Passcodes and invitations", {"fields": ["passcode_minutes", "invitation_days"]}),
        ("Who may invite", {"fields": ["who_may_invite"]}),
        ("Where guests may go on to", {"fields": ["landing_origins"]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(id=current_tenant_id())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The settings; who may only look gets them without a button."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        tenant = Tenant.objects.get(id=current_tenant_id())
        if request.method == "POST":
            if not self.may(request, Action.SETTINGS_CHANGE):
                raise PermissionDenied
            form = SettingsForm(request.POST)
            if form.is_valid():
                outcome = change_settings(
                    tenant=tenant,
                    settings=form.settings(),
                    actor=actor(request),
                    now=clock(),
                    shown_version=form.cleaned_data["shown_version"],
                )
                if not self.refused(outcome, form):
                    self.message_user(request, "The settings are saved.")
                    return redirect("admin:tenants_tenant_changelist")
        else:
            form = SettingsForm(initial=SettingsForm.of(tenant))
        return self._settings_page(request, form, tenant)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        self.get_object(request, object_id)
        return redirect("admin:tenants_tenant_changelist")

    def get_urls(self) -> list[Any]:
        logo = self.guarded(self.logo_page, Action.SETTINGS_VIEW)
        return [path("logo/", logo, name="tenants_logo"), *super().get_urls()]

    def logo_page(self, request: HttpRequest) -> HttpResponse:
        """The logo: what guests see now, a new one, or none."""
        tenant = Tenant.objects.get(id=current_tenant_id())
        is_open = self.may(request, Action.SETTINGS_CHANGE)
        form = LogoForm()
        if request.method == "POST":
            if not is_open:
                raise PermissionDenied
            if "_remove" in request.POST:
                remove_logo(tenant=tenant, actor=actor(request), now=clock())
                self.message_user(request, "The logo is gone. Guests see the name alone.")
                return redirect("admin:tenants_logo")
            form = LogoForm(request.POST, request.FILES)
            if form.is_valid():
                outcome = change_logo(
                    tenant=tenant, content=form.cleaned_data["logo"].read(), actor=actor(request), now=clock()
                )
                if not self.refused(outcome, form, "logo"):
                    self.message_user(request, "The logo is saved. Guests see it from now on.")
                    return redirect("admin:tenants_logo")
        shown = f"{reverse('tenants:logo', args=[tenant.primary_domain])}?v={tenant.logo_digest[:12]}"
        return self.page(
            request,
            "admin/tenants/logo.html",
            title="Logo",
            form=form,
            is_open=is_open,
            logo_url=shown if tenant.logo_digest else "",
        )

    def _settings_page(self, request: HttpRequest, form: SettingsForm, tenant: Tenant) -> TemplateResponse:
        is_open = self.may(request, Action.SETTINGS_CHANGE)
        for field in form.fields.values():
            field.disabled = not is_open
        colours = brand(tenant.colour)
        return self.form_page(
            request,
            form,
            title="Settings",
            submit="Save" if is_open else "",
            fieldsets=self.FIELDSETS,
            template="admin/tenants/settings.html",
            row=tenant,
            swatches=[
                ("Given", tenant.colour or "none"),
                ("Used on light pages", colours.light.tenant),
                ("Used on dark pages", colours.dark.tenant),
            ],
            domains=list(tenant.domains.order_by("domain").values_list("domain", flat=True)),
        )
