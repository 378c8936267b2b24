"""The tenant's own door, and the Enter code page (R10, R14-R19, R37b)."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from guests.models import SignInFlow, Way
from guests.operations.beginning import Elsewhere, begin_with_address, known_guest, look_at_address
from guests.operations.consenting import step_of
from guests.operations.signing_in import resend_code, sign_in_with_passcode
from guests.rules import Step
from guests.sessions import open_flow, open_session, remember_device, remember_session
from guests.views import code_page, elsewhere
from guests.views.asking import (
    Goal,
    asker,
    asker_with_secret,
    carrying,
    front_door_url,
    goal,
    my_apps_url,
    skips,
    start_again_url,
)
from guests.views.organizations import remember_organization
from guests.views.pages import page
from guests.views.redemption import flow_url
from guests.views.refusals import malformed_code, problem, refuse
from guests.views.wording import Problem
from passcodes.rules import Malformed, Pool, read_code
from providers.rules import Decision, Method
from tenants.addresses import Address, AddressRefused, canonical
from tenants.doors.middleware import TenantRequest
from tenants.refusals import Code, Refusal


@require_http_methods(["GET", "HEAD", "POST"])
def front_door(request: TenantRequest) -> HttpResponse:
    """Type the address that was invited; then a page says where the code will go. Neither sends anything."""
    wanted = goal(request)
    if request.method != "POST":
        session = open_session(request, request.tenant)
        if session is None:
            return show_front_door(request, wanted)
        if step_of(tenant=request.tenant, guest=session.guest) is not Step.DONE:
            return redirect(_permissions_url(request))
        return redirect(wanted.landing.url or my_apps_url(request.tenant))
    typed = request.POST.get("email", "")
    try:
        address = canonical(typed)
    except AddressRefused as refused:
        return show_front_door(request, wanted, email=typed[:254], error=Problem("", refused.reason))
    looked = look_at_address(
        tenant=request.tenant, address=address, skips=skips(request), asker=asker(request), now=timezone.now()
    )
    if isinstance(looked, Refusal):
        return refuse(request, looked, back_url=start_again_url(request))
    return show_way_in(request, address, looked.decision, wanted)


def show_way_in(request: TenantRequest, address: Address, decision: Decision, wanted: Goal) -> HttpResponse:
    """What an address that was typed is met with: Send code, or the provider that it leads to. Nothing is sent yet."""
    go_url = _skipping(request, reverse("guests:send_code", kwargs={"tenant": request.tenant.primary_domain}))
    hidden = {"email": address.to_send} | _sealed(wanted)
    if decision.method is not Method.PASSCODE and decision.refused_as is None and not decision.is_passcode_missed:
        return elsewhere.show(request, address, decision, opened=None, go_url=go_url, hidden=hidden)
    return page(
        request,
        "sign_in/send_code.html",
        send_url=go_url,
        masked_address=address.masked,
        application=wanted.name,
        hidden=hidden,
        start_again_url=_skipping(request, start_again_url(request)),
    )


def show_front_door(
    request: TenantRequest, wanted: Goal, *, email: str = "", error: Problem | None = None
) -> HttpResponse:
    """The page with the address field. Applications' direct links show it too."""
    return page(
        request,
        "sign_in/front_door.html",
        status=422 if error else 200,
        submit_url=_skipping(request, front_door_url(request.tenant)),
        email=email,
        error=error,
        application=wanted.name,
        hidden=_sealed(wanted),
        organizations_url=reverse("guests:organization"),
        sign_up_url=wanted.sign_up_url,
    )


