"""OpenID Connect: out to a provider with a code challenge, back with a code, and from the code to a proven identity.

Knows the order of the steps (OpenID Connect Core 3.1, RFC 7636, RFC 9207, RFC 9700). It must never believe an answer
that another provider may have given, nor keep anything of a sign-in: what it remembers is what providers publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authlib.integrations.requests_client import OAuth2Session

from providers.fetching import FetchFailed, mistake_in_url
from providers.kinds.openid import ClaimsRefused, OpenIdKind
from providers.protocols.base import (
    AssertionRefused,
    Connection,
    Finding,
    Handshake,
    ProviderFailed,
    SignInProtocol,
)
from providers.protocols.id_tokens import Expected, verified_claims
from providers.protocols.oidc_answers import code_of
from providers.protocols.oidc_metadata import Metadata, document_url, read_metadata
from providers.protocols.oidc_trial import findings
from providers.protocols.remembering import Remembered
from providers.protocols.signing_keys import Jwk, fitting, read_keys
from providers.protocols.token_requests import requested_tokens, requested_userinfo
from providers.rules import Asserted


class OpenIdConnect(SignInProtocol):
    """One instance serves all connections of a process, and remembers their providers' metadata and keys."""

    def __init__(self) -> None:
        self._metadata: Remembered[Metadata] = Remembered()
        self._keys: Remembered[tuple[Jwk, ...]] = Remembered()

    def departure(
        self, *, connection: Connection, handshake: Handshake, hint: str, is_fresh: bool, now: datetime
    ) -> str:
        kind = _kind(connection)
        metadata = self._metadata_of(connection, now=now)
        asked = _choosing(kind, metadata) if is_fresh else {}
        if hint:
            asked["login_hint"] = hint
        client = OAuth2Session(
            connection.settings["client_id"],
            scope=" ".join(kind.scopes),
            redirect_uri=connection.return_url,
            code_challenge_method="S256",
        )
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=handshake.state,
            nonce=handshake.nonce,
            code_verifier=handshake.verifier,
            **asked,
        )
        return str(url)

    def arrival(
        self, *, connection: Connection, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Asserted:
        kind = _kind(connection)
        metadata = self._metadata_of(connection, now=now)
        _check_sender(answer, kind=kind, connection=connection, metadata=metadata)
        code = code_of(answer)
        tokens = requested_tokens(connection=connection, metadata=metadata, handshake=handshake, code=code)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise AssertionRefused("The provider issued no ID token. Allow the application the scope openid there.")
        if not isinstance(access_token, str):
            access_token = None
        expected = Expected(
            is_issuer=lambda issuer: kind.is_issuer(issuer, connection.settings),
            key_issuers=(metadata.issuer,),
            algorithms=metadata.algorithms,
            client_id=connection.settings["client_id"],
            nonce=handshake.nonce,
            access_token=access_token,
        )
        claims = verified_claims(
            id_token,
            expected=expected,
            find_keys=lambda key_id, algorithm: self._keys_for(
                connection, metadata, key_id=key_id, algorithm=algorithm, now=now
            ),
            now=now,
        )
        asserted = _asserted(kind, claims, connection)
        if asserted.claimed or not metadata.userinfo_endpoint or access_token is None:
            return asserted
        told = requested_userinfo(
            connection=connection, metadata=metadata, access_token=access_token, subject=claims["sub"]
        )
        # Both of the address or neither: one source's word for another source's address would prove nothing.
        address = {name: told.get(name) for name in ("email", "email_verified")}
        return _asserted(kind, {"name": told.get("name"), **claims, **address}, connection)

    def trial(self, *, connection: Connection, now: datetime) -> tuple[Finding, ...]:
        return findings(connection)

    def _metadata_of(self, connection: Connection, *, now: datetime) -> Metadata:
        kind = _kind(connection)
        url = document_url(kind, connection.settings)
        if mistake := mistake_in_url(url):
            raise ProviderFailed(f"The provider's issuer cannot be used. {mistake}")
        try:
            return self._metadata.value(
                f"{url} {kind.issuer(connection.settings)}",
                now=now,
                source=lambda: read_metadata(kind, connection.settings),
            )
        except FetchFailed as failed:
            raise ProviderFailed(f"The provider's discovery document could not be read. {failed}") from None

    def _keys_for(
        self, connection: Connection, metadata: Metadata, *, key_id: str | None, algorithm: str, now: datetime
    ) -> tuple[Jwk, ...]:
        """The keys out of what the provider publishes, which is read once more for an id that is not there."""
        # The issuer's own name is part of the key: no provider can use up another's early readings.
        kept_as = f"{document_url(_kind(connection), connection.settings)} {metadata.jwks_uri}"

        def source() -> tuple[Jwk, ...]:
            return read_keys(metadata.jwks_uri)

        try:
            keys = self._keys.value(kept_as, now=now, source=source)
            found = fitting(keys, key_id=key_id, algorithm=algorithm)
            if found or any(one.get("kid") == key_id for one in keys):
                return found
            newer = self._keys.read_early(kept_as, now=now, source=source)
        except FetchFailed as failed:
            raise ProviderFailed(f"The provider's keys could not be read. {failed}") from None
        return () if newer is None else fitting(newer, key_id=key_id, algorithm=algorithm)


def _kind(connection: Connection) -> OpenIdKind:
    if mistake := connection.kind.mistake(connection.settings):
        raise ProviderFailed(f"The provider is not set up completely. {mistake}")
    if not isinstance(connection.kind, OpenIdKind):
        raise ProviderFailed(f"{connection.kind.name} does not speak OpenID Connect.")
    return connection.kind


def _choosing(kind: OpenIdKind, metadata: Metadata) -> dict[str, str]:
    """How to let the person choose an account, in a way that the provider says it knows."""
    asked = dict(kind.choosing)
    if "prompt" in asked and metadata.prompts is not None and asked["prompt"] not in metadata.prompts:
        return {"prompt": "login"} if "login" in metadata.prompts else {}
    return asked


def _check_sender(answer: Mapping[str, str], *, kind: OpenIdKind, connection: Connection, metadata: Metadata) -> None:
    """RFC 9207 2.4: before anything of the answer is used, and in errors too."""
    sender = answer.get("iss")
    if sender is None and metadata.is_issuer_in_answers:
        raise AssertionRefused(
            "The answer does not say which provider it comes from (iss), though this one always does."
        )
    if sender is not None and not kind.is_issuer(sender, connection.settings):
        raise AssertionRefused("The answer comes from another provider than the one that was asked (iss).")


def _asserted(kind: OpenIdKind, claims: dict[str, Any], connection: Connection) -> Asserted:
    try:
        return kind.asserted(claims, connection.domains)
    except ClaimsRefused as refused:
        raise AssertionRefused(str(refused)) from None
