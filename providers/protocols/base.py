"""What a protocol is given and what it gives back. It knows no row, no guest and no tenant's rights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from providers.kinds import Kind
from providers.rules import Asserted


@dataclass(frozen=True, slots=True)
class Connection:
    """One provider configuration, ready to be used. It lives for one request and is never logged or stored.

    `provider_id` is None for a kind that the installation set up. `settings` are the kind's, `secret` its one secret in
    the clear. `return_url` is the one redirect URI, or assertion consumer service, of this configuration. `entity_id`
    names the tenant as a SAML service provider or a WS-Federation realm; `signing_key` and `certificate` (PEM) are the
    tenant's for signed requests; all three are "" for OpenID Connect. `domains` are those bound to the provider.
    """

    kind: Kind
    name: str
    provider_id: UUID | None
    return_url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    domains: tuple[str, ...] = ()
    entity_id: str = ""
    signing_key: str = field(default="", repr=False)
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What binds one round trip to one flow in one browser. Derived (handshakes.py), never stored.

    `state` is also SAML's RelayState and WS-Federation's wctx; `request_id` is the AuthnRequest's ID, an XML NCName.
    """

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    request_id: str = ""


class ProviderFailed(Exception):
    """The provider did not answer, or answered with an error of its own (E-PROVIDER). For administrators."""


class ProviderDeclined(Exception):
    """The person cancelled at the provider, or was refused there (E-DECLINED). The text is for administrators."""


class AssertionRefused(Exception):
    """What came back proves nothing: forged, replayed, for somebody else, too old (B15). For administrators."""


class SignInProtocol(ABC):
    """One protocol, for all kinds that speak it."""

    @abstractmethod
    def departure(
        self, *, connection: Connection, handshake: Handshake, hint: str, is_fresh: bool, now: datetime
    ) -> str:
        """The URL that the browser leaves to.

        `hint` is the address that the person is expected to have, "" where that must not be told. `is_fresh` asks the
        provider to let the person choose another account than the one that is signed in there. Raises ProviderFailed.
        """

    @abstractmethod
    def arrival(
        self, *, connection: Connection, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Asserted:
        """Who the answer proves. `answer` holds the parameters that came back, by name.

        Raises ProviderFailed, ProviderDeclined, AssertionRefused.
        """

    @abstractmethod
    def trial(self, *, connection: Connection, now: datetime) -> tuple[Finding, ...]:
        """What can be found out about the connection without anybody signing in, for the portal's *Test connection*.

        It never raises for what the provider does: that is a finding.
        """


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a test's result: what was looked at, whether it is as it should be, and what to do where not."""

    looked_at: str
    is_good: bool
    says: str
