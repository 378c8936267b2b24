"""The pages' door: one tenant's scope round one view.

Knows where a request names its tenant: in the path (`<tenant:tenant>`, R37a) or, in the portal, in the administrator's
choice. Enters the scope once, outside any transaction, and leaves it after the page is rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from tenants.directory import find_tenant
from tenants.doors.admin import chosen_tenant
from tenants.models import Tenant
from tenants.scope import tenant_scope

View = Callable[..., HttpResponseBase]


class TenantRequest(HttpRequest):
    """A request after this middleware: it knows its tenant and its reference."""

    tenant: Tenant
    correlation: str


class _Rendered(Protocol):
    def render(self) -> HttpResponse: ...


class TenantScope:
    """Sets `request.tenant` and opens its scope where the path or the portal names a tenant."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Run the view inside the scope and render its page there; other views go their ordinary way."""
        tenant = self._named(request, kwargs)
        if tenant is None:
            return None
        request.tenant = tenant  # type: ignore[attr-defined]  # TenantRequest
        with tenant_scope(tenant.id):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render):
                rendered: HttpResponseBase = response.render()
                return rendered
            return response

    def _named(self, request: HttpRequest, kwargs: dict[str, Any]) -> Tenant | None:
        match = request.resolver_match
        if match is not None and "admin" in match.namespaces:
            return chosen_tenant(request)
        if "tenant" not in kwargs:
            return None
        tenant = find_tenant(kwargs.pop("tenant"))
        if tenant is None:
            raise Http404("no such tenant")
        return tenant
