"""See what the guest sees: the guest's own page, as the decision would show it, with nothing on it that works (R60).

Knows which page comes first for a pending guest, a guest and a stranger, and asks the guests' views for it. It must
never begin a flow, write a row or send anything; a typed address is posted, so that it stands in no log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path

from config.account import Site
from config.inert import inert
from guests.models import Guest, Invitation
from guests.operations.beginning import Opened, Skips, look_at_link
from guests.operations.explaining import Explanation, explain_sign_in
from guests.views.asking import Goal, front_door_url
from guests.views.code_page import known_as
from guests.views.redemption import show_opened
from guests.views.refusals import refuse
from guests.views.sign_in import show_way_in
from providers.rules import RefusedAs
from tenants.addresses import Address, AddressRefused, canonical
from tenants.doors.desk import clock, desk, tenant_of
from tenants.doors.middleware import TenantRequest
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.roles import Action

NO_REFERENCE = "0000-0000-0000"
"""Nothing happened that a reference could find."""

COPIED = ("SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "REMOTE_ADDR")


@dataclass(frozen=True)
class Seen:
    """One page of a guest's, and when they come to it."""

    html: str
    when: str


def urls(site: Site) -> list[URLPattern]:
    """The page, for the portal's site."""

    def preview(request: HttpRequest) -> HttpResponse:
        if not desk(request).may(Action.SIGN_IN_EXPLAIN):
            raise PermissionDenied
        return show_preview(request)

    preview.needs_tenant = True  # type: ignore[attr-defined]  # the site sends who has none to choose one
    return [path("preview/", site.admin_view(preview), name="preview_sign_in")]


def show_preview(request: HttpRequest) -> HttpResponse:
    """For the guest of `?guest=`, or for the address that was posted. Without either, back to where one is typed."""
    tenant = tenant_of(request)
    address = _address(request)
    if address is None:
        return redirect("admin:guests_explain")
    found = explain_sign_in(tenant=tenant, address=address, now=clock())
    seen = _seen(_as_guest(request, tenant), tenant, found)
    banner = render_to_string("admin/guests/preview_banner.html", {"found": found, "seen": seen})
    return HttpResponse(_marked(inert(seen.html), banner))


def _address(request: HttpRequest) -> Address | None:
    """Raises Http404 for a guest who is none of this tenant's."""
    if "guest" in request.GET:
        try:
            guest = Guest.objects.filter(pk=UUID(request.GET["guest"]), deleted_at=None).first()
        except ValueError:
            guest = None
        if guest is None:
            raise Http404("no such guest in this tenant")
        return canonical(guest.address)
    try:
        return canonical(request.POST.get("address", ""))
    except AddressRefused:
        return None


def _as_guest(request: HttpRequest, tenant: Tenant) -> TenantRequest:
    """A request as the guest's browser would make it: nothing of the administrator's goes with it."""
    theirs: Any = HttpRequest()
    theirs.method = "GET"
    theirs.path = theirs.path_info = front_door_url(tenant)
    theirs.META = {name: request.META[name] for name in COPIED if name in request.META}
    theirs.tenant, theirs.correlation = tenant, NO_REFERENCE
    return cast(TenantRequest, theirs)


def _seen(theirs: TenantRequest, tenant: Tenant, found: Explanation) -> Seen:
    guest, decision = found.guest, found.decision
    if guest is not None and not guest.has_accepted:
        newest = Invitation.objects.select_related("guest").filter(guest=guest).order_by("-created_at").first()
        opened = look_at_link(tenant, newest, Skips(), clock())
        if newest is not None:
            return Seen(_by_link(theirs, opened), "They open the link of the newest invitation.")
    if decision.is_passcode_missed or decision.refused_as is not None:
        code = Code.OTP_OFF if decision.is_passcode_missed else Code((decision.refused_as or RefusedAs.NO_METHOD).value)
        known = known_as(guest) if guest is not None and guest.has_accepted else None
        page = refuse(theirs, Refusal(code), known=known, back_url=front_door_url(tenant))
        return Seen(page.content.decode(), "They type their address and press Send code.")
    page = show_way_in(theirs, found.address, decision, Goal())
    return Seen(page.content.decode(), "They type their address at the front door.")


def _by_link(theirs: TenantRequest, opened: Opened | Refusal) -> str:
    if isinstance(opened, Refusal):
        return refuse(theirs, opened, ask_url="#").content.decode()
    return show_opened(theirs, opened).content.decode()


def _marked(html: str, banner: str) -> str:
    """The page with the banner as the first thing in it, and in its title."""
    return html.replace("<title>", "<title>Preview: ", 1).replace("<body>", f"<body>{banner}", 1)
