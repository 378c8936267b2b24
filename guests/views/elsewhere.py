"""The methods that are not a passcode: which page a guest meets until their provider can be asked from here (R30)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse

from guests.operations.beginning import Opened
from guests.views.asking import front_door_url, goal, start_again_url
from guests.views.pages import page
from providers.rules import METHOD_NAMES, Decision, Method
from tenants.addresses import Address
from tenants.doors.middleware import TenantRequest

DESCRIPTIONS = {
    Method.ENTRA_ID: "The account from your work or school",
    Method.MICROSOFT_ACCOUNT: "The personal account that you made yourself",
}


def show(request: TenantRequest, address: Address, decision: Decision, *, opened: Opened | None) -> HttpResponse:
    """The page for a method other than a passcode. `opened` is given to the holder of a live link only (R19)."""
    inviter = opened.invitation.inviter_name if opened else ""
    if decision.method is Method.CREATE_MICROSOFT_ACCOUNT:
        return page(
            request,
            "sign_in/create_microsoft_account.html",
            masked_address=address.masked,
            inviter=inviter,
            create_url="",
            continue_url="",
            codes_are_off=decision.is_passcode_missed,
        )
    return page(
        request,
        "sign_in/provider_unavailable.html",
        status=403,
        method_name=METHOD_NAMES[decision.method],
        masked_address=address.masked,
        inviter=inviter,
        start_again_url=start_again_url(request),
        skip_url=_skip_url(request, decision, opened=opened) if decision.may_skip else "",
    )


def choose(request: TenantRequest, address: Address, decision: Decision, *, choose_url: str) -> HttpResponse:
    """Two accounts for one address: the guest says which (R30-1)."""
    return page(
        request,
        "redemption/choose_method.html",
        choose_url=choose_url,
        masked_address=address.masked,
        choices=[
            {"value": one.value, "name": METHOD_NAMES[one], "description": DESCRIPTIONS.get(one, "")}
            for one in decision.choices
        ],
    )


def _skip_url(request: TenantRequest, decision: Decision, *, opened: Opened | None) -> str:
    """The way in once more, saying "I have no account there" (R34): the link, or the front door with the same goal."""
    query = [("skip", one) for one in request.GET.getlist("skip")] + [("skip", decision.method.value)]
    if opened is not None:
        return f"{request.path}?{urlencode(query)}"
    sealed = goal(request).sealed
    return f"{front_door_url(request.tenant)}?{urlencode(query + ([('to', sealed)] if sealed else []))}"
