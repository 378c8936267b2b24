"""The page before many guests are reset: who they are, what ends, how long the mails take; then workers do it (R43).

Knows how a filtered list becomes a choice. It must never reset anybody itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from guests.admin.filters import BINDING
from guests.admin.holders import RemedyPages, holders, progress_url
from guests.admin.resetting import ResetPages
from guests.admin.seen import Sight
from guests.admin.words import method_words
from guests.models import Guest, GuestSession
from guests.operations.batches.choice import Choice
from guests.operations.batches.removed import removed_providers
from providers.operations import settings_version
from tenants.addresses import AddressRefused, canonical_domain
from tenants.doors.admin import BoundedPaginator, clock
from tenants.doors.desk import tenant_of
from tenants.roles import Action

BY_NAME = 200
"""Guests that an address of the page names one by one."""

SAID = ("method", "provider", "domain", "waiting")
"""Filters of the list of guests that a choice can say as well."""

TURNING = ("o", "p", "all", "after", "before", "e")
"""What an address of the list says beside filters: its order, its page."""


@dataclass(frozen=True)
class Offer:
    """The link above a filtered list that leads to the reset of all that it shows."""

    url: str
    shown: str
    is_one: bool


class ResetManyPages(ResetPages, RemedyPages):
    """The part of the guests' admin that has many reset."""

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.reset_many_page, Action.GUESTS_RESET)
        return [path("reset-many/", page, name="guests_reset_many"), *super().get_urls()]

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return self.may(request, Action.GUESTS_RESET)

    @admin.action(description="Reset redemption status", permissions=["reset"])
    def reset_chosen(self, request: HttpRequest, chosen: QuerySet[Guest]) -> HttpResponseBase | None:
        """To the page that says whom it touches; nothing is reset here."""
        if request.POST.get("select_across") == "1":
            said = said_by(request.GET)
            if said is not None:
                return redirect(f"{reverse('admin:guests_reset_many')}?{said}")
            self.message_user(
                request,
                "To reset everybody in the list, filter it by method, provider or domain only.",
                messages.ERROR,
            )
            return None
        ids = [str(guest_id) for guest_id in chosen.values_list("pk", flat=True)[: BY_NAME + 1]]
        if len(ids) > BY_NAME:
            self.message_user(request, f"Choose at most {BY_NAME} guests at a time.", messages.ERROR)
            return None
        page = "admin:guests_reset" if len(ids) == 1 else "admin:guests_reset_many"
        return redirect(f"{reverse(page)}?{urlencode({'id': ids}, doseq=True)}")

    def reset_offer(self, request: HttpRequest) -> Offer | None:
        """For the list: the reset of all that it shows, where its filters say who these are and somebody is there."""
        said = said_by(request.GET)
        if said is None or not self.may(request, Action.GUESTS_RESET):
            return None
        counted = BoundedPaginator(chosen_by(QueryDict(said)).found().order_by("pk"), 1)
        if not counted.count:
            return None
        return Offer(f"{reverse('admin:guests_reset_many')}?{said}", counted.count_shown, counted.count == 1)

    def reset_many_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET names the guests of the query; POST has workers reset them, once that was seen."""
        choice, now = chosen_by(request.GET), clock()
        held = holders(choice, change=lambda facts: facts, tenant=tenant_of(request), now=now)
        if not held.count:
            raise Http404("guests of no or another tenant")
        sight = Sight(f"{choice} {_last_changed(choice)}", settings_version(), (held.count,))
        if request.method == "POST" and sight.was_shown(request):
            is_mailed = request.POST.get("sends_mail") != "no"
            batch = self.start_resets(request, choice, is_mailed=is_mailed, shown_version=sight.version)
            return redirect(progress_url(batch)) if batch else redirect("admin:guests_guest_changelist")
        sessions = _live_sessions(choice, now)
        return self.page(
            request,
            "admin/guests/reset_many.html",
            title="Reset redemption status",
            holders=held,
            whom=choice.in_words(),
            touched=[(one, method_words(one.guest.method)) for one in held.named],
            sessions_shown=BoundedPaginator(sessions.order_by("pk"), 1).count_shown,
            is_asked_again=request.method == "POST",
            is_mailed=request.POST.get("sends_mail") != "no",
            list_query="" if choice.guests else _query(request.GET),
            seen=sight.key,
            submit=f"Reset {held.shown} guest{'' if held.count == 1 else 's'}",
        )


def said_by(query: QueryDict) -> str | None:
    """The query of the reset for a list with this query; None where it narrows by something that no choice can say."""
    others = [name for name, value in query.items() if value and name not in (*SAID, *TURNING)]
    if others or not _used(query):
        return None
    try:
        chosen_by(query)
    except Http404:
        return None
    return _query(query)


def chosen_by(query: QueryDict) -> Choice:
    """The choice that a query says: `id`, or `method`, `provider`, `domain`, `waiting`. 404 for what is none."""
    try:
        ids = tuple(dict.fromkeys(UUID(text) for text in query.getlist("id")[: BY_NAME + 1]))
        providers: tuple[UUID, ...] = (UUID(query.get("provider", "")),) if query.get("provider") else ()
        domain = query.get("domain", "")
        if domain and canonical_domain(domain) != domain:
            raise Http404("a domain that is none")
    except (ValueError, AddressRefused):
        raise Http404("an id or a domain that is none") from None
    method = query.get("method", "")
    if len(ids) > BY_NAME or (method and method not in {one.value for one in BINDING}):
        raise Http404("too many, or no method that guests redeem with")
    if query.get("waiting") == "yes":
        gone = removed_providers()
        providers = tuple(one for one in gone if not providers or one in providers)
        return Choice(method=method, providers=providers, domain=domain) if providers else Choice()
    return Choice(ids) if ids else Choice(method=method, providers=providers, domain=domain)


def _query(query: QueryDict) -> str:
    return urlencode({name: query.get(name, "") for name in _used(query)})


def _used(query: QueryDict) -> list[str]:
    return [name for name in SAID if query.get(name)]


def _last_changed(choice: Choice) -> datetime | None:
    """When the last of the guests by name redeemed or was reset: who was reset meanwhile is not reset unseen."""
    if not choice.guests:  # of the others, who was reset is one of them no more
        return None
    last: datetime | None = choice.found().aggregate(last=Max("redemption_status_changed_at"))["last"]
    return last


def _live_sessions(choice: Choice, now: datetime) -> QuerySet[Any]:
    """Their sessions; where no index has them, those of the first 10,000 guests: a page counts no further."""
    live = GuestSession.objects.filter(ended_at__isnull=True, expires_at__gt=now)
    if choice == Choice(method=choice.method):  # one step along an index instead of one for each guest
        return live.filter(method=choice.method)
    first = choice.found().order_by()[: BoundedPaginator.MOST]
    return live.filter(guest__in=first.values("pk"))
