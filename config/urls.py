"""Every address. Fixed routes come before those that begin with a tenant."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, register_converter

from config import health
from tenants.converters import TenantConverter

register_converter(TenantConverter, "tenant")


def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


urlpatterns: list[URLPattern | URLResolver] = [
    path("robots.txt", robots, name="robots"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("outbox.urls")),
    path("", include("tenants.urls")),
    path("", include("applications.urls")),
    path("", include("providers.urls")),
    path("", include("guests.urls")),
]

if settings.LOCAL_STACK:
    urlpatterns.insert(0, path("inbox/", include("config.stack.inbox")))

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
