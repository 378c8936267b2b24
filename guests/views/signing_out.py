"""Signing out."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from guests.operations.signing_in import sign_out as end_session
from guests.sessions import forget_session, open_session
from guests.views.asking import front_door_url, guest_actor
from guests.views.pages import page
from tenants.doors.middleware import TenantRequest


@require_POST
def sign_out(request: TenantRequest) -> HttpResponse:
    """End this browser's session; pressing it twice, or without a session, ends on the same page."""
    session = open_session(request, request.tenant)
    if session is not None:
        end_session(session=session, actor=guest_actor(request, session.guest), now=timezone.now())
    response = redirect(reverse("guests:signed_out", kwargs={"tenant": request.tenant.primary_domain}))
    forget_session(response, request.tenant)
    return response


@require_safe
def signed_out(request: TenantRequest) -> HttpResponse:
    """After signing out."""
    return page(request, "sign_in/signed_out.html", sign_in_url=front_door_url(request.tenant))
