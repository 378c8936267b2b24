"""A tenant's partners in journeys: providers that really answer, and the ways out to them and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from providers.models import IdentityProvider
from providers.operations import add_identity_provider
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page
from tests.journeys.stories import OPERATOR
from tests.peers.hostile_op import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.peers.saml_idp import Person, SamlIdp

ADATUM = "adatum.example"
NICOLE_AT_ADATUM = "nicole@adatum.example"


def add_oidc(
    tenant: Tenant, issuer: str, *domains: str, name: str = "Adatum ID", kind: str = "openIdConnect", **more: str
) -> IdentityProvider:
    """An OpenID Connect provider of the tenant, bound to the domains."""
    with tenant_scope(tenant.id):
        made = add_identity_provider(
            kind=kind,
            name=name,
            domains=list(domains),
            settings={"issuer": issuer, "client_id": CLIENT_ID, **more},
            secret=CLIENT_SECRET,
            actor=OPERATOR,
            now=datetime.now(UTC),
        )
    assert isinstance(made, IdentityProvider), made
    return made


def add_saml(
    tenant: Tenant, metadata: str, *domains: str, name: str = "Adatum SAML", kind: str = "saml"
) -> IdentityProvider:
    """A SAML or WS-Federation provider of the tenant, bound to the domains."""
    with tenant_scope(tenant.id):
        made = add_identity_provider(
            kind=kind,
            name=name,
            domains=list(domains),
            settings={"metadata": metadata, "metadata_url": ""},
            actor=OPERATOR,
            now=datetime.now(UTC),
        )
    assert isinstance(made, IdentityProvider), made
    return made


def leave(browser: Browser, name: str = "Adatum ID") -> str:
    """Press Continue; the address at the provider that the leaving page goes on to."""
    page = browser.submit(f"Continue to {name}")
    assert page.heading == f"On to {name}", page.text
    return departure(page)


def departure(page: Page) -> str:
    """Where a leaving page goes on to."""
    return page.links["Go on"]


def come_back(
    browser: Browser, tenant: Tenant, provider: IdentityProvider, peer: HostileProvider, url: str, **person: Any
) -> Page:
    """Sign in at an OpenID Connect peer as this person and come back with what it gives."""
    peer.person = {"email": NICOLE_AT_ADATUM, **person}
    brought = peer.come_back(url)
    return bring(browser, tenant, provider, brought)


def bring(browser: Browser, tenant: Tenant, provider: IdentityProvider, brought: dict[str, str]) -> Page:
    """Come back to the provider's redirect URI with these parameters."""
    return browser.come(f"/{tenant.id}/return/{provider.id}", brought)


def post_back(browser: Browser, idp: SamlIdp, url: str, person: Person, **changes: Any) -> Page:
    """Sign in at a SAML peer as this person; its page has the browser post the answer to us, without our cookies."""
    where, fields = idp.answer(url, person, **changes)
    return browser.posted_from_elsewhere(where, fields)
