"""How somebody is signed in at a provider: one file for each protocol, in one explicit table."""

from collections.abc import Mapping
from types import MappingProxyType

from providers.kinds import Protocol
from providers.protocols.base import (
    AssertionRefused,
    Connection,
    Finding,
    Handshake,
    ProviderDeclined,
    ProviderFailed,
    SignInProtocol,
)
from providers.protocols.oidc import OpenIdConnect
from providers.protocols.saml import Saml2
from providers.protocols.ws_federation import WsFederationPassive

__all__ = [
    "PROTOCOLS",
    "AssertionRefused",
    "Connection",
    "Finding",
    "Handshake",
    "ProviderDeclined",
    "ProviderFailed",
    "SignInProtocol",
]

PROTOCOLS: Mapping[Protocol, SignInProtocol] = MappingProxyType(
    {
        Protocol.OIDC: OpenIdConnect(),
        Protocol.SAML: Saml2(),
        Protocol.WS_FEDERATION: WsFederationPassive(),
    }
)
