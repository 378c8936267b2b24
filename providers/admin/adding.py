"""Adding a provider: choosing its kind, then filling in what that kind asks for.

Knows which kinds a tenant can add and what this installation lacks for each. A secret goes to the operation and never
comes back to a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from providers.admin.rows import obstacles
from providers.connections import addresses_of
from providers.forms import ProviderForm
from providers.kinds import ADDABLE, Kind
from providers.models import IdentityProvider
from providers.operations import prepare_identity_provider
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.roles import Action
from tenants.scope import current_tenant_id

PLACE_SALT = "vestibule provider place v1"
"""Signs the id that a new provider will have: its redirect URI is shown, and registered there, before it is added."""


@dataclass(frozen=True)
class Choice:
    """A kind on the page where one is chosen. `existing` is the one provider of a kind that there is one of."""

    kind: Kind
    obstacles: list[str]
    existing: IdentityProvider | None = None


class AddingPages(TenantModelAdmin):
    """The two pages of adding; one address, told apart by `?kind=`."""

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.add_page, Action.PROVIDERS_MANAGE)
        return [path("custom/add/", page, name="providers_add"), *super().get_urls()]

    def add_page(self, request: HttpRequest) -> HttpResponseBase:
        """Without a kind, or with one that nobody can add: the choice. Otherwise GET asks, POST adds."""
        kind = ADDABLE.get(request.GET.get("kind", ""))
        if kind is None:
            return self._choice(request)
        form = ProviderForm(kind)
        place = _place_of(request)
        if request.method == "POST":
            form = ProviderForm(kind, request.POST, request.FILES)
            if form.is_valid():
                outcome = prepare_identity_provider(
                    kind=kind.id,
                    name=form.cleaned_data["name"],
                    domains=form.typed_domains(),
                    settings=form.typed_settings(),
                    secret=form.typed_secret(),
                    provider_id=place,
                    actor=actor(request),
                    now=clock(),
                )
                if isinstance(outcome, IdentityProvider):
                    self.message_user(
                        request, f"{outcome.name} is added, and off. Test the connection, then switch it on."
                    )
                    return redirect("admin:providers_identityprovider_change", outcome.pk)
                self.refused(outcome, form)
            form.keep_what_was_read()
        return self.form_page(
            request,
            form,
            title=f"Add {kind.name}",
            submit="Add",
            fieldsets=form.fieldsets(),
            template="admin/providers/provider_form.html",
            lead=kind.note,
            kind=kind,
            obstacles=obstacles(kind),
            addresses=addresses_of(kind, tenant_id=current_tenant_id(), provider_id=place, is_added=False),
            place=signing.dumps([str(current_tenant_id()), str(place)], salt=PLACE_SALT),
            cancel_url=reverse("admin:providers_add"),
        )

    def _choice(self, request: HttpRequest) -> HttpResponseBase:
        existing = {one.kind: one for one in IdentityProvider.objects.filter(is_bound_to_domains=False)}
        return self.page(
            request,
            "admin/providers/choose_kind.html",
            title="Add a provider",
            choices=[Choice(kind, obstacles(kind), existing.get(kind.id)) for kind in ADDABLE.values()],
        )


def _place_of(request: HttpRequest) -> UUID:
    """The id that the form was given when it was first shown; a new one for a new form and for what we did not sign."""
    try:
        tenant_id, place = signing.loads(request.POST.get("place", ""), salt=PLACE_SALT, max_age=24 * 3600)
    except (signing.BadSignature, ValueError):
        return uuid4()
    return UUID(place) if tenant_id == str(current_tenant_id()) else uuid4()
