"""The pages before a provider is removed or switched off: who cannot sign in, who redeems otherwise (R3, R21, R62).

Knows what either does to guests, and offers their reset in the same step. Guests of a provider that is gone wait for
a reset; a page lists them for as long as there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from guests.admin.holders import BatchPages, RemedyForm, holders
from guests.admin.microsoft_account import RESET_NEXT
from guests.admin.outlook import Change, outlook
from guests.admin.waiting import waiting_for_a_reset
from guests.models import Guest
from providers.models import IdentityProvider
from providers.operations import disable_identity_provider, remove_identity_provider
from providers.rules import GOOGLE_DOMAINS, Method
from tenants.doors.admin import actor, clock
from tenants.refusals import Refusal
from tenants.roles import Action

REMOVE, DISABLE = "remove", "disable"


class ProviderImpactPages(BatchPages):
    """The part of the redemption order's admin about providers that go."""

    def remove_provider_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """GET says whom it touches; POST removes the provider, and resets its guests if that was chosen."""
        return self._impact_page(request, _provider(provider_id), REMOVE, remove_identity_provider)

    def disable_provider_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """The same for switching it off. Its guests come back in when it is on again."""
        provider = _provider(provider_id)
        if RESET_NEXT in request.POST and not provider.is_enabled:
            self.reset_batch(request, _guests_of(provider_id), clock())
            return redirect("admin:guests_disable_provider", provider_id)
        return self._impact_page(request, provider, DISABLE, disable_identity_provider)

    def waiting_page(self, request: HttpRequest) -> HttpResponseBase:
        """Guests whose provider was removed, and their reset in batches (R3)."""
        now, found = clock(), waiting_for_a_reset()
        if request.method == "POST":
            self.reset_batch(request, found, now)
            return redirect("admin:guests_waiting")
        return self.page(
            request,
            "admin/guests/waiting.html",
            title="Guests waiting for a reset",
            holders=holders(found, change=lambda facts: facts, now=now),
            may_reset=self.may(request, Action.GUESTS_RESET),
            list_query="waiting=yes",
        )

    def _impact_page(
        self, request: HttpRequest, provider: Any, deed: str, operation: Callable[..., object]
    ) -> HttpResponseBase:
        now = clock()
        form = RemedyForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            self.check_remedy(request, form)
            found = _guests_of(provider.pk)
            outcome = operation(provider_id=provider.pk, actor=actor(request), now=now)
            if isinstance(outcome, Refusal):
                raise Http404("it went while the page was read")
            done = "removed" if deed == REMOVE else "switched off"
            self.message_user(request, f"{provider.name} is {done}.")
            if form.resets:
                self.reset_batch(request, found, now)
            return self._after(request, provider, deed, found)
        return self._show_impact(request, provider, deed, form, now)

    def _after(self, request: HttpRequest, provider: Any, deed: str, found: QuerySet[Guest]) -> HttpResponseBase:
        if not found.exists():
            return redirect("admin:providers_custom")
        return (
            redirect("admin:guests_waiting")
            if deed == REMOVE
            else redirect("admin:guests_disable_provider", provider.pk)
        )

    def _show_impact(
        self, request: HttpRequest, provider: Any, deed: str, form: RemedyForm, now: datetime
    ) -> HttpResponseBase:
        domains = set(provider.domains.values_list("domain", flat=True))
        if provider.kind == Method.GOOGLE:
            domains = set(GOOGLE_DOMAINS)
        change = _without(provider.pk)
        word = "Remove" if deed == REMOVE else "Switch off"
        return self.page(
            request,
            "admin/guests/provider_impact.html",
            title=f"{word} {provider.name}" if provider.is_enabled or deed == REMOVE else f"{provider.name} is off",
            provider=provider,
            is_removal=deed == REMOVE,
            submit=f"{word} {provider.name}",
            form=form,
            errors=form.errors,
            remedy=form["remedy"].value() or RemedyForm.NONE,
            holders=holders(_guests_of(provider.pk), change=change, now=now),
            outlook=outlook(change=change, now=now, domains=domains) if provider.is_enabled else None,
            domains=sorted(domains),
            may_set=True,
            may_reset=self.may(request, Action.GUESTS_RESET),
            list_query=f"provider={provider.pk}",
        )


def _provider(provider_id: UUID) -> IdentityProvider:
    """The row, or 404: another tenant's and one that never was look alike."""
    found = IdentityProvider.objects.filter(pk=provider_id).first()
    if found is None:
        raise Http404("no such provider in this tenant")
    return found


def _guests_of(provider_id: UUID) -> QuerySet[Guest]:
    return Guest.objects.filter(method_provider_id=provider_id, deleted_at__isnull=True)


def _without(provider_id: UUID) -> Change:
    """The facts when this provider answers no more."""
    return lambda facts: replace(
        facts,
        federation=None if facts.federation and facts.federation.id == provider_id else facts.federation,
        providers=tuple(one for one in facts.providers if one.id != provider_id),
    )
