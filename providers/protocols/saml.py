"""Saml2: being written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from providers.protocols.base import Connection, Finding, Handshake, ProviderFailed, SignInProtocol
from providers.rules import Asserted


class Saml2(SignInProtocol):
    def departure(
        self, *, connection: Connection, handshake: Handshake, hint: str, is_fresh: bool, now: datetime
    ) -> str:
        raise ProviderFailed("This protocol is being written.")

    def arrival(
        self, *, connection: Connection, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Asserted:
        raise ProviderFailed("This protocol is being written.")

    def trial(self, *, connection: Connection, now: datetime) -> tuple[Finding, ...]:
        return ()
