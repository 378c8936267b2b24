"""The demonstration's partner: a company whose people sign in at a provider of their own.

Knows which provider Fabrikam has for it. Guests are known by the provider that they came by, so one at another address
takes the place of the old one and is never mixed up with it. (R36)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from providers.connections import return_url
from providers.kinds import BY_ID
from providers.models import IdentityProvider
from providers.operations import add_identity_provider, remove_identity_provider
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.refusals import Refusal

KIND, NAME, DOMAIN = "openIdConnect", "Contoso ID", "contoso-id.example"


@dataclass(frozen=True)
class Registration:
    """Fabrikam's registration at the provider."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


def provider_for(registration: Registration, *, actor: Actor, now: datetime) -> IdentityProvider | Refusal:
    """Fabrikam's provider with this registration, in whose scope it is called; made where there is none."""
    settings = {"issuer": registration.issuer, "client_id": registration.client_id}
    there = IdentityProvider.objects.filter(kind=KIND, name=NAME).first()
    if there is not None:
        if settings.items() <= there.settings.items():
            return there
        removed = remove_identity_provider(provider_id=there.id, actor=actor, now=now)
        if isinstance(removed, Refusal):
            return removed
    return add_identity_provider(
        kind=KIND,
        name=NAME,
        domains=[DOMAIN],
        settings=settings,
        secret=registration.client_secret,
        actor=actor,
        now=now,
    )


def sends_back_to(provider: IdentityProvider, tenant: Tenant) -> str:
    """The one redirect URI that the provider has to know."""
    return return_url(kind=BY_ID[KIND], tenant_id=tenant.id, provider_id=provider.id)
