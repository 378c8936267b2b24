"""Consent, and the way out of it to the resource (R20, R22)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from guests.models import GuestSession
from guests.operations.consenting import Consented, accept_permissions, accept_terms, decline_consent, step_of
from guests.operations.inviting import landing_of
from guests.rules import Step
from guests.sessions import forget_session, has_session_cookie, open_session
from guests.views.asking import front_door_url, guest_actor, my_apps_url
from guests.views.pages import page, room
from guests.views.refusals import refuse
from tenants.doors.middleware import TenantRequest
from tenants.leaving import leave
from tenants.refusals import Code, Refusal

ROUTES = {Step.PERMISSIONS: "guests:permissions", Step.TERMS: "guests:terms"}


@require_http_methods(["GET", "HEAD", "POST"])
def permissions(request: TenantRequest) -> HttpResponse:
    """Review permissions; after signing in everybody passes here, and who has accepted passes through."""
    return _answer(request, Step.PERMISSIONS, _show_permissions, _accept_permissions)


@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: TenantRequest) -> HttpResponse:
    """Terms of use."""
    return _answer(request, Step.TERMS, _show_terms, _accept_terms)


@require_safe
def declined(request: TenantRequest) -> HttpResponse:
    """After Decline."""
    return refuse(request, Refusal(Code.DECLINED), back_url=front_door_url(request.tenant))


def _answer(
    request: TenantRequest,
    step: Step,
    show: Callable[[TenantRequest, GuestSession], HttpResponse],
    accept: Callable[[TenantRequest, GuestSession], Consented | Refusal],
) -> HttpResponse:
    session = open_session(request, request.tenant)
    if session is None:
        # Who presses a button of this page had a session, even if the browser has lost its cookie since.
        if request.method == "POST" or has_session_cookie(request, request.tenant):
            return refuse(request, Refusal(Code.SESSION), back_url=front_door_url(request.tenant))
        return redirect(front_door_url(request.tenant))
    if request.method != "POST":
        due = step_of(tenant=request.tenant, guest=session.guest)
        if due is Step.DONE:
            return _on(request, session)
        return show(request, session) if due is step else _to(request, due)
    if request.POST.get("answer") == "decline":
        if not decline_consent(session=session, actor=guest_actor(request, session.guest), now=timezone.now()):
            return _on(request, session)
        response = redirect(reverse("guests:declined", kwargs={"tenant": request.tenant.primary_domain}))
        forget_session(response, request.tenant)
        return response
    consented = accept(request, session)
    if isinstance(consented, Refusal):
        return refuse(request, consented, back_url=front_door_url(request.tenant))
    return _on(request, session) if consented.step is Step.DONE else _to(request, consented.step)


def _accept_permissions(request: TenantRequest, session: GuestSession) -> Consented | Refusal:
    return accept_permissions(
        tenant=request.tenant, session=session, actor=guest_actor(request, session.guest), now=timezone.now()
    )


def _accept_terms(request: TenantRequest, session: GuestSession) -> Consented | Refusal:
    version = request.POST.get("version", "")
    return accept_terms(
        tenant=request.tenant,
        session=session,
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 9 else 0,
        actor=guest_actor(request, session.guest),
        now=timezone.now(),
    )


def _show_permissions(request: TenantRequest, session: GuestSession) -> HttpResponse:
    return page(
        request,
        "redemption/consent.html",
        answer_url=reverse("guests:permissions", kwargs={"tenant": request.tenant.primary_domain}),
        address=session.guest.address,
        inviter=session.guest.sponsor_name,
    )


def _show_terms(request: TenantRequest, session: GuestSession) -> HttpResponse:
    tenant = request.tenant
    return page(
        request,
        "redemption/terms.html",
        answer_url=reverse("guests:terms", kwargs={"tenant": tenant.primary_domain}),
        version=tenant.terms_in_force,
        published_at=tenant.terms_published_at,
        terms_text=tenant.terms_text,
    )


def _to(request: TenantRequest, step: Step) -> HttpResponse:
    return redirect(reverse(ROUTES[step], kwargs={"tenant": request.tenant.primary_domain}))


def _on(request: TenantRequest, session: GuestSession) -> HttpResponse:
    """To the resource. The origin is looked at again: the tenant may have taken it out since (R39)."""
    url = landing_of(request.tenant, session.landing)
    return leave(url, shown=room(request)) if url else redirect(my_apps_url(request.tenant))
