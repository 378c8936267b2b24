"""The common endpoint, where no tenant is named yet (R37d)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from guests.views.asking import front_door_url
from guests.views.organizations import recent, remember_organization
from guests.views.pages import page
from guests.views.wording import UNKNOWN_ORGANIZATION, Problem
from tenants.addresses import AddressRefused, canonical
from tenants.directory import find_tenant_by_words


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
        tenant = find_tenant_by_words(whole)
        if tenant is not None:
            response = redirect(front_door_url(tenant))
            remember_organization(request, response, tenant)
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
