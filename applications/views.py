"""My Apps, and an application's direct link (R37b, R37c)."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from applications.models import Application
from guests.operations.consenting import step_of
from guests.rules import Step
from guests.sessions import has_session_cookie, open_session
from guests.views.asking import front_door_url, goal_of, lower_query, my_apps_url
from guests.views.pages import page
from guests.views.refusals import refuse
from guests.views.sign_in import show_front_door
from providers.rules import Method
from tenants.directory import find_tenant
from tenants.doors.middleware import TenantRequest
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope


@require_safe
def my_apps(request: TenantRequest) -> HttpResponse:
    """What the tenant shares with the signed-in guest; for anybody else the way to sign in."""
    tenant = request.tenant
    session = open_session(request, tenant)
    if session is None:
        if has_session_cookie(request, tenant):
            return refuse(request, Refusal(Code.SESSION), back_url=front_door_url(tenant))
        return redirect(front_door_url(tenant))
    if not session.guest.has_accepted:
        return redirect(reverse("guests:permissions", kwargs={"tenant": tenant.primary_domain}))
    return page(
        request,
        "apps/my_apps.html",
        address=session.guest.address,
        ends_at=session.expires_at,
        signs_in_with_code=session.method == Method.PASSCODE,
        applications=[
            {"name": one.name, "description": one.description, "url": one.url, "image_url": ""}
            for one in Application.objects.order_by("name")
        ],
        sign_out_url=reverse("guests:sign_out", kwargs={"tenant": tenant.primary_domain}),
        inviter=session.guest.sponsor_name,
        links=[],
    )


@require_safe
def my_apps_of(request: HttpRequest) -> HttpResponse:
    """`/myapps?tenantid=…`: the same page under its own address."""
    tenant = find_tenant(lower_query(request, "tenantid"))
    if tenant is None:
        return redirect(reverse("guests:organization"))
    return redirect(my_apps_url(tenant))


@require_safe
def direct_link(request: HttpRequest, name: str, application_id: UUID) -> HttpResponse:
    """`/signin/<name>/<id>?tenantId=…`: to the application, past the sign-in where there is no session.

    The name is for people: the id decides. An unknown tenant and an unknown application are the same page.
    """
    tenant = find_tenant(lower_query(request, "tenantid"))
    if tenant is None:
        raise Http404("no such application")
    request.tenant = tenant  # type: ignore[attr-defined]  # TenantRequest: this link names its tenant in the query
    with tenant_scope(tenant.id):
        return _to_application(request, application_id)  # type: ignore[arg-type]


def _to_application(request: TenantRequest, application_id: UUID) -> HttpResponse:
    application = Application.objects.filter(id=application_id).first()
    if application is None:
        raise Http404("no such application")
    wanted = goal_of(request.tenant, application.url, name=application.name)
    session = open_session(request, request.tenant)
    if session is None:
        return show_front_door(request, wanted)
    if step_of(tenant=request.tenant, guest=session.guest) is not Step.DONE:
        return redirect(reverse("guests:permissions", kwargs={"tenant": request.tenant.primary_domain}))
    # A GET may be redirected to another origin: form-action binds POSTs only.
    return HttpResponseRedirect(wanted.landing.url or my_apps_url(request.tenant))
