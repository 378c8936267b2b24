"""One round trip to a provider by OpenID Connect, without a browser: out, back, and what it proved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from providers.kinds import BY_ID, Kind
from providers.protocols import Connection, Handshake
from providers.protocols.oidc import OpenIdConnect
from providers.rules import Asserted
from tests.peers.hostile_op import CLIENT_ID, CLIENT_SECRET, HostileProvider

HANDSHAKE = Handshake(state="s" * 64, nonce="nonce-of-this-flow", verifier="v" * 43)


def connection_to(op: HostileProvider, *, kind: Kind = BY_ID["openIdConnect"], **changes: Any) -> Connection:
    """The tenant's connection to this provider, bound to adatum.example."""
    whole: dict[str, Any] = {
        "kind": kind,
        "name": "Adatum ID",
        "provider_id": None,
        "return_url": "https://guests.fabrikam.example/return/1",
        "settings": {"issuer": op.url, "client_id": CLIENT_ID},
        "secret": CLIENT_SECRET,
        "domains": ("adatum.example",),
    }
    return Connection(**{**whole, **changes})


def leave(
    protocol: OpenIdConnect,
    connection: Connection,
    *,
    hint: str = "",
    is_fresh: bool = False,
    now: datetime | None = None,
) -> str:
    return protocol.departure(
        connection=connection, handshake=HANDSHAKE, hint=hint, is_fresh=is_fresh, now=now or datetime.now(UTC)
    )


def arrive(
    protocol: OpenIdConnect, connection: Connection, answer: dict[str, str], *, now: datetime | None = None
) -> Asserted:
    return protocol.arrival(connection=connection, handshake=HANDSHAKE, answer=answer, now=now or datetime.now(UTC))
