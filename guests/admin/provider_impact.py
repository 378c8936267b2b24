"""The pages before a provider is removed or switched: who cannot sign in, who redeems otherwise (R3, R21, R62).

Knows what either does to guests, and offers their reset in the same step. Guests of a provider that is gone wait for
a reset; a page lists them for as long as there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from guests.admin.holders import RESET_ALL, Holders, RemedyForm, RemedyPages, holders, reset_sight
from guests.admin.seen import Sight
from guests.models import Batch
from guests.operations.batches.choice import Choice
from guests.operations.batches.removed import removed_providers
from guests.operations.foreseeing import Outlook, outlook
from guests.operations.remedying import disable_identity_provider_and_reset, remove_identity_provider_and_reset
from guests.operations.supposing import domains_of, with_provider, without_provider
from providers.models import IdentityProvider
from providers.operations import (
    disable_identity_provider,
    enable_identity_provider,
    remove_identity_provider,
    settings_version,
)
from tenants.doors.admin import actor, clock
from tenants.doors.desk import tenant_of
from tenants.refusals import Refusal
from tenants.roles import Action

REMOVE, DISABLE, ENABLE = "remove", "disable", "enable"
PAGE = "admin:providers_identityprovider_change"

OPERATIONS: dict[str, tuple[Callable[..., object], Callable[..., object]]] = {
    REMOVE: (remove_identity_provider, remove_identity_provider_and_reset),
    DISABLE: (disable_identity_provider, disable_identity_provider_and_reset),
}
"""The deed alone, and with its guests' reset."""


