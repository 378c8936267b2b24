"""One provider of the tenant's own: its page, changing it, testing it.

Knows what may be shown of it, which is everything but its secret. Switching it on or off and removing it touch guests,
so their pages stand where guests are known; this file only leads there.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from providers.admin.rows import custom_row, obstacles
from providers.connections import addresses_of
from providers.forms import ProviderForm
from providers.kinds import BY_ID, Kind
from providers.models import IdentityProvider
from providers.operations import change_identity_provider, test_identity_provider
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.words import for_administrator
from tenants.refusals import Refusal
from tenants.roles import Action
from tenants.scope import current_tenant_id

PAGE = "admin:providers_identityprovider_change"


class PagesOfOne(TenantModelAdmin):
    """What can be done about one provider, each deed at an address of its own."""

    def get_urls(self) -> list[URLPattern]:
        pages = (
            ("edit", self.edit_page),
            ("test", require_POST(self.test_page)),
        )
        return [
            *(
                path(
                    f"<uuid:provider_id>/{name}/",
                    self.guarded(page, Action.PROVIDERS_MANAGE),
                    name=f"providers_{name}",
                )
                for name, page in pages
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The provider's page. Nothing is changed here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        provider: IdentityProvider = self.get_object(request, object_id)
        now, kind = clock(), BY_ID.get(provider.kind)
        return self.page(
            request,
            "admin/providers/provider.html",
            title=provider.name,
            provider=provider,
            line=custom_row(provider, now=now),
            domains=provider.domains.order_by("domain").values_list("domain", flat=True),
            shown=_shown(provider, kind) if kind else [],
            addresses=addresses_of(kind, tenant_id=current_tenant_id(), provider_id=provider.pk, is_added=True)
            if kind
            else [],
            obstacles=obstacles(kind) if kind else [],
            is_known=kind is not None,
            may_manage=self.may(request, Action.PROVIDERS_MANAGE),
            now=now,
        )

    def edit_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """GET shows what is stored, the secret excepted; POST stores all of it anew."""
        provider: IdentityProvider = self.get_object(request, str(provider_id))
        kind = BY_ID.get(provider.kind)
        if kind is None:
            return redirect(PAGE, provider_id)
        form = ProviderForm(kind, stored=provider)
        if request.method == "POST":
            form = ProviderForm(kind, request.POST, request.FILES, stored=provider)
            if form.is_valid():
                outcome = change_identity_provider(
                    provider_id=provider_id,
                    name=form.cleaned_data["name"],
                    domains=None,
                    settings=form.typed_settings(),
                    secret=form.typed_secret(),
                    actor=actor(request),
                    now=clock(),
                )
                if not self.refused(outcome, form):
                    self.message_user(request, f"The changes to {form.cleaned_data['name']} are saved.")
                    return redirect(PAGE, provider_id)
            form.keep_what_was_read()
        return self.form_page(
            request,
            form,
            title=f"Edit {provider.name}",
            submit="Save",
            fieldsets=form.fieldsets(),
            template="admin/providers/provider_form.html",
            lead="Its domains are changed on a page of their own, which says whom it touches.",
            kind=kind,
            parent=provider,
            obstacles=obstacles(kind),
            cancel_url=reverse(PAGE, args=[provider_id]),
        )

    def test_page(self, request: HttpRequest, provider_id: UUID) -> HttpResponseBase:
        """Ask the provider, and come back to what was found."""
        self.get_object(request, str(provider_id))
        outcome = test_identity_provider(provider_id=provider_id, actor=actor(request), now=clock())
        if isinstance(outcome, Refusal):
            self.message_user(request, for_administrator(outcome), messages.ERROR)
        elif all(one.is_good for one in outcome):
            self.message_user(request, "The connection works, as far as can be seen without somebody signing in.")
        else:
            bad = sum(not one.is_good for one in outcome)
            words = "1 thing needs" if bad == 1 else f"{bad} things need"
            self.message_user(request, f"{words} another look. See the last test.", messages.WARNING)
        return redirect(PAGE, provider_id)


def _shown(provider: IdentityProvider, kind: Kind) -> list[tuple[str, str]]:
    """Label and value of each setting; of the secret, whether there is one."""
    found = []
    for setting in kind.settings:
        value = str(provider.settings.get(setting.name, ""))
        if setting.is_secret:
            value = "Stored, and never shown" if provider.sealed_secret else "None"
        elif setting.is_long and value:
            value = f"Stored, {len(value):,} characters"
        found.append((setting.label, value or "–"))
    return found
