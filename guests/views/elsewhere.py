"""The methods that are not a passcode: the page before leaving for a provider, and the leaving (R5, R30, R34).

Knows which page a decision is met with and what its button posts. It must never show more than the address's domain
tells to who only typed it (R19): the inviter's name is for the holder of a live link.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils import timezone

from guests.models import Way
from guests.operations.beginning import Elsewhere, Opened
from guests.operations.departing import Bound, begin_with_provider, provider_for, reasons_of
from guests.operations.flows import Asker, Landing
from guests.views.asking import Goal, front_door_url, goal, start_again_url
from guests.views.pages import page, room
from guests.views.refusals import refuse
from providers.connections import is_installed, name_of
from providers.kinds import BY_ID
from providers.rules import METHOD_NAMES, Decision, Method
from tenants.addresses import Address
from tenants.doors.middleware import TenantRequest
from tenants.leaving import leave
from tenants.refusals import Refusal

ACCOUNTS = {
    Method.ENTRA_ID: ("Work or school account", "Made by your organization (Entra ID)"),
    Method.MICROSOFT_ACCOUNT: ("Personal account", "Made by you (Microsoft account)"),
}
"""What a guest calls the two accounts that one address may have, and who made each."""
MICROSOFTS_SIGN_UP = "https://signup.live.com/"


def show(
    request: TenantRequest,
    address: Address,
    decision: Decision,
    *,
    opened: Opened | None,
    go_url: str,
    hidden: dict[str, str],
) -> HttpResponse:
    """The page for a method other than a passcode; its button posts `hidden` to `go_url`.

    `opened` is given to the holder of a live link only (R19).
    """
    inviter = opened.invitation.inviter_name if opened else ""
    if decision.choices:
        return _choose(request, address, decision, go_url=go_url, hidden=hidden)
    if decision.method is Method.CREATE_MICROSOFT_ACCOUNT:
        return _create(request, address, decision, inviter=inviter, go_url=go_url, hidden=hidden)
    return page(
        request,
        "sign_in/continue.html",
        go_url=go_url,
        hidden=hidden,
        provider=_name(decision),
        masked_address=address.masked,
        inviter=inviter,
        application=opened.invitation.resource_name if opened else goal(request).name,
        is_new=opened is not None and not opened.guest.has_accepted,
        start_again_url=start_again_url(request),
        skip_url=_skip_url(request, decision, opened=opened) if decision.may_skip else "",
    )


def go_on(
    request: TenantRequest, found: Elsewhere, *, way: Way, wanted: Goal, asker: Asker, hidden: dict[str, str]
) -> HttpResponse:
    """The button of that page was pressed: leave for the provider, unless the person has yet to choose or to create."""
    decision = found.decision
    said = request.POST.get("method", "")
    is_there = said == Method.MICROSOFT_ACCOUNT.value or decision.method is not Method.CREATE_MICROSOFT_ACCOUNT
    provider = provider_for(decision=decision) if is_there and not decision.choices else None
    if provider is None:
        return show(
            request,
            found.address,
            decision,
            opened=found.opened,
            go_url=request.get_full_path(),
            hidden=hidden,
        )
    kind_id, provider_id = provider
    opened = found.opened
    landing = Landing(opened.invitation.redirect_url) if opened else wanted.landing
    bound = Bound(
        kind_id=kind_id,
        provider_id=provider_id,
        address=found.address.to_send,
        guest=opened.guest if opened else found.guest,
        invitation=opened.invitation if opened else None,
        pool=found.pool,
        way=way,
        landing=landing,
        reasons=reasons_of(decision),
    )
    leaving = begin_with_provider(tenant=request.tenant, bound=bound, asker=asker, now=timezone.now())
    if isinstance(leaving, Refusal):
        back_url = request.path if opened else start_again_url(request)
        return refuse(request, leaving, back_url=back_url, provider=_name(decision))
    return leave(leaving.url, name=leaving.name, shown=room(request))


def _choose(
    request: TenantRequest, address: Address, decision: Decision, *, go_url: str, hidden: dict[str, str]
) -> HttpResponse:
    """Two accounts for one address: the guest says which (R30-1)."""
    return page(
        request,
        "redemption/choose_method.html",
        choose_url=go_url,
        hidden=hidden,
        masked_address=address.masked,
        choices=[_choice(one) for one in decision.choices],
    )


def _create(
    request: TenantRequest,
    address: Address,
    decision: Decision,
    *,
    inviter: str,
    go_url: str,
    hidden: dict[str, str],
) -> HttpResponse:
    """Nothing is left but to make a Microsoft account; it says so plainly where none can be used here (R30-6)."""
    is_there = is_installed(BY_ID[Method.MICROSOFT_ACCOUNT])
    return page(
        request,
        "sign_in/create_microsoft_account.html",
        masked_address=address.masked,
        inviter=inviter,
        create_url=f"{MICROSOFTS_SIGN_UP}?{urlencode({'username': address.to_send})}" if is_there else "",
        go_url=go_url,
        hidden=hidden,
        codes_are_off=decision.is_passcode_missed,
    )


def _choice(method: Method) -> dict[str, str]:
    name, description = ACCOUNTS.get(method, (METHOD_NAMES[method], ""))
    return {"value": method.value, "name": name, "description": description}


def _name(decision: Decision) -> str:
    """The provider as a guest knows it."""
    if decision.method is Method.FEDERATION:
        return name_of(kind_id="", provider_id=decision.provider_id)
    return METHOD_NAMES[decision.method]


def _skip_url(request: TenantRequest, decision: Decision, *, opened: Opened | None) -> str:
    """The way in once more, saying "I have no account there" (R34): the link, or the front door with the same goal."""
    query = [("skip", one) for one in request.GET.getlist("skip")] + [("skip", decision.method.value)]
    if opened is not None:
        return f"{request.path}?{urlencode(query)}"
    sealed = goal(request).sealed
    return f"{front_door_url(request.tenant)}?{urlencode(query + ([('to', sealed)] if sealed else []))}"
