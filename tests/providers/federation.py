"""One partner, one tenant and one sign-in between them, for stories about assertions: no database, no browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from providers.handshakes import handshake
from providers.kinds import BY_ID
from providers.protocols import PROTOCOLS, Connection, Handshake
from providers.protocols.saml_service import service_metadata
from providers.rules import Asserted
from tests.peers.saml_idp import SamlIdp
from tests.peers.saml_writing import Letter, Pair, metadata, new_pair, posted, token_response

TENANT = UUID("11111111-1111-4111-8111-111111111111")
OTHER_TENANT = UUID("22222222-2222-4222-8222-222222222222")
HOST = "https://guests.vestibule.example"


class Federation:
    """Contoso's provider, a tenant that believes it, and the sign-in that is under way."""

    def __init__(self, folder: Path) -> None:
        self.idp = SamlIdp(folder)
        self.own: Pair = new_pair()
        self.handshake = a_handshake(TENANT)
        self.saml = self.connection("saml")
        self.wsfed = self.connection("wsFed")

    def connection(self, kind: str, tenant: UUID = TENANT, **settings: str) -> Connection:
        """A tenant's connection to the partner."""
        is_saml = kind == "saml"
        return Connection(
            kind=BY_ID[kind],
            name="Contoso",
            provider_id=UUID(int=1),
            return_url=f"{HOST}/{tenant}/{'saml/acs' if is_saml else 'wsfed'}",
            settings={"metadata": self.idp.metadata if is_saml else self.idp.federation_metadata, **settings},
            domains=("contoso.example",),
            entity_id=f"{HOST}/{tenant}/saml/metadata",
            signing_key=self.own.key,
            certificate=self.own.certificate,
        )

    def trusting(self, *pairs: Pair) -> Connection:
        """The connection with metadata that has these certificates."""
        written = metadata(self.idp.entity_id, *pairs, sso=self.idp.sso)
        return replace(self.saml, settings={"metadata": written})

    @property
    def service_metadata(self) -> bytes:
        return service_metadata(
            entity_id=self.saml.entity_id, return_url=self.saml.return_url, certificate=self.own.certificate
        )

    def letter(self, **changes: Any) -> Letter:
        """What the partner would answer by SAML, with these changes."""
        return Letter(
            **{
                "issuer": self.idp.entity_id,
                "audience": self.saml.entity_id,
                "recipient": self.saml.return_url,
                "request_id": self.handshake.request_id,
                "pair": self.idp.pair,
                "attributes": {"mail": ["Nicole@contoso.example"]},
                **changes,
            }
        )

    def token(self, **changes: Any) -> Letter:
        """What the partner would answer by WS-Federation, with these changes."""
        bare = {"recipient": None, "request_id": None, "is_confirmed": False}
        return self.letter(**{**bare, **changes})

    def accept(self, response: str | bytes, now: datetime, connection: Connection | None = None) -> Asserted:
        """The SAML response at our door."""
        return self.arrive(posted(response, self.handshake.state), now, connection or self.saml)

    def accept_token(self, token: str, now: datetime) -> Asserted:
        """The WS-Federation token at our door."""
        answer = {"wresult": token_response(token), "wctx": self.handshake.state}
        return self.arrive(answer, now, self.wsfed)

    def arrive(self, answer: dict[str, str], now: datetime, connection: Connection) -> Asserted:
        """Whatever came back."""
        protocol = PROTOCOLS[connection.kind.protocol]
        return protocol.arrival(connection=connection, handshake=self.handshake, answer=answer, now=now)

    def leave(self, connection: Connection, now: datetime, *, is_fresh: bool = False) -> str:
        """The address that the browser leaves to."""
        protocol = PROTOCOLS[connection.kind.protocol]
        return protocol.departure(connection=connection, handshake=self.handshake, hint="", is_fresh=is_fresh, now=now)


def a_handshake(tenant: UUID) -> Handshake:
    """A sign-in's handshake with the development key."""
    return handshake(tenant_id=tenant, flow_id=UUID(int=7), key_id=settings.PASSCODE_KEYS[0][0], salt=b"0" * 16)