@require_POST
def send_code(request: TenantRequest) -> HttpResponse:
    """Send code to a typed address: the flow begins."""
    wanted = goal(request)
    try:
        address = canonical(request.POST.get("email", ""))
    except AddressRefused as refused:
        return show_front_door(request, wanted, error=Problem("", refused.reason))
    who, keep = asker_with_secret(request)
    begun = begin_with_address(
        tenant=request.tenant,
        address=address,
        way=Way.APPLICATION if wanted.name else Way.TENANTED,
        landing=wanted.landing,
        skips=skips(request),
        asker=who,
        now=timezone.now(),
    )
    if isinstance(begun, Refusal):
        guest = known_guest(address=address, asker=who)
        known = code_page.known_as(guest) if guest else None
        return refuse(request, begun, known=known, back_url=start_again_url(request))
    if isinstance(begun, Elsewhere):
        way = Way.APPLICATION if wanted.name else Way.TENANTED
        hidden = {"email": address.to_send} | _sealed(wanted)
        return keep(elsewhere.go_on(request, begun, way=way, wanted=wanted, asker=who, hidden=hidden))
    return keep(redirect(carrying(flow_url(request, begun), wanted)))


@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: TenantRequest, flow_id: UUID) -> HttpResponse:
    """Enter the code: 8 digits, five tries, once. A double click and the back button lead on, where it led before."""
    flow = open_flow(request, flow_id)
    if flow is None:
        return _no_flow(request)
    if flow.ended_at is not None and open_session(request, request.tenant) is not None:
        return redirect(_permissions_url(request))
    if request.method != "POST":
        return code_page.show(request, flow)
    typed = request.POST.get("code", "")
    digits = read_code(typed)
    if isinstance(digits, Malformed):
        return code_page.show(request, flow, error=malformed_code(typed[:200]), status=422)
    signed_in = sign_in_with_passcode(
        flow=flow,
        typed=digits,
        browser=request.headers.get("User-Agent", ""),
        asker=asker(request),
        now=timezone.now(),
    )
    if isinstance(signed_in, Refusal):
        return _refused(request, flow, signed_in)
    response = redirect(_permissions_url(request))
    remember_session(response, request.tenant, signed_in)
    remember_device(request, response, request.tenant, signed_in.guest)
    remember_organization(request, response, request.tenant)
    return response


@require_POST
def send_again(request: TenantRequest, flow_id: UUID) -> HttpResponse:
    """Send it again: at most three times, with growing waits; what stands in the code field is no try."""
    flow = open_flow(request, flow_id)
    if flow is None:
        return _no_flow(request)
    sent = resend_code(tenant=request.tenant, flow=flow, asker=asker(request), now=timezone.now())
    if isinstance(sent, Refusal):
        if sent.code is Code.WAIT:
            return code_page.show(request, flow, wait_until=sent.until, status=429)
        return _refused(request, flow, sent)
    again = carrying(flow_url(request, flow), goal(request))
    return redirect(f"{again}{'&' if '?' in again else '?'}sent")


def _skipping(request: TenantRequest, url: str) -> str:
    """The form's address, with what was said before about accounts that the guest has not (R34)."""
    said = skips(request).skipped
    if not said:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode([('skip', one.value) for one in sorted(said)])}"


def _permissions_url(request: TenantRequest) -> str:
    """Where every sign-in goes on: consent if it is due, else to where the session leads (R20, R22)."""
    return reverse("guests:permissions", kwargs={"tenant": request.tenant.primary_domain})


def _sealed(wanted: Goal) -> dict[str, str]:
    return {"to": wanted.sealed} if wanted.sealed else {}


def _refused(request: TenantRequest, flow: SignInFlow, refusal: Refusal) -> HttpResponse:
    if refusal.code is Code.CODE:
        return code_page.show(request, flow, error=problem(refusal), status=422)
    known = code_page.known_of(flow) if flow.pool == Pool.KNOWN else None
    return refuse(request, refusal, known=known, back_url=start_again_url(request))


def _no_flow(request: TenantRequest) -> HttpResponse:
    """Another browser's flow, a lost cookie or an old tab: a way to go on for each."""
    if open_session(request, request.tenant) is not None:
        return redirect(my_apps_url(request.tenant))
    return code_page.lost(request)
