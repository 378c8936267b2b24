"""The tenant's administrators.

Knows how they are listed. It never says which other tenants an administrator belongs to.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.doors.admin import TenantModelAdmin, desk
from tenants.models import RoleAssignment
from tenants.roles import Action, Role
from tenants.scope import current_tenant_id


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
