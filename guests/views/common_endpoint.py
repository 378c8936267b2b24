"""The common endpoint, where no tenant is named yet (R37d)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from guests.operations.finding_tenant import find_named
from guests.views.asking import front_door_url
from guests.views.organizations import recent, remember_organization
from guests.views.pages import page
from guests.views.refusals import refuse
from guests.views.wording import LOOKED_TOO_OFTEN, UNKNOWN_ORGANIZATION, Problem
from tenants.addresses import AddressRefused, canonical
from tenants.refusals import Refusal
from tenants.source import client_address


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """An address, and the answer that is the same for every one: say which organisation invited you (R19)."""
    email, error = "", None
    if request.method == "POST":
        email = request.POST.get("email", "")[:254]
        try:
            canonical(email)
        except AddressRefused as refused:
            error = Problem("", refused.reason)
        else:
            return page(
                request,
                "sign_in/own_account.html",
                organization_url=reverse("guests:organization"),
                back_url=reverse("guests:common"),
            )
    return page(
        request,
        "sign_in/sign_in.html",
        status=422 if error else 200,
        submit_url=reverse("guests:common"),
        options_url=reverse("guests:options"),
        email=email,
        error=error,
        recent=recent(request),
        forget_url=reverse("guests:forget_organizations"),
    )


@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """Sign-in options."""
    return page(
        request,
        "sign_in/options.html",
        organization_url=reverse("guests:organization"),
        own_account_url=reverse("guests:common"),
        back_url=reverse("guests:common"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def organization(request: HttpRequest) -> HttpResponse:
    """Sign in to an organization: its domain or its name leads to its own door."""
    typed, error = "", None
    if request.method == "POST":
        whole = request.POST.get("organization", "")
        found = find_named(text=whole, source=client_address(request))
        if isinstance(found, Refusal):
            return refuse(request, found, back_url=reverse("guests:options"), words=LOOKED_TOO_OFTEN)
        if found is not None:
            response = redirect(front_door_url(found))
            remember_organization(request, response, found)
            return response
        typed = whole[:300]
        error = UNKNOWN_ORGANIZATION
    return page(
        request,
        "sign_in/organization.html",
        status=422 if error else 200,
        submit_url=reverse("guests:organization"),
        organization=typed,
        error=error,
        back_url=reverse("guests:options"),
    )