class ProviderImpactPages(RemedyPages):
    """The part of the redemption order's admin about providers that come and go."""

    def remove_provider_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """GET says whom it touches; POST removes the provider, and has its guests reset if that was chosen."""
        return self._impact_page(request, _provider(provider_id), REMOVE)

    def disable_provider_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """The same for switching it off. Its guests come back in when it is on again."""
        provider = _provider(provider_id)
        if RESET_ALL in request.POST:
            return self._reset_its_guests(request, provider)
        return self._impact_page(request, provider, DISABLE)

    def enable_provider_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """GET says who comes back in and who redeems otherwise; POST switches the provider on, once that was seen."""
        provider = _provider(provider_id)
        if provider.is_enabled:
            return redirect(PAGE, provider_id)
        impact = _Impact.of(request, provider, ENABLE, clock())
        if request.method == "POST" and impact.sight.was_shown(request):
            outcome = enable_identity_provider(
                provider_id=provider_id, actor=actor(request), now=clock(), shown_version=impact.sight.version
            )
            if not isinstance(outcome, Refusal):
                self.message_user(request, f"{provider.name} is on. Its guests can sign in.")
                return redirect(PAGE, provider_id)
            impact = _Impact.of(request, _provider(provider_id), ENABLE, clock())  # 404 where it went meanwhile
        return self.page(
            request,
            "admin/guests/provider_enable.html",
            title=f"Switch on {provider.name}",
            provider=provider,
            holders=impact.holders,
            outlook=impact.outlook,
            domains=impact.domains,
            seen=impact.sight.key,
            is_asked_again=request.method == "POST",
            list_query=f"provider={provider.pk}",
        )

    def waiting_page(self, request: HttpRequest) -> HttpResponseBase:
        """Guests whose provider was removed, and their reset (R3)."""
        choice = Choice(providers=tuple(removed_providers()))
        held = holders(choice, change=lambda facts: facts, tenant=tenant_of(request), now=clock())
        sight = reset_sight(choice, held)
        if request.method == "POST":
            answer = self.reset_shown(request, choice, sight, page=redirect("admin:guests_waiting"))
            if answer is not None:
                return answer
        return self.page(
            request,
            "admin/guests/waiting.html",
            title="Guests waiting for a reset",
            holders=held,
            seen=sight.key,
            is_reset_asked=request.method == "POST",
            may_reset=self.may(request, Action.GUESTS_RESET),
            list_query="waiting=yes",
        )

    def _reset_its_guests(self, request: HttpRequest, provider: IdentityProvider) -> HttpResponseBase:
        """Have the guests of a provider reset that is off; the page again where that was not shown."""
        self.check_reset(request)
        impact, answer = _Impact.of(request, provider, DISABLE, clock()), None
        if not provider.is_enabled:
            page = redirect("admin:guests_disable_provider", provider.pk)
            answer = self.reset_shown(request, Choice(providers=(provider.pk,)), impact.sight, page=page)
        return answer or self._show_impact(request, provider, DISABLE, RemedyForm(), impact, is_reset_asked=True)

    def _impact_page(self, request: HttpRequest, provider: Any, deed: str) -> HttpResponseBase:
        impact = _Impact.of(request, provider, deed, clock())
        form = RemedyForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            self.check_remedy(request, form)
            if impact.sight.was_shown(request):
                answer = self._done(request, provider, deed, form, impact.sight.version)
                if answer is not None:
                    return answer
        return self._show_impact(request, provider, deed, form, impact)

    def _done(
        self, request: HttpRequest, provider: Any, deed: str, form: RemedyForm, version: str
    ) -> HttpResponseBase | None:
        """The next page, or None where it was refused, with the reason on the form."""
        alone, and_reset = OPERATIONS[deed]
        if form.resets:
            outcome = and_reset(provider_id=provider.pk, shown_version=version, **self.doing(request))
        else:
            outcome = alone(provider_id=provider.pk, shown_version=version, actor=actor(request), now=clock())
        if isinstance(outcome, Refusal):
            _provider(provider.pk)  # 404 where it went while the page was read
        if self.refused(outcome, form):
            return None
        self.message_user(request, f"{provider.name} is {'removed' if deed == REMOVE else 'switched off'}.")
        if isinstance(outcome, Batch):
            return self.watch(request, outcome)
        if not Choice(providers=(provider.pk,)).found().exists():
            return redirect("admin:providers_custom")
        if deed == REMOVE:
            return redirect("admin:guests_waiting")
        return redirect("admin:guests_disable_provider", provider.pk)

    def _show_impact(
        self,
        request: HttpRequest,
        provider: Any,
        deed: str,
        form: RemedyForm,
        impact: _Impact,
        *,
        is_reset_asked: bool = False,
    ) -> HttpResponseBase:
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
            holders=impact.holders,
            outlook=impact.outlook,
            domains=impact.domains,
            seen=impact.sight.key,
            is_asked_again=form.is_bound and not form.errors,
            is_reset_asked=is_reset_asked,
            may_set=True,
            may_reset=self.may(request, Action.GUESTS_RESET),
            list_query=f"provider={provider.pk}",
        )


@dataclass(frozen=True)
class _Impact:
    """What becomes of guests when one provider answers no more, or again."""

    holders: Holders
    outlook: Outlook | None
    domains: list[str]
    sight: Sight

    @classmethod
    def of(cls, request: HttpRequest, provider: Any, deed: str, now: datetime) -> _Impact:
        domains = domains_of(provider)
        change = with_provider(provider.pk) if deed == ENABLE else without_provider(provider.pk)
        held = holders(Choice(providers=(provider.pk,)), change=change, tenant=tenant_of(request), now=now)
        then = outlook(change=change, now=now, domains=domains) if provider.is_enabled or deed == ENABLE else None
        counts = (held.count, then.changed if then else 0)
        sight = Sight(f"{deed}|{provider.pk}|{provider.is_enabled}", settings_version(), counts)
        return cls(held, then, domains, sight)


def _provider(provider_id: UUID) -> IdentityProvider:
    """The row, or 404: another tenant's and one that never was look alike."""
    found = IdentityProvider.objects.filter(pk=provider_id).first()
    if found is None:
        raise Http404("no such provider in this tenant")
    return found
