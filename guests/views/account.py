"""A guest's own page at a tenant: who they are there, where they are signed in, what they agreed to, and leaving (R55).

Knows what somebody may see and end of their own. It must never show a thing of a guest who is not signed in here, nor
what administrators wrote about them.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guests.browsers import browser_words
from guests.models import Consent, ConsentKind, FederatedIdentity, GuestSession
from guests.operations.deleting import KEEP_DELETED
from guests.operations.ending import end_other_sessions
from guests.operations.leaving import leave_tenant
from guests.sessions import forget_session, has_session_cookie, open_session
from guests.views.asking import front_door_url, guest_actor, my_apps_url
from guests.views.pages import page
from guests.views.refusals import refuse
from providers.connections import name_of
from providers.rules import METHOD_NAMES, Method
from tenants.doors.middleware import TenantRequest
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

AGREED = {ConsentKind.PERMISSIONS: "What is shared, and how it is used", ConsentKind.TERMS: "Terms of use"}
"""What a guest said yes to, as they remember it (R22)."""
SHOWN = 20
"""Sessions and consents on the page."""


@require_safe
def about(request: TenantRequest) -> HttpResponse:
    """About you at this tenant. Who has not agreed to anything yet is asked first (R20)."""
    tenant = request.tenant
    session = open_session(request, tenant)
    if session is None:
        return _sign_in_first(request)
    guest = session.guest
    if not guest.has_accepted:
        return redirect(reverse("guests:permissions", kwargs={"tenant": tenant.primary_domain}))
    now = timezone.now()
    live = GuestSession.objects.filter(guest=guest, ended_at__isnull=True, expires_at__gt=now).order_by("-started_at")
    return page(
        request,
        "apps/about_you.html",
        name=guest.name,
        address=guest.address,
        method=_method(session),
        sessions=[
            {
                "browser": browser_words(one.browser),
                "source": one.source,
                "started_at": one.started_at,
                "ends_at": one.expires_at,
                "is_this": one.id == session.id,
            }
            for one in live[:SHOWN]
        ],
        agreed=[
            {"name": AGREED[ConsentKind(one.kind)], "version": one.version, "at": one.given_at}
            for one in Consent.objects.filter(guest=guest, withdrawn_at__isnull=True).order_by("given_at")[:SHOWN]
        ],
        end_others_url=reverse("guests:end_others", kwargs={"tenant": tenant.primary_domain}),
        leave_url=leave_url(tenant),
        my_apps_url=my_apps_url(tenant),
    )


@require_POST
def end_others(request: TenantRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    session = open_session(request, request.tenant)
    if session is None:
        return _sign_in_first(request)
    end_other_sessions(session=session, actor=guest_actor(request, session.guest), now=timezone.now())
    return redirect(about_url(request.tenant))


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: TenantRequest) -> HttpResponse:
    """GET says what leaving means; POST leaves. Open before consent, too: it only takes away (R20, R55)."""
    tenant = request.tenant
    session = open_session(request, tenant)
    if session is None:
        return _sign_in_first(request)
    if request.method == "POST" and request.POST.get("answer") == "leave":
        outcome = leave_tenant(session=session, actor=guest_actor(request, session.guest), now=timezone.now())
        if isinstance(outcome, Refusal):
            return refuse(request, outcome, back_url=front_door_url(tenant))
        response = redirect(reverse("guests:left", kwargs={"tenant": tenant.primary_domain}))
        forget_session(response, tenant)
        return response
    return page(
        request,
        "apps/leave.html",
        address=session.guest.address,
        days=KEEP_DELETED.days,
        sponsor=session.guest.sponsor_name,
        leave_url=leave_url(tenant),
        back_url=about_url(tenant),
    )


@require_safe
def left(request: TenantRequest) -> HttpResponse:
    """After leaving. It says the same to everybody who opens it."""
    return page(request, "apps/left.html", days=KEEP_DELETED.days)


def about_url(tenant: Tenant) -> str:
    """The guest's own page."""
    return reverse("guests:about", kwargs={"tenant": tenant.primary_domain})


def leave_url(tenant: Tenant) -> str:
    """The page that says what leaving means."""
    return reverse("guests:leave", kwargs={"tenant": tenant.primary_domain})


def own_links(tenant: Tenant) -> list[dict[str, str]]:
    """What My Apps offers a guest about themself."""
    about_ = about_url(tenant)
    return [
        {"name": "Where you’re signed in", "url": f"{about_}#sessions"},
        {"name": "What you agreed to", "url": f"{about_}#agreed"},
        {"name": f"Leave {tenant.name}", "url": leave_url(tenant)},
    ]


def _method(session: GuestSession) -> str:
    """How this session was begun, as a guest calls it."""
    if session.method == Method.PASSCODE:
        return "A code sent to your email"
    identity = FederatedIdentity.objects.filter(guest_id=session.guest_id, provider_id=session.provider_id).first()
    if identity is None:
        return METHOD_NAMES[Method(session.method)]
    return name_of(kind_id=identity.kind, provider_id=identity.provider_id)


def _sign_in_first(request: TenantRequest) -> HttpResponse:
    # Who presses a button of these pages had a session, even if the browser has lost its cookie since.
    if request.method == "POST" or has_session_cookie(request, request.tenant):
        return refuse(request, Refusal(Code.SESSION), back_url=front_door_url(request.tenant))
    return redirect(front_door_url(request.tenant))
