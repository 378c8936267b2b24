"""What kinds that speak OpenID Connect have in common: which issuer they are, and whom a proven token names.

A kind reads claims whose signature, audience and times have been verified already. It must never take a claim for more
than this provider can know: an e-mail claim suggests an address, and only a kind's own rule makes it a verified one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from providers.kinds.base import Kind, Protocol, Setting
from providers.rules import Asserted
from tenants.addresses import LONGEST_ADDRESS, Address, AddressRefused, canonical

CLIENT_ID = Setting("client_id", "Client ID", "The name under which the provider knows this application.")
CLIENT_SECRET = Setting("client_secret", "Client secret", "Stored sealed, and never shown again.", is_secret=True)

LONGEST_NAME = 200

WELL_KNOWN = "/.well-known/openid-configuration"
"""What stands under an issuer: the path of its discovery document (OpenID Connect Discovery 4)."""


class ClaimsRefused(ValueError):
    """A genuine token that names nobody whom this kind may let in. For administrators."""


class OpenIdKind(Kind):
    """One provider, or one family of them, that speaks OpenID Connect.

    `scopes` are what the browser is sent to ask for; `choosing` are the parameters that make the provider let the
    person choose another account than the one that is signed in there.
    """

    protocol = Protocol.OIDC
    scopes: ClassVar[tuple[str, ...]] = ("openid", "email", "profile")
    choosing: ClassVar[Mapping[str, str]] = MappingProxyType({"prompt": "select_account"})

    @abstractmethod
    def authority(self, settings: Mapping[str, str]) -> str:
        """The URL under which WELL_KNOWN stands."""

    @abstractmethod
    def asserted(self, claims: Mapping[str, Any], domains: tuple[str, ...]) -> Asserted:
        """Whom verified claims name, and which of the addresses this provider may vouch for (R36).

        `domains` are those bound to the provider, in A-labels. `iss` and `sub` are texts. Raises ClaimsRefused.
        """

    def issuer(self, settings: Mapping[str, str]) -> str:
        """What the discovery document calls its issuer, to the letter (OpenID Connect Discovery 4.3)."""
        return self.authority(settings)

    def is_issuer(self, issuer: str, settings: Mapping[str, str]) -> bool:
        """Whether this may be the `iss` of a token or of an authorization response."""
        return issuer == self.issuer(settings)

    def document(self, settings: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The provider's metadata where it publishes no document that is complete; None where it does."""
        return None


def said(claims: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """The texts among these claims that could be an address, each once, as they were said."""
    values = (claims.get(name) for name in names)
    texts = (value for value in values if isinstance(value, str) and 0 < len(value) <= LONGEST_ADDRESS)
    texts = (text for text in texts if text.isprintable())
    return tuple(dict.fromkeys(texts))


def read(text: Any) -> Address | None:
    """The address that a claim holds, in its canonical form (R70); None for anything that is not one."""
    try:
        return canonical(text)
    except AddressRefused:
        return None


def shown_name(claims: Mapping[str, Any]) -> str:
    """The name that the provider knows the person by, made fit for one line; "" where it said none."""
    name = claims.get("name")
    if not isinstance(name, str):
        return ""
    return "".join(character for character in name if character.isprintable()).strip()[:LONGEST_NAME]
