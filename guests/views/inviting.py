"""A guest invites a guest, where the tenant lets everybody invite (R53).

Knows how a guest types an invitation and what they read afterwards. It must never tell a guest who else is one, who
administers or who is blocked: whatever stands against such an address, the page is the one that a stranger's gets.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from guests.models import Guest
from guests.operations.inviting import Details, Inviter, invite_guest_by_mail, inviting_refusal
from guests.rules import LONGEST_MESSAGE, NAME_MISTAKES, NameMistake, message_mistake, read_name
from guests.sessions import has_session_cookie, open_session
from guests.views.asking import front_door_url, guest_actor, my_apps_url
from guests.views.pages import page
from guests.views.refusals import refuse
from guests.views.wording import Problem
from tenants.addresses import Address, AddressRefused, canonical
from tenants.doors.middleware import TenantRequest
from tenants.inviters import InviterKind
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What stood in the form, and what is wrong with it."""

    email: str = ""
    name: str = ""
    message: str = ""
    email_error: Problem | None = None
    name_error: Problem | None = None
    message_error: Problem | None = None


def inviter_of(guest: Guest) -> Inviter:
    """The guest, as the mail names who invites."""
    return Inviter(guest.name or guest.address, guest.address, guest.id, InviterKind.GUEST)


def may_guest_invite(tenant: Tenant, guest: Guest) -> bool:
    """Whether this guest is offered it: the tenant lets everybody invite, and they have redeemed (R53)."""
    return guest.has_accepted and inviting_refusal(tenant, inviter_of(guest)) is None


def invite_link(tenant: Tenant) -> dict[str, str]:
    """What My Apps calls it."""
    return {"name": "Invite somebody", "url": _url(tenant)}


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: TenantRequest) -> HttpResponse:
    """GET shows the form; POST invites by email. 404 for a guest who may not."""
    tenant = request.tenant
    session = open_session(request, tenant)
    if session is None:
        if request.method == "POST" or has_session_cookie(request, tenant):
            return refuse(request, Refusal(Code.SESSION), back_url=front_door_url(tenant))
        return redirect(front_door_url(tenant))
    guest = session.guest
    if not may_guest_invite(tenant, guest):
        raise Http404("this guest invites nobody")
    if request.method != "POST":
        return _show(request, Typed())
    read = _read(request)
    if isinstance(read, Typed):
        return _show(request, read)
    address, details = read
    outcome = invite_guest_by_mail(
        tenant=tenant,
        address=address,
        details=details,
        inviter=inviter_of(guest),
        actor=guest_actor(request, guest),
        now=timezone.now(),
    )
    if isinstance(outcome, Refusal) and outcome.code is Code.WAIT:
        return refuse(request, outcome, back_url=my_apps_url(tenant))
    if isinstance(outcome, Refusal) and outcome.code is Code.DOMAIN:
        wrong = Problem("", f"{tenant.name} does not take guests from this domain.")
        return _show(
            request,
            Typed(email=address.to_send, name=details.name, message=details.message, email_error=wrong),
        )
    # Every other refusal is about whose address it is: the history names it, this page must not (R19).
    return redirect(reverse("guests:invited", kwargs={"tenant": tenant.primary_domain}))


@require_safe
def invited(request: TenantRequest) -> HttpResponse:
    """After inviting. It names nobody, so it may be opened again."""
    return page(request, "apps/invited.html", invite_url=_url(request.tenant), my_apps_url=my_apps_url(request.tenant))


def _read(request: TenantRequest) -> tuple[Address, Details] | Typed:
    """What was typed, or what is wrong with it (R51, R70)."""
    email, typed_name = request.POST.get("email", "")[:400], request.POST.get("name", "")[:400].strip()
    message = request.POST.get("message", "")[: 4 * LONGEST_MESSAGE].replace("\r\n", "\n").strip()
    name = read_name(typed_name) if typed_name else ""
    name_error = Problem("", NAME_MISTAKES[name]) if isinstance(name, NameMistake) else None
    mistake = message_mistake(message)
    email_error = None
    try:
        address = canonical(email)
    except AddressRefused as refused:
        email_error = Problem("", refused.reason)
    else:
        if not isinstance(name, NameMistake) and not mistake:
            return address, Details(name=name, message=message)
    return Typed(
        email=email,
        name=typed_name,
        message=message,
        email_error=email_error,
        name_error=name_error,
        message_error=Problem("", mistake) if mistake else None,
    )


def _show(request: TenantRequest, typed: Typed) -> HttpResponse:
    wrong = [("email", typed.email_error), ("name", typed.name_error), ("message", typed.message_error)]
    mistakes = [{"field": field, "text": error.text} for field, error in wrong if error is not None]
    return page(
        request,
        "apps/invite.html",
        status=422 if mistakes else 200,
        submit_url=_url(request.tenant),
        my_apps_url=my_apps_url(request.tenant),
        email=typed.email,
        name=typed.name,
        message=typed.message,
        error=next((error for _, error in wrong if error is not None), None),
        email_error=typed.email_error,
        name_error=typed.name_error,
        message_error=typed.message_error,
        mistakes=mistakes if len(mistakes) > 1 else [],
        most=LONGEST_MESSAGE,
    )


def _url(tenant: Tenant) -> str:
    return reverse("guests:invite", kwargs={"tenant": tenant.primary_domain})
