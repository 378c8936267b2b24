"""The invitation's link: shows it, sends the code, and says so when it no longer works (R10, R23, R24, R52)."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from guests.models import GuestSession, SignInFlow, Way
from guests.operations.beginning import Elsewhere, Opened, begin_with_invitation, invitation_of
from guests.operations.consenting import step_of
from guests.operations.inviting import landing_of
from guests.operations.opening import ask_for_invitation, look_at_invitation, open_invitation
from guests.operations.signing_in import sign_out
from guests.rules import Step
from guests.sessions import forget_session, open_session
from guests.views import code_page, elsewhere
from guests.views.asking import Goal, asker, asker_with_secret, front_door_url, guest_actor, my_apps_url, skips
from guests.views.pages import page
from guests.views.refusals import Known, refuse
from guests.views.wording import OPENED_TOO_OFTEN
from providers.rules import Method
from tenants.addresses import canonical
from tenants.doors.middleware import TenantRequest
from tenants.refusals import Code, Refusal


@require_safe
def show_invitation(request: TenantRequest, ticket: str) -> HttpResponse:
    """The page behind the link. Looking at it changes nothing but the history, however often a mail scanner does."""
    opens = look_at_invitation if request.method == "HEAD" else open_invitation
    opened = opens(tenant=request.tenant, ticket=ticket, skips=skips(request), asker=asker(request), now=timezone.now())
    if isinstance(opened, Refusal) and opened.code is Code.WAIT:
        return refuse(request, opened, back_url=front_door_url(request.tenant), sentences=OPENED_TOO_OFTEN)
    if isinstance(opened, Refusal):
        return _refused(request, ticket, opened)
    session = open_session(request, request.tenant)
    if session is not None:
        return _for_signed_in(request, ticket, session, opened)
    return show_opened(request, opened)


def show_opened(request: TenantRequest, opened: Opened) -> HttpResponse:
    """What the holder of a live link meets who is not signed in. Reads nothing more and sends nothing."""
    if opened.decision.refused_as is not None:
        refusal = Refusal(Code(opened.decision.refused_as.value))
        return refuse(
            request, refusal, known=code_page.known_by(opened.invitation), back_url=front_door_url(request.tenant)
        )
    if opened.decision.method is not Method.PASSCODE:
        return elsewhere.show(
            request, opened.address, opened.decision, opened=opened, go_url=request.get_full_path(), hidden={}
        )
    if opened.guest.has_accepted:
        return page(
            request,
            "sign_in/send_code.html",
            send_url=request.get_full_path(),
            masked_address=opened.address.masked,
            application=opened.invitation.resource_name,
            hidden={},
            start_again_url=front_door_url(request.tenant),
        )
    return page(
        request,
        "redemption/redeem.html",
        send_url=request.get_full_path(),
        masked_address=opened.address.masked,
        inviter=opened.invitation.inviter_name,
        application=opened.invitation.resource_name,
    )


@require_POST
def send_code(request: TenantRequest, ticket: str) -> HttpResponse:
    """Send code: the flow begins."""
    who, keep = asker_with_secret(request)
    begun = begin_with_invitation(
        tenant=request.tenant, ticket=ticket, skips=skips(request), asker=who, now=timezone.now()
    )
    if isinstance(begun, Refusal):
        invitation = invitation_of(ticket=ticket)
        return _refused(request, ticket, begun, known=code_page.known_by(invitation) if invitation else None)
    if isinstance(begun, Elsewhere):
        return keep(elsewhere.go_on(request, begun, way=Way.INVITATION, wanted=Goal(), asker=who, hidden={}))
    return keep(redirect(flow_url(request, begun)))


def redeem(request: TenantRequest, ticket: str) -> HttpResponse:
    """GET shows, POST sends."""
    return (send_code if request.method == "POST" else show_invitation)(request, ticket=ticket)


@require_POST
def ask_again(request: TenantRequest, ticket: str) -> HttpResponse:
    """Ask for a new invitation: the same answer whether or not there ever was one."""
    ask_for_invitation(ticket=ticket, asker=asker(request), now=timezone.now())
    return redirect(reverse("guests:asked", kwargs={"tenant": request.tenant.primary_domain}))


@require_safe
def asked(request: TenantRequest) -> HttpResponse:
    """After asking."""
    return page(request, "redemption/asked.html", sign_in_url=front_door_url(request.tenant))


@require_POST
def switch(request: TenantRequest, ticket: str) -> HttpResponse:
    """Sign the other person out on this device and show the invitation again (R23)."""
    session = open_session(request, request.tenant)
    if session is not None:
        sign_out(session=session, actor=guest_actor(request, session.guest), now=timezone.now())
    response = redirect(_link_url(request, ticket))
    forget_session(response, request.tenant)
    return response


def flow_url(request: TenantRequest, flow: SignInFlow) -> str:
    """The Enter code page of a flow."""
    return reverse("guests:enter_code", kwargs={"tenant": request.tenant.primary_domain, "flow_id": flow.id})


def _for_signed_in(request: TenantRequest, ticket: str, session: GuestSession, opened: Opened) -> HttpResponse:
    """The link as a way back for who it names; for anybody else, a question (R23, R24)."""
    tenant = request.tenant
    if session.guest_id != opened.guest.id:
        return refuse(
            request,
            Refusal(Code.WRONG_ACCOUNT),
            signed_in_address=session.guest.address,
            invited_address=canonical(opened.guest.address).masked,
            switch_url=reverse("guests:switch", kwargs={"tenant": tenant.primary_domain, "ticket": ticket}),
            stay_url=my_apps_url(tenant),
        )
    if step_of(tenant=tenant, guest=session.guest) is not Step.DONE:
        return redirect(reverse("guests:permissions", kwargs={"tenant": tenant.primary_domain}))
    # A GET may be redirected to another origin: form-action binds POSTs only.
    return HttpResponseRedirect(landing_of(tenant, opened.invitation.redirect_url) or my_apps_url(tenant))


def _refused(request: TenantRequest, ticket: str, refusal: Refusal, *, known: Known | None = None) -> HttpResponse:
    back_url = front_door_url(request.tenant)
    if refusal.code is Code.LINK_GONE:
        url = reverse("guests:ask_again", kwargs={"tenant": request.tenant.primary_domain, "ticket": ticket[:60]})
        return refuse(request, refusal, back_url=back_url, ask_url=url)
    return refuse(request, refusal, known=known, back_url=back_url)


def _link_url(request: TenantRequest, ticket: str) -> str:
    return reverse("guests:redeem", kwargs={"tenant": request.tenant.primary_domain, "ticket": ticket})
