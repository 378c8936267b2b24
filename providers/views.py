"""A tenant's metadata as a SAML service provider, for its partners' providers. It makes nothing: a GET only shows."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from providers.connections import entity_id, return_url
from providers.kinds import BY_ID
from providers.kinds.saml import Saml
from providers.models import ServiceProviderKey
from providers.protocols.saml_service import service_metadata as written
from tenants.doors.middleware import TenantRequest

FOR_AN_HOUR = "public, max-age=3600"


@require_safe
def service_metadata(request: TenantRequest) -> HttpResponse:
    """The metadata, 404 for a tenant that has no federation yet."""
    key = ServiceProviderKey.objects.first()
    if key is None:
        raise Http404("no federation yet")
    content = written(
        entity_id=entity_id(tenant_id=request.tenant.id),
        return_url=return_url(kind=BY_ID[Saml.id], tenant_id=request.tenant.id, provider_id=None),
        certificate=key.certificate,
    )
    return HttpResponse(content, content_type="application/samlmetadata+xml", headers={"Cache-Control": FOR_AN_HOUR})
