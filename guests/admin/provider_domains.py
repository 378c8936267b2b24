"""The page on a provider's domains: whom it answers for, and who redeems otherwise by another list (R3, R34, R62).

Knows pending guests only: who has redeemed keeps the provider whatever its domains are. It must never store a list
whose effect was not shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from guests.admin.seen import Sight
from guests.operations.foreseeing import outlook
from guests.operations.supposing import with_domains
from providers.models import IdentityProvider
from providers.operations import change_provider_domains, settings_version
from tenants.addresses import shown_domain
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.forms import LinesField, read_domain
from tenants.roles import Action

PAGE = "admin:providers_identityprovider_change"
OFFERED = 5
"""Domains whose redeemed guests the page offers to reset."""


class ProviderDomainsForm(forms.Form):
    """One domain a line."""

    domains = LinesField(
        read=read_domain,
        label="Domains",
        help_text="One on each line, such as contoso.example. The provider answers for addresses there, and for no "
        "others.",
    )


@dataclass(frozen=True)
class Left:
    """A domain that the provider answers for no longer, and where its redeemed guests are reset."""

    domain: str
    url: str


class ProviderDomainsPage(TenantModelAdmin):
    """The part of the redemption order's admin about a provider's domains."""

    def provider_domains_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """GET shows the list; the first Save shows who redeems otherwise, the second one stores it."""
        provider = IdentityProvider.objects.filter(pk=provider_id, is_bound_to_domains=True).first()
        if provider is None:
            raise Http404("no such provider in this tenant, or one without domains")
        stored = list(provider.domains.order_by("domain").values_list("domain", flat=True))
        form = ProviderDomainsForm(request.POST if request.method == "POST" else None, initial={"domains": stored})
        context: dict[str, Any] = {}
        if request.method == "POST":
            if not self.may(request, Action.PROVIDERS_MANAGE):
                raise PermissionDenied
            if form.is_valid():
                wanted = form.cleaned_data["domains"]
                turned = set(stored) ^ set(wanted)
                then = outlook(change=with_domains(provider, wanted), now=clock(), domains=turned)
                sight = Sight(json.dumps([str(provider_id), wanted]), settings_version(), (then.changed,))
                if not turned or sight.was_shown(request):
                    outcome = change_provider_domains(
                        provider_id=provider_id,
                        domains=wanted,
                        actor=actor(request),
                        now=clock(),
                        shown_version=sight.version if turned else "",
                    )
                    if not self.refused(outcome, form, "domains"):
                        self.message_user(request, f"The domains of {provider.name} are saved.")
                        return redirect(PAGE, provider_id)
                else:
                    left = sorted(set(stored) - set(wanted))
                    context = {"outlook": then, "seen": sight.key, "left": self._left(request, provider, left)}
        return self.form_page(
            request,
            form,
            title=f"Domains of {provider.name}",
            submit="Save",
            template="admin/guests/provider_domains.html",
            lead="Changed domains count at the next redemption. Guests who have redeemed keep this provider.",
            provider=provider,
            cancel_url=reverse(PAGE, args=[provider_id]),
            **context,
        )

    def _left(self, request: HttpRequest, provider: IdentityProvider, domains: list[str]) -> list[Left]:
        """Where guests of these domains who redeemed with the provider are reset; none for who may not."""
        if not self.may(request, Action.GUESTS_RESET):
            return []
        page = reverse("admin:guests_reset_many")
        return [
            Left(shown_domain(one), f"{page}?{urlencode({'provider': str(provider.pk), 'domain': one})}")
            for one in domains[:OFFERED]
        ]
