"""What the Enter code page shows (R11, R15, R18).

Knows how a flow, its challenge and its mail become words. The known pool sees where its mail is; a stranger's page is
the same for every address (R19).
"""

from __future__ import annotations

import math
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from guests.models import Guest, Invitation, SignInFlow
from guests.operations.signing_up import has_been_closed
from guests.views.asking import carrying, goal, start_again_url
from guests.views.pages import page
from guests.views.refusals import Known
from guests.views.wording import Problem
from outbox.kinds import reporting
from outbox.models import OutboundMail, State
from passcodes.models import Challenge
from passcodes.rules import Pool
from tenants.addresses import canonical
from tenants.doors.middleware import TenantRequest

SHOWN_AS = {
    State.QUEUED: "queued",
    State.LEASED: "queued",
    State.HANDED_OVER: "handed_over",
    State.DELIVERED: "delivered",
    State.DEFERRED: "deferred",
    State.BOUNCED: "bounced",
    State.FAILED: "failed",
}
"""The outbox's states as a guest reads them. What was suppressed or dropped looks like a mail on its way."""


def show(
    request: TenantRequest,
    flow: SignInFlow,
    *,
    error: Problem | None = None,
    wait_until: datetime | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page for this flow. On GET after the code's time, the page that says so and sends a new one.

    On GET after its use, in a browser that is signed in no more, a way to begin again.
    """
    if flow.challenge_id is None:
        raise Http404("this sign-in never asked for a code")
    challenge = Challenge.objects.get(id=flow.challenge_id)
    address = canonical(flow.address)
    route = {"tenant": request.tenant.primary_domain, "flow_id": flow.id}
    wanted = goal(request)
    code_url = carrying(reverse("guests:enter_code", kwargs=route), wanted)
    resend_url = carrying(reverse("guests:send_again", kwargs=route), wanted)
    is_sign_up = flow.sign_up_application_id is not None
    again_url = wanted.sign_up_url if is_sign_up and wanted.sign_up_url else start_again_url(request)
    now = timezone.now()
    if request.method != "POST" and challenge.used_at is not None:
        return lost(request)
    if has_been_closed(flow=flow):
        return sign_up_closed(request, application=wanted.name, sign_in_url=start_again_url(request))
    if request.method != "POST" and challenge.expires_at <= now:
        return page(
            request,
            "sign_in/code_expired.html",
            send_url=resend_url if challenge.resends_left else again_url,
            start_again_url=again_url,
            masked_address=address.masked,
            expired_at=challenge.expires_at,
            minutes=request.tenant.passcode_minutes,
            may_resend=bool(challenge.resends_left),
        )
    is_known = flow.pool == Pool.KNOWN
    known = known_of(flow) if is_known else None
    response = page(
        request,
        "sign_in/enter_code.html",
        status=status,
        code_url=code_url,
        own_url=code_url if request.method == "POST" else "",
        resend_url=resend_url,
        start_again_url=again_url,
        masked_address=address.masked,
        expires_at=challenge.expires_at,
        from_name=request.tenant.sender_name or request.tenant.name,
        from_address=settings.DEFAULT_FROM_EMAIL,
        subject=f"Your code for {request.tenant.name}",
        sent_at=challenge.sent_at,
        error=error,
        wait={"until": wait_until, "left": challenge.resends_left} if wait_until else None,
        sent_again=_sent_again(request, challenge),
        may_resend=bool(challenge.resends_left),
        mail=_mail(challenge, address.domain) if is_known else None,
        inviter=known.inviter if known else "",
        is_invitation=flow.invitation_id is not None,
        is_sign_up=is_sign_up,
    )
    if wait_until is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil((wait_until - now).total_seconds())))
    return response


def lost(request: TenantRequest) -> HttpResponse:
    """No code can be typed here any more; it says nothing of the flow that the address names."""
    return page(
        request,
        "sign_in/flow_lost.html",
        status=403,
        sign_in_url=start_again_url(request),
        has_cookies=bool(request.COOKIES.get(settings.CSRF_COOKIE_NAME)),
    )


def sign_up_closed(request: TenantRequest, *, application: str, sign_in_url: str) -> HttpResponse:
    """Nobody signs up for this application (any more): the same page for every address (R19, R39a)."""
    return page(request, "sign_in/sign_up_closed.html", status=403, application=application, sign_in_url=sign_in_url)


def known_of(flow: SignInFlow) -> Known | None:
    """What the holder of a live link or a known browser may read: whose guest they are."""
    if flow.invitation is not None:
        return known_by(flow.invitation)
    return known_as(flow.guest) if flow.guest is not None else None


def known_by(invitation: Invitation) -> Known:
    """What the holder of this invitation's live link may read."""
    return Known(
        address=invitation.guest.address,
        inviter=invitation.inviter_name,
        inviter_address=invitation.inviter_address,
    )


def known_as(guest: Guest) -> Known:
    """What a browser that signed in as this guest before may read."""
    return Known(address=guest.address, inviter=guest.sponsor_name, inviter_address=guest.sponsor_address)


def _sent_again(request: TenantRequest, challenge: Challenge) -> str:
    """Whether the mail has just gone out again, and with the same code or a new one (R15)."""
    if "sent" not in request.GET or not challenge.resends:
        return ""
    return "new" if challenge.code_since == challenge.sent_at else "same"


def _mail(challenge: Challenge, domain: str) -> dict[str, object] | None:
    mail = OutboundMail.objects.latest_for("passcode", challenge.id)
    if mail is None:
        return None
    state = SHOWN_AS.get(State(mail.state), "queued")
    return {
        "state": state,
        "at": mail.state_at,
        "next_at": None,
        "why": mail.reason.removesuffix(".") if mail.state == State.BOUNCED else "",
        "domain": domain,
        "is_last_word": state == "handed_over" and reporting().reader is None,
    }
