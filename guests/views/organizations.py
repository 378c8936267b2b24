"""The organizations that this browser was in, and the other ones of a proven address (R37d).

Knows the one cookie that names tenants, and two small pages. It must never list an organization to somebody who has
neither been there with this browser nor proven the address that is a guest there.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from guests.operations.consenting import step_of
from guests.operations.finding_tenant import other_homes
from guests.rules import DEVICE_LIFE, Step
from guests.sessions import open_session
from guests.views.asking import front_door_url, lower_query, my_apps_url
from guests.views.pages import page, plate
from passcodes.models import Challenge
from providers.rules import Method
from tenants.directory import find_tenant, find_tenants
from tenants.models import Tenant
from tenants.scope import every_tenant, tenant_scope

COOKIE = f"{settings.COOKIE_PREFIX}vestibule-organizations"
SALT = "vestibule organizations v1"
REMEMBERED = 4
"""Organizations that one browser keeps, the last one first."""


def remember_organization(request: HttpRequest, response: HttpResponse, tenant: Tenant) -> None:
    """Put this organization first among those that the common sign-in page offers in this browser, for 90 days."""
    others = [one for one in _remembered(request) if one != tenant.id]
    kept = [one.hex for one in [tenant.id, *others][:REMEMBERED]]
    response.set_cookie(
        COOKIE,
        signing.dumps(kept, salt=SALT, compress=True),
        max_age=int(DEVICE_LIFE.total_seconds()),
        path="/",
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def recent(request: HttpRequest) -> list[dict[str, str]]:
    """The remembered organizations as choices, the last one first. What is switched off or gone is left out.

    One statement, and none for a browser that has been nowhere.
    """
    kept = _remembered(request)
    found = {tenant.id: tenant for tenant in find_tenants(kept)} if kept else {}
    return _choices([found[one] for one in kept if one in found])


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Forget these: the cookie is taken back."""
    response = redirect(reverse("guests:common"))
    response.delete_cookie(COOKIE, path="/", samesite="Lax")
    return response


@require_safe
def others(request: HttpRequest) -> HttpResponse:
    """Where else the signed-in address is a guest; only after a code to that very address (R37d, R36).

    The tenant stands in the query, not in the path, because its scope has to be left before all tenants are asked.
    """
    tenant = find_tenant(lower_query(request, "tenantid"))
    if tenant is None:
        return redirect(reverse("guests:organization"))
    with tenant_scope(tenant.id):
        session = open_session(request, tenant)
        if session is None:
            return redirect(front_door_url(tenant))
        if step_of(tenant=tenant, guest=session.guest) is not Step.DONE:
            return redirect(reverse("guests:permissions", kwargs={"tenant": tenant.primary_domain}))
        address_key = session.guest.address_key
        is_proven = (
            session.method == Method.PASSCODE
            and session.challenge_id is not None
            and Challenge.objects.filter(id=session.challenge_id, address_key=address_key, is_decoy=False).exists()
        )
    found: Sequence[Tenant] = ()
    if is_proven:
        with every_tenant(reason="R37d: the other organizations of an address that has just been proven"):
            found = other_homes(address_key=address_key, besides=tenant.id)
    request.tenant = tenant  # type: ignore[attr-defined]  # TenantRequest: this page names its tenant in the query
    return page(
        request,
        "apps/other_organizations.html",
        address=session.guest.address,
        organizations=_choices(found),
        is_proven=is_proven,
        organization_url=reverse("guests:organization"),
        my_apps_url=my_apps_url(tenant),
    )


def others_link(tenant: Tenant) -> dict[str, str]:
    """The link to that page, for My Apps."""
    return {"name": "Your other organizations", "url": f"{reverse('guests:others')}?tenantId={tenant.id}"}


def _remembered(request: HttpRequest) -> list[UUID]:
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=DEVICE_LIFE)
        return [UUID(one) for one in kept][:REMEMBERED]
    except (signing.BadSignature, ValueError, TypeError):
        return []


def _choices(tenants: Sequence[Tenant]) -> list[dict[str, str]]:
    shown = [plate(tenant) for tenant in tenants]
    return [
        {"name": one.name, "domain": one.domain, "logo_url": one.logo_url, "url": front_door_url(tenant)}
        for one, tenant in zip(shown, tenants, strict=True)
    ]
