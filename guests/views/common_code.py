"""The Enter code page of a flow that began without a tenant (R37d).

Knows how a flow is found by its id and the browser's cookie alone, and worked with inside its tenant's scope. It shows
nothing of that tenant, not even that a budget of its is spent, until the code is right (R19).
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from guests.models import SignInFlow
from guests.operations.first_party import CODE_MINUTES, resend_from_application
from guests.operations.signing_in import sign_in_with_passcode
from guests.sessions import browser_secret, open_common_flow, open_session, remember_device, remember_session
from guests.views.asking import front_door_url
from guests.views.first_party import asker_in, carrying, unsealed
from guests.views.organizations import remember_organization
from guests.views.pages import page
from guests.views.refusals import malformed_code, problem, refuse
from guests.views.wording import Problem
from passcodes.models import Challenge
from passcodes.rules import Malformed, read_code
from tenants.addresses import canonical
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import every_tenant, tenant_scope

WRONG = problem(Refusal(Code.CODE))


@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Enter the code: right, it leads to the tenant that sent it."""
    flow = _flow(request, flow_id)
    if flow is None:
        return _lost(request)
    with tenant_scope(flow.tenant_id):
        if flow.ended_at is not None and open_session(request, flow.tenant) is not None:
            return redirect(_permissions_url(flow.tenant))
        return _try(request, flow) if request.method == "POST" else _show(request, flow)


@require_POST
def send_again(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Send it again: at most three times, with growing waits."""
    flow = _flow(request, flow_id)
    if flow is None:
        return _lost(request)
    with tenant_scope(flow.tenant_id):
        sent = resend_from_application(
            flow=flow,
            asker=asker_in(request, flow.tenant, browser_secret(request)),
            now=timezone.now(),
        )
        if isinstance(sent, Refusal) and sent.code is Code.WAIT:
            return _show(request, flow, wait_until=sent.until, status=429)
        if isinstance(sent, Refusal) and sent.code is Code.CODE:
            return _show(request, flow, error=WRONG, status=422)
    # Passcodes that were turned off meanwhile look like a mail on its way.
    url = carrying(reverse("guests:common_code", args=[flow.id]), _sealed(request))
    return redirect(f"{url}{'&' if '?' in url else '?'}sent")


def _flow(request: HttpRequest, flow_id: UUID) -> SignInFlow | None:
    with every_tenant(reason="R37d: the page names a flow and no tenant; the browser's secret opens it"):
        return open_common_flow(request, flow_id)


def _try(request: HttpRequest, flow: SignInFlow) -> HttpResponse:
    typed = request.POST.get("code", "")
    digits = read_code(typed)
    if isinstance(digits, Malformed):
        return _show(request, flow, error=malformed_code(typed[:200]), status=422)
    signed_in = sign_in_with_passcode(
        flow=flow,
        typed=digits,
        browser=request.headers.get("User-Agent", ""),
        asker=asker_in(request, flow.tenant, browser_secret(request)),
        now=timezone.now(),
    )
    if isinstance(signed_in, Refusal):
        # Tries count where the flow runs: E-WAIT would tell who has spent some at that tenant's own door.
        if signed_in.code in (Code.CODE, Code.WAIT):
            return _show(request, flow, error=WRONG, status=422)
        request.tenant = flow.tenant  # type: ignore[attr-defined]  # the code was right: what follows is the tenant's
        return refuse(request, signed_in, back_url=front_door_url(flow.tenant))
    response = redirect(_permissions_url(flow.tenant))
    remember_session(response, flow.tenant, signed_in)
    remember_device(request, response, flow.tenant, signed_in.guest)
    remember_organization(request, response, flow.tenant)
    return response


def _show(
    request: HttpRequest,
    flow: SignInFlow,
    *,
    error: Problem | None = None,
    wait_until: datetime | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page as every address sees it, a known browser's too: sender and subject would name the tenant."""
    if flow.challenge_id is None:
        raise Http404("this sign-in never asked for a code")
    challenge = Challenge.objects.get(id=flow.challenge_id)
    if request.method != "POST" and challenge.used_at is not None:
        return _lost(request)
    application, now = unsealed(_sealed(request)), timezone.now()
    shared: dict[str, Any] = {
        "resend_url": carrying(reverse("guests:common_again", args=[flow.id]), _sealed(request)),
        "start_again_url": _start_again_url(request),
        "masked_address": canonical(flow.address).masked,
        "application": application.name if application is not None else "",
        "may_resend": bool(challenge.resends_left),
    }
    if request.method != "POST" and challenge.expires_at <= now:
        return page(
            request,
            "sign_in/code_expired.html",
            send_url=shared["resend_url"] if challenge.resends_left else shared["start_again_url"],
            expired_at=challenge.expires_at,
            minutes=CODE_MINUTES,
            **shared,
        )
    code_url = carrying(reverse("guests:common_code", args=[flow.id]), _sealed(request))
    response = page(
        request,
        "sign_in/first_party_code.html",
        status=status,
        code_url=code_url,
        own_url=code_url if request.method == "POST" else "",
        expires_at=challenge.expires_at,
        from_address=settings.DEFAULT_FROM_EMAIL,
        sent_at=challenge.sent_at,
        sent_again=_sent_again(request, challenge),
        options_url=reverse("guests:options"),
        error=error,
        wait={"until": wait_until, "left": challenge.resends_left} if wait_until else None,
        **shared,
    )
    if wait_until is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil((wait_until - now).total_seconds())))
    return response


def _sent_again(request: HttpRequest, challenge: Challenge) -> str:
    if "sent" not in request.GET or not challenge.resends:
        return ""
    return "new" if challenge.code_since == challenge.sent_at else "same"


def _lost(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "sign_in/flow_lost.html",
        status=403,
        sign_in_url=_start_again_url(request),
        has_cookies=bool(request.COOKIES.get(settings.CSRF_COOKIE_NAME)),
    )


def _sealed(request: HttpRequest) -> str:
    """The application in the page's address, as it was sealed; "" for anything that we did not."""
    text = request.GET.get("to", "")
    return text if unsealed(text) is not None else ""


def _start_again_url(request: HttpRequest) -> str:
    application = unsealed(_sealed(request))
    return application.link if application is not None else reverse("guests:common")


def _permissions_url(tenant: Tenant) -> str:
    return reverse("guests:permissions", kwargs={"tenant": tenant.primary_domain})
