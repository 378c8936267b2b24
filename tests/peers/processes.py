"""The peers that are processes: how each is installed, started and told about us.

A peer that is missing is skipped with one line, and fails in CI.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from config.stack import local_env
from config.stack.contoso_id.program import Client, reserve
from config.stack.processes import ROOT, Child, Group, Program
from providers.connections import entity_id, return_url
from providers.kinds import BY_ID
from providers.models import IdentityProvider, ServiceProviderKey
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.peers.saml_writing import new_pair
from tests.stack.conftest import eventually

NODE_FOLDER = Path(__file__).parent / "node"
STARTS_WITHIN = 60.0  # seconds; both cores may be busy with other tests


def missing(why: str) -> None:
    """Skip with one line, or fail where everything has to be there."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why.strip().splitlines()[0])


@dataclass(frozen=True)
class NodeProviders:
    """samlp and wsfed, running. `folder` holds their key, and the services that they know."""

    origin: str
    folder: Path
    child: Child

    def know(self, entity_id: str, *, reply: str, certificate: str = "") -> None:
        """Answer the requests of this service from now on."""
        path = self.folder / "services.json"
        services = json.loads(path.read_text())
        services[entity_id] = {"reply": reply, "certificate": certificate}
        path.write_text(json.dumps(services))

    def metadata(self, protocol: str) -> str:
        """What an administrator imports; `protocol` is saml or wsfed."""
        return requests.get(f"{self.origin}/{protocol}/metadata", timeout=20).text


@dataclass(frozen=True)
class OAuthToolkit:
    """Django OAuth Toolkit, running."""

    origin: str
    child: Child

    @property
    def issuer(self) -> str:
        return f"{self.origin}/o"

    def know(self, client: Client, redirect_uri: str) -> None:
        """Take this client's requests from now on."""
        said = {"client_id": client.client_id, "client_secret": client.client_secret, "redirect_uri": redirect_uri}
        requests.post(f"{self.origin}/peer/clients", data=said, timeout=20).raise_for_status()

    def token_requests(self) -> int:
        """How many token requests came, by its access log."""
        return self.child.log.read_text(errors="replace").count('"POST /o/token/ ')


def introduce(partners: NodeProviders, tenant: Tenant, provider: IdentityProvider) -> None:
    """Tell samlp or wsfed what an administrator copies to it: entity id, reply address and certificate."""
    with tenant_scope(tenant.id):
        key = ServiceProviderKey.objects.first()  # none for WS-Federation, whose requests nobody signs
    partners.know(
        entity_id(tenant_id=tenant.id),
        reply=return_url(kind=BY_ID[provider.kind], tenant_id=tenant.id, provider_id=provider.id),
        certificate=key.certificate if key else "",
    )


@contextmanager
def node_providers(folder: Path) -> Iterator[NodeProviders]:
    """Install, if need be, and run samlp and wsfed."""
    done = subprocess.run([ROOT / "script" / "npm_ci", NODE_FOLDER], check=False, capture_output=True, text=True)
    if done.returncode:
        missing(done.stderr or "samlp and wsfed could not be installed.")
    pair = new_pair()
    (folder / "idp.key").write_text(pair.key)
    (folder / "idp.crt").write_text(pair.certificate)
    (folder / "services.json").write_text("{}")
    with _running(folder, "node-providers", ["node", NODE_FOLDER / "providers.mjs"], [folder]) as (origin, child):
        yield NodeProviders(origin, folder, child)


@contextmanager
def oauth_toolkit(folder: Path) -> Iterator[OAuthToolkit]:
    """Run Django OAuth Toolkit."""
    (folder / "idp.key").write_text(new_pair().key)
    command: list[str | Path] = [sys.executable, "-W", "ignore", "-m", "tests.peers.oauth_toolkit"]
    with _running(folder, "oauth-toolkit", command, [], PEER_FOLDER=str(folder)) as (origin, child):
        yield OAuthToolkit(origin, child)


@contextmanager
def _running(
    folder: Path, name: str, command: list[str | Path], arguments: list[str | Path], **environment: str
) -> Iterator[tuple[str, Child]]:
    with reserve(None) as listening, Group(folder) as group:
        words = [*command, str(listening.fileno()), *arguments]
        settings = {**local_env.without_settings(), **environment}
        child = group.start(Program(name, words, environment=settings, sockets=(listening.fileno(),)))
        assert eventually(lambda: "READY" in child.last_words() or child.has_ended(), within=STARTS_WITHIN)
        assert not child.has_ended(), child.last_words()
        yield f"http://localhost:{listening.getsockname()[1]}", child
