"""A provider's metadata, read out of its discovery document (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207).

Knows what a document must say to be used. It must never take a document that names another issuer than the one that was
asked for: that is how one provider would speak for another (RFC 9700 4.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.fetching import fetch_json, mistake_in_url
from providers.kinds.openid import WELL_KNOWN, OpenIdKind
from providers.protocols.base import ProviderFailed

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that an ID token may have here: asymmetric ones only, none of them weaker than 128 bits."""

LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself, checked. Endpoints are URLs that may be asked; `userinfo_endpoint` may be "".

    `algorithms` are those of ALGORITHMS that it signs with. `challenges` and `prompts` are None where it does not say.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    algorithms: tuple[str, ...]
    client_authentications: tuple[str, ...]
    challenges: tuple[str, ...] | None
    prompts: tuple[str, ...] | None
    is_issuer_in_answers: bool


def document_url(kind: OpenIdKind, settings: Mapping[str, str]) -> str:
    """Where the discovery document stands; a slash at the issuer's end is not doubled (Discovery 4.1)."""
    return kind.authority(settings).rstrip("/") + WELL_KNOWN


def read_document(kind: OpenIdKind, settings: Mapping[str, str]) -> Mapping[str, Any]:
    """The kind's own document, or the published one. Asks the network. Raises FetchFailed."""
    own = kind.document(settings)
    return fetch_json(document_url(kind, settings)) if own is None else own


def read_metadata(kind: OpenIdKind, settings: Mapping[str, str]) -> Metadata:
    """What the provider publishes now, checked. Asks the network. Raises FetchFailed and ProviderFailed."""
    return metadata_of(read_document(kind, settings), issuer=kind.issuer(settings))


def metadata_of(document: Mapping[str, Any], *, issuer: str) -> Metadata:
    """A document, checked. Raises ProviderFailed with the fix for an administrator."""
    if document.get("issuer") != issuer:
        raise ProviderFailed(
            f"The discovery document names another issuer ({_quoted(document.get('issuer'))}) than {issuer}. "
            "Enter the issuer exactly as the provider spells it."
        )
    userinfo = document.get("userinfo_endpoint")
    named = _names(document, "id_token_signing_alg_values_supported")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint"),
        token_endpoint=_endpoint(document, "token_endpoint"),
        jwks_uri=_endpoint(document, "jwks_uri"),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint") if userinfo else "",
        # Every provider must be able to sign with RS256, so one that names nothing means that (Discovery 3).
        algorithms=tuple(name for name in ALGORITHMS if name in (named if named is not None else ("RS256",))),
        client_authentications=_names(document, "token_endpoint_auth_methods_supported") or ("client_secret_basic",),
        challenges=_names(document, "code_challenge_methods_supported"),
        prompts=_names(document, "prompt_values_supported"),
        is_issuer_in_answers=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or not url:
        raise ProviderFailed(f"The discovery document names no {name}. The provider cannot be used without one.")
    if len(url) > LONGEST:
        raise ProviderFailed(f"The {name} in the discovery document is longer than {LONGEST} characters.")
    if mistake := mistake_in_url(url):
        raise ProviderFailed(f"The {name} in the discovery document cannot be used. {mistake}")
    return url


def _names(document: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    values = document.get(name)
    if not isinstance(values, list):
        return None
    return tuple(value for value in values if isinstance(value, str))


def _quoted(said: Any) -> str:
    return said[:200] if isinstance(said, str) and said.isprintable() else "nothing readable"
