"""The tenant's own pages: settings, administrators, the audit log.

Knows how each is shown and calls tenants/changing.py. An audit entry has no form, no action and no link to change it.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.changing import change_settings
from tenants.colours import brand
from tenants.doors.admin import TenantModelAdmin, actor, clock, desk
from tenants.doors.filters import ChoiceFilter, ValuesFilter
from tenants.doors.words import shown_time
from tenants.forms import LogoForm, SettingsForm
from tenants.models import AuditEntry, Outcome, RoleAssignment, Tenant
from tenants.roles import Action, Role
from tenants.scope import current_tenant_id
from tenants.showing import change_logo, remove_logo
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


@admin.register(Tenant)
class TenantAdmin(TenantModelAdmin):
    """One page instead of a list: the settings of the tenant that the administrator sits in."""

    view_action = Action.SETTINGS_VIEW
    list_title = "Settings"
    FIELDSETS = (
        (None, {"fields": ["name", "sender_name", "colour", "shown_version"]}),
        ("What guests agree to", {"fields": ["privacy_statement_url", "terms_text"]}),
        ("Passcodes and invitations", {"fields": ["passcode_minutes", "invitation_days"]}),
        ("Which guests, and where they may go", {"fields": ["allowed_domains", "denied_domains", "landing_origins"]}),
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


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(TenantModelAdmin):
    """Who administers the tenant, and with which roles. Appointing is an operator's command for now."""

    view_action = Action.ADMINISTRATORS_VIEW
    list_title = "Administrators"
    units = ("role", "roles")
    list_display = ("who", "role_shown")
    list_display_links = None
    list_select_related = ("administrator",)
    search_fields = ("administrator__email",)
    search_help_text = "Email, as it begins"
    ordering = ("administrator__name", "administrator__email", "role")
    actions = None
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(tenant_id=current_tenant_id())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        tenant = desk(request).tenant
        hint = f"manage.py create_administrator --tenant {tenant.primary_domain}" if tenant else ""
        return super().changelist_view(request, {"appoint_with": hint, **(extra_context or {})})

    @admin.display(description="Administrator")
    def who(self, row: RoleAssignment) -> SafeString:
        return format_html('{}<span class="v-under">{}</span>', row.administrator.name, row.administrator.email)

    @admin.display(description="Role")
    def role_shown(self, row: RoleAssignment) -> str:
        return Role(row.role).label if row.role in Role.values else row.role
