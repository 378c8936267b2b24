"""All identity providers: the Built-in and the Custom tab (R61).

Knows which providers there are and how each is doing. It never says what becomes of a guest: the decision does.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from providers.admin.adding import AddingPages
from providers.admin.one import PagesOfOne
from providers.admin.rows import built_in_rows, custom_rows, registrations
from providers.models import IdentityProvider
from tenants.doors.admin import clock
from tenants.roles import Action


@admin.register(IdentityProvider)
class IdentityProviderAdmin(AddingPages, PagesOfOne):
    """Two tabs instead of a list of rows."""

    view_action = Action.PROVIDERS_VIEW
    list_title = "All identity providers"

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.custom_tab, Action.PROVIDERS_VIEW)
        return [path("custom/", page, name="providers_custom"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The Built-in tab."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.page(
            request,
            "admin/providers/built_in.html",
            title=self.list_title,
            rows=built_in_rows(),
            registrations=registrations(),
            custom_count=IdentityProvider.objects.count(),
        )

    def custom_tab(self, request: HttpRequest) -> HttpResponse:
        """The tenant's own providers."""
        now = clock()
        rows = custom_rows(IdentityProvider.objects.prefetch_related("domains").order_by("name"), now=now)
        return self.page(
            request,
            "admin/providers/custom.html",
            title=self.list_title,
            rows=rows,
            custom_count=len(rows),
            ending=[one for one in rows if one.certificate.is_warning],
            may_add=self.may(request, Action.PROVIDERS_MANAGE),
            now=now,
        )
