"""My Apps, an application's direct link, and signing up for it (R37b, R37c, R39a)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from applications.discovery import Offer, chosen_offers
from applications.models import Application
from applications.operations import end_if_closed, first_party_application, sign_up_with_passcode
from guests.models import Guest
from guests.operations.beginning import Elsewhere
from guests.operations.consenting import step_of
from guests.operations.departing import begin_sign_up_with_provider
from guests.rules import Step
from guests.sessions import has_session_cookie, open_session
from guests.views import code_page, first_party, signing_up
from guests.views.account import own_links
from guests.views.asking import (
    Goal,
    asker_with_secret,
    carrying,
    front_door_url,
    goal_of,
    lower_query,
    my_apps_url,
)
from guests.views.inviting import invite_link, may_guest_invite
from guests.views.organizations import others_link
from guests.views.pages import page, room
from guests.views.redemption import flow_url
from guests.views.refusals import refuse
from guests.views.sign_in import show_front_door, show_way_in
from providers.rules import Method
from tenants.directory import find_tenant
from tenants.doors.middleware import TenantRequest
from tenants.leaving import leave
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import every_tenant, tenant_scope


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
        links=[
            *_invite_links(tenant, session.guest),
            *own_links(tenant),
            *([others_link(tenant)] if session.method == Method.PASSCODE else []),
        ],
    )


def _invite_links(tenant: Tenant, guest: Guest) -> list[dict[str, str]]:
    return [invite_link(tenant)] if may_guest_invite(tenant, guest) else []


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

    The name is for people: the id decides. An unknown tenant and an unknown application are the same page. Without a
    tenant it is the page of a first-party application (R37d).
    """
    if not lower_query(request, "tenantid"):
        return _without_tenant(request, application_id)
    return _in_its_tenant(request, application_id, _to_application)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest, name: str, application_id: UUID) -> HttpResponse:
    """`/signin/<name>/<id>/sign-up?tenantId=…`: become a guest without an invitation, where that is open (R39a)."""
    return _in_its_tenant(request, application_id, _sign_up)


def _in_its_tenant(
    request: HttpRequest, application_id: UUID, show: Callable[[TenantRequest, Application], HttpResponse]
) -> HttpResponse:
    """The application's page in the scope of the tenant that the query names, and no other's."""
    tenant = find_tenant(lower_query(request, "tenantid"))
    if tenant is None:
        raise Http404("no such application")
    request.tenant = tenant  # type: ignore[attr-defined]  # TenantRequest: this link names its tenant in the query
    with tenant_scope(tenant.id):
        application = Application.objects.filter(id=application_id).first()
        if application is None:
            raise Http404("no such application")
        return show(request, application)  # type: ignore[arg-type]


def _goal(request: TenantRequest, application: Application) -> Goal:
    sign_up_url = application.sign_up_path if application.is_sign_up_open else ""
    return goal_of(request.tenant, application.url, name=application.name, sign_up_url=sign_up_url)


def _without_tenant(request: HttpRequest, application_id: UUID) -> HttpResponse:
    with every_tenant(reason="R37d: the link of a first-party application names no tenant"):
        application = first_party_application(application_id=application_id)
    if application is None:
        raise Http404("no such application")
    shown = first_party.FirstParty(application.tenant_id, application.name, application.url, application.common_path)
    return first_party.show(request, shown)


def _to_application(request: TenantRequest, application: Application) -> HttpResponse:
    wanted = _goal(request, application)
    session = open_session(request, request.tenant)
    if session is None:
        return show_front_door(request, wanted)
    if step_of(tenant=request.tenant, guest=session.guest) is not Step.DONE:
        return redirect(reverse("guests:permissions", kwargs={"tenant": request.tenant.primary_domain}))
    # A GET may be redirected to another origin: form-action binds POSTs only.
    return HttpResponseRedirect(wanted.landing.url or my_apps_url(request.tenant))


def _sign_up(request: TenantRequest, application: Application) -> HttpResponse:
    if open_session(request, request.tenant) is not None:
        return redirect(application.sign_in_path)
    offers = chosen_offers(application.sign_up_methods) if application.is_sign_up_open else []
    if not offers:
        return _closed(request, application)
    ways = [offer for offer in offers if offer.method is not Method.PASSCODE]
    shown = signing_up.SignUpPage(
        application=application.name,
        submit_url=application.sign_up_path,
        sign_in_url=application.sign_in_path,
        takes_codes=len(ways) < len(offers),
        ways=ways,
    )
    if request.method != "POST":
        return signing_up.show(request, shown)
    chosen = next((way for way in ways if way.key == request.POST.get("with")), None)
    if chosen is not None:
        return _with_provider(request, application, chosen)
    if not shown.takes_codes or "with" in request.POST:  # a way that is offered no more
        return signing_up.show(request, shown)
    return _with_code(request, application, shown)


def _with_code(request: TenantRequest, application: Application, shown: signing_up.SignUpPage) -> HttpResponse:
    person = signing_up.read(request)
    if isinstance(person, signing_up.Typed):
        return signing_up.show(request, shown, person)
    wanted = _goal(request, application)
    who, keep = asker_with_secret(request)
    begun = sign_up_with_passcode(
        tenant=request.tenant,
        application_id=application.id,
        address=person.address,
        name=person.name,
        landing=wanted.landing,
        asker=who,
        now=timezone.now(),
    )
    if isinstance(begun, Elsewhere):
        return show_way_in(request, begun.address, begun.decision, wanted)
    if not isinstance(begun, Refusal):
        return keep(redirect(carrying(flow_url(request, begun), wanted)))
    if begun.code is Code.NOT_INVITED:
        return _closed(request, application)
    if begun.code is Code.DOMAIN:
        return signing_up.show(request, shown, signing_up.not_taken(request.tenant, person))
    return refuse(request, begun, back_url=application.sign_up_path)


def _with_provider(request: TenantRequest, application: Application, offer: Offer) -> HttpResponse:
    wanted = _goal(request, application)
    who, keep = asker_with_secret(request)
    leaving = begin_sign_up_with_provider(
        tenant=request.tenant,
        application_id=application.id,
        kind_id=offer.kind_id,
        provider_id=offer.provider_id,
        name="",
        landing=wanted.landing,
        asker=who,
        now=timezone.now(),
    )
    if isinstance(leaving, Refusal):
        return refuse(request, leaving, back_url=application.sign_up_path, provider=offer.name)
    if end_if_closed(application_id=application.id, method=offer.method, flow=leaving.flow):
        return _closed(request, application)
    return keep(leave(leaving.url, name=leaving.name, shown=room(request)))


def _closed(request: TenantRequest, application: Application) -> HttpResponse:
    return code_page.sign_up_closed(request, application=application.name, sign_in_url=application.sign_in_path)
