"""What other tenants offer to who is signed in: roles that count once they are accepted.

Knows the two buttons on Choose a tenant. It works outside any tenant: who answers may sit in another one, or in none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from tenants.doors.desk import clock, signed_in
from tenants.doors.words import for_administrator
from tenants.models import Administrator, RoleOffer
from tenants.offering import accept_offer, decline_offer, offers_to, roles_in
from tenants.refusals import Refusal
from tenants.roles import in_words

SHOWN = 20
"""Offers on the page; the next ones come once these are answered."""


class Site(Protocol):
    """What these pages need of the portal's site."""

    def admin_view(self, view: Callable[..., HttpResponseBase], cacheable: bool = False) -> Any: ...


def shown(request: HttpRequest) -> list[dict[str, Any]]:
    """The offers that wait for an answer, as the page draws them."""
    return [
        {"id": offer.pk, "tenant": offer.tenant, "roles": [(role.label, in_words(role)) for role in roles_in(offer)]}
        for offer in offers_to(_who(request))[:SHOWN]
    ]


def urls(site: Site) -> list[URLPattern]:
    """The buttons' addresses, behind both factors."""

    def answered(request: HttpRequest, outcome: RoleOffer | Refusal, said: str) -> HttpResponse:
        if isinstance(outcome, Refusal):
            messages.error(request, for_administrator(outcome))
        else:
            messages.success(request, said.format(outcome.tenant.name))
        return redirect("admin:choose_tenant")

    def accept(request: HttpRequest) -> HttpResponse:
        outcome = accept_offer(
            administrator=_who(request), offer_id=_named(request), actor=signed_in(request), now=clock()
        )
        return answered(request, outcome, "You accepted. {} is among your tenants now.")

    def decline(request: HttpRequest) -> HttpResponse:
        outcome = decline_offer(
            administrator=_who(request), offer_id=_named(request), actor=signed_in(request), now=clock()
        )
        return answered(request, outcome, "You declined. {} sees that you did.")

    return [
        path("tenant/offer/accept/", site.admin_view(require_POST(accept)), name="accept_offer"),
        path("tenant/offer/decline/", site.admin_view(require_POST(decline)), name="decline_offer"),
    ]


def _named(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("offer", ""))
    except ValueError:
        raise Http404("an offer is named by its id") from None


def _who(request: HttpRequest) -> Administrator:
    if not isinstance(request.user, Administrator):
        raise Http404("nobody is signed in")  # unreachable behind admin_view; it tells mypy whose page it is
    return request.user
