"""*Test connection* for OpenID Connect: what is found out without anybody signing in, in sentences with the fix."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_network
from typing import Any

import pytest

from providers.kinds import BY_ID
from providers.protocols import Finding
from providers.protocols.oidc import OpenIdConnect
from tests.peers.hostile_op import CLIENT_ID, DISCOVERY, KEYS, HostileProvider, Instead, running
from tests.peers.tokens import rsa_key
from tests.providers.stories_openid import connection_to, leave


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.PROVIDER_NETWORKS = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def op() -> Iterator[HostileProvider]:
    with running() as provider:
        yield provider


def _trial(op: HostileProvider, now: datetime, **changes: Any) -> dict[str, Finding]:
    found = OpenIdConnect().trial(connection=connection_to(op, **changes), now=now)
    assert all(finding.says.endswith(".") for finding in found)
    return {finding.looked_at: finding for finding in found}


def test_R61_a_good_provider_is_good_in_every_line(op: HostileProvider, now: datetime) -> None:
    found = _trial(op, now)
    assert list(found) == [
        "Discovery document",
        "Issuer",
        "Endpoints",
        "PKCE",
        "Client secret",
        "Signatures",
        "Signing keys",
        "Client ID and redirect URI",
    ]
    assert all(finding.is_good for finding in found.values())
    assert "at the first sign-in only" in found["Client ID and redirect URI"].says
    assert {one.path for one in op.asked} == {DISCOVERY, KEYS}, "it asks for nothing but what is published"


def test_R61_it_asks_now_and_not_its_memory(op: HostileProvider, now: datetime) -> None:
    protocol, connection = OpenIdConnect(), connection_to(op)
    leave(protocol, connection, now=now)
    op.instead[DISCOVERY] = Instead(500)
    assert not protocol.trial(connection=connection, now=now)[0].is_good


@pytest.mark.parametrize(
    ("change", "looked_at", "says"),
    [
        ({"issuer": "https://other.example"}, "Issuer", "names another issuer"),
        ({"token_endpoint": None}, "Endpoints", "names no token_endpoint"),
        ({"jwks_uri": "https://192.168.1.1/jwks"}, "Endpoints", "jwks_uri"),
        ({"code_challenge_methods_supported": ["plain"]}, "PKCE", "Allow S256"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "Signatures", "Allow one of RS256"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "Client secret", "takes no client secret"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_R61_what_is_wrong_in_the_document_is_named(
    op: HostileProvider, now: datetime, change: dict[str, Any], looked_at: str, says: str
) -> None:
    op.document.update(change)
    found = _trial(op, now)
    assert not found[looked_at].is_good
    assert says in found[looked_at].says


def test_R61_keys_that_cannot_be_used_are_named(op: HostileProvider, now: datetime) -> None:
    op.keys = [rsa_key("small", 1024).public(), {"kty": "oct", "k": "AAAA"}, {}]
    found = _trial(op, now)["Signing keys"]
    assert (found.is_good, "None of the 3 keys" in found.says) == (False, True)
    op.instead[KEYS] = Instead(200, b"{}")
    assert "no set of keys" in _trial(op, now)["Signing keys"].says
    op.instead[KEYS] = Instead(500)
    assert not _trial(op, now)["Signing keys"].is_good


def test_R61_a_document_that_cannot_be_read_is_the_last_line(op: HostileProvider, now: datetime) -> None:
    op.instead[DISCOVERY] = Instead(200, b"<html>", "text/html")
    assert [finding.is_good for finding in _trial(op, now).values()] == [False]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"client_id": CLIENT_ID}, "Issuer is missing"),
        ({"issuer": "https://10.1.2.3", "client_id": CLIENT_ID}, "cannot be asked"),
        ({"issuer": "ftp://login.adatum.example", "client_id": CLIENT_ID}, "cannot be asked"),
    ],
)
def test_R61_settings_that_cannot_be_right_ask_nobody(
    op: HostileProvider, now: datetime, typed: dict[str, str], says: str
) -> None:
    (finding,) = _trial(op, now, settings=typed).values()
    assert (finding.is_good, says in finding.says) == (False, True)
    assert not op.asked


def test_R61_a_client_without_a_secret_and_a_silent_document_are_said_so(op: HostileProvider, now: datetime) -> None:
    del op.document["code_challenge_methods_supported"]
    found = _trial(op, now, secret="")
    assert "does not say" in found["PKCE"].says
    assert "public client" in found["Client secret"].says
    (other,) = _trial(op, now, kind=BY_ID["saml"]).values()
    assert not other.is_good
