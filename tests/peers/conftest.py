"""The real entrance, and other people's providers in front of it, each a process for this folder's whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from config.stack.contoso_id.program import Client
from providers.connections import return_url
from providers.kinds import BY_ID
from providers.models import IdentityProvider
from providers.operations import add_identity_provider
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.conftest import invite
from tests.journeys.partners import add_saml
from tests.journeys.stories import OPERATOR
from tests.peers.processes import NodeProviders, OAuthToolkit, introduce, node_providers, oauth_toolkit
from tests.peers.surfing import Surfer
from tests.races.web import serving

__all__ = ["invite"]

PARTNER = "adatum.example"


@pytest.fixture(scope="package")
def served(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of the real web server, with all limits per network."""
    with serving(tmp_path_factory.mktemp("web"), SOURCE_LIMITS_EXEMPT="") as origin:
        yield origin


@pytest.fixture(scope="package")
def partners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProviders]:
    """samlp and wsfed."""
    with node_providers(tmp_path_factory.mktemp("node-providers")) as running:
        yield running


@pytest.fixture(scope="package")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OAuthToolkit]:
    """Django OAuth Toolkit."""
    with oauth_toolkit(tmp_path_factory.mktemp("oauth-toolkit")) as running:
        yield running


@pytest.fixture
def origin(served: str, settings: Any) -> str:
    """The web server's origin, which links and redirect URIs made in the test name too."""
    settings.PUBLIC_URL = served
    return served


@pytest.fixture
def surf() -> Iterator[Callable[[], Surfer]]:
    """Makes browsers, which close with the test."""
    with ExitStack() as open_ones:
        yield lambda: open_ones.enter_context(closing(Surfer()))


@pytest.fixture
def at_samlp(fabrikam: Tenant, partners: NodeProviders, origin: str) -> IdentityProvider:
    """samlp as the provider of adatum.example. It checks the signature of our requests."""
    made = add_saml(fabrikam, partners.metadata("saml"), PARTNER, name="Adatum")
    introduce(partners, fabrikam, made)
    return made


@pytest.fixture
def at_wsfed(fabrikam: Tenant, partners: NodeProviders, origin: str) -> IdentityProvider:
    """wsfed as the provider of adatum.example."""
    made = add_saml(fabrikam, partners.metadata("wsfed"), PARTNER, name="Adatum", kind="wsFed")
    introduce(partners, fabrikam, made)
    return made


@pytest.fixture
def at_toolkit(fabrikam: Tenant, toolkit: OAuthToolkit, origin: str, operator: Actor, now: Any) -> IdentityProvider:
    """Django OAuth Toolkit as the provider of adatum.example."""
    client = Client.new()
    with tenant_scope(fabrikam.id):
        made = add_identity_provider(
            kind="openIdConnect",
            name="Adatum",
            domains=[PARTNER],
            settings={"issuer": toolkit.issuer, "client_id": client.client_id},
            secret=client.client_secret,
            actor=OPERATOR,
            now=now,
        )
    assert isinstance(made, IdentityProvider), made
    kind = BY_ID["openIdConnect"]
    toolkit.know(client, return_url(kind=kind, tenant_id=fabrikam.id, provider_id=made.id))
    return made
