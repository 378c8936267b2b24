"""Whether an ID token is the provider's, fresh, and meant for this application and this sign-in.

Holds OpenID Connect Core 3.1.3.7 with RFC 8725. It must never believe a word of a token before its signature is
verified with a key that the provider publishes, and never repeats the token in what it says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry

from providers.protocols.base import AssertionRefused
from providers.protocols.signing_keys import Jwk, imported

LEEWAY = 60
"""Seconds that the provider's clock may be ahead of ours. A token's end has none: it is always minutes away."""
OLDEST = 600
"""Seconds since a token was issued. It was asked for just now, so an older one is somebody's leftover."""
LONGEST_SUBJECT = 255

_SHAPE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}


class _Registry(JWSRegistry):
    """The algorithms that it was given and no other; the library's opinion of them is not asked."""

    max_header_length = 8192
    """Some providers put a chain of certificates there. It is not looked at, and does no harm."""

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(f"{name} is not allowed")
        return self.algorithms[name]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token has to be, for one sign-in. `is_issuer` knows the issuer; `key_issuers` what a key may be for."""

    is_issuer: Callable[[str], bool]
    key_issuers: tuple[str, ...]
    algorithms: tuple[str, ...]
    client_id: str
    nonce: str
    access_token: str | None


FindKeys = Callable[[str | None, str], tuple[Jwk, ...]]
"""The provider's keys by their id and the algorithm, none when it publishes none that fits."""


def verified_claims(token: str, *, expected: Expected, find_keys: FindKeys, now: datetime) -> dict[str, Any]:
    """The claims of a token that is what was expected. Raises AssertionRefused with the reason."""
    signed, algorithm, keys = _signature_verified(token, expected=expected, find_keys=find_keys)
    try:
        claims = json.loads(signed.payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise AssertionRefused("The ID token holds no claims.")
    _check_issuer(claims, expected=expected, keys=keys)
    _check_audience(claims, client_id=expected.client_id)
    _check_times(claims, at=now.timestamp())
    _check_nonce(claims, nonce=expected.nonce)
    _check_access_token(claims, access_token=expected.access_token, algorithm=algorithm)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not _is_visible(subject):
        raise AssertionRefused("The ID token names nobody: sub must be a text of 1 to 255 visible ASCII characters.")
    return claims


def _signature_verified(
    token: str, *, expected: Expected, find_keys: FindKeys
) -> tuple[CompactSignature, str, list[Jwk]]:
    if not _SHAPE.fullmatch(token):
        raise AssertionRefused("The ID token is not a signed token of three parts.")
    registry = _Registry(algorithms=expected.algorithms, strict_check_header=False)
    try:
        signed = jws.extract_compact(token.encode(), registry=registry)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise AssertionRefused("The ID token cannot be read, or is too long.") from None
    header: Any = signed.headers()
    algorithm, key_id = (header.get("alg"), header.get("kid")) if isinstance(header, Mapping) else (None, None)
    if not isinstance(algorithm, str) or algorithm not in expected.algorithms:
        raise AssertionRefused(
            f"The ID token is not signed with an algorithm that is taken ({', '.join(expected.algorithms)})."
        )
    if "crit" in header:
        raise AssertionRefused("The ID token asks for an extension (crit) that is not understood here.")
    if key_id is not None and not isinstance(key_id, str):
        raise AssertionRefused("The ID token's key id is not a text.")
    usable = [(key, ready) for key in find_keys(key_id, algorithm) if (ready := imported(key)) is not None]
    if not usable:
        raise AssertionRefused(f"The ID token is signed with a key that the provider does not publish for {algorithm}.")
    keys = [key for key, ready in usable if _is_signed_with(signed, ready, registry)]
    if not keys:
        raise AssertionRefused("The ID token's signature is not the provider's.")
    return signed, algorithm, keys


def _is_signed_with(signed: CompactSignature, key: Key, registry: _Registry) -> bool:
    try:
        return jws.validate_compact(signed, key, registry=registry)
    except (JoseError, ValueError, TypeError):
        return False


def _is_visible(text: str) -> bool:
    """ASCII without control characters: PostgreSQL keeps no NUL, and nobody could tell the others apart."""
    return text.isascii() and text.isprintable()


def _check_issuer(claims: Mapping[str, Any], *, expected: Expected, keys: list[Jwk]) -> None:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not expected.is_issuer(issuer):
        raise AssertionRefused("The ID token is another issuer's (iss).")
    # Entra ID publishes the keys of many issuers in one set, and says with each whose it is.
    if not any(key.get("issuer", issuer) in (issuer, *expected.key_issuers) for key in keys):
        raise AssertionRefused("The ID token is signed with a key that belongs to another issuer.")


def _check_audience(claims: Mapping[str, Any], *, client_id: str) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        raise AssertionRefused("The ID token is meant for another application (aud).")
    if len(named) > 1 and party is None:
        raise AssertionRefused("The ID token is meant for several applications and does not say which asked (azp).")
    if party is not None and party != client_id:
        raise AssertionRefused("The ID token was issued to another application (azp).")


def _check_times(claims: Mapping[str, Any], *, at: float) -> None:
    ends, issued, begins = (_seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if ends is None or at >= ends:
        raise AssertionRefused("The ID token has expired, or does not say when it does (exp).")
    if issued is None or at - issued > OLDEST:
        raise AssertionRefused("The ID token was issued too long ago, or does not say when (iat).")
    if issued - at > LEEWAY:
        raise AssertionRefused("The ID token is issued in the future (iat): check the clocks of both servers.")
    if "nbf" in claims and (begins is None or begins - at > LEEWAY):
        raise AssertionRefused("The ID token is not valid yet (nbf): check the clocks of both servers.")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    # What a float cannot hold, and what is no number though a float holds it, is no time either.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e12 < value < 1e12:
        return None
    return float(value)


def _check_nonce(claims: Mapping[str, Any], *, nonce: str) -> None:
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode("utf-8", "replace"), nonce.encode()):
        raise AssertionRefused("The ID token belongs to another sign-in (nonce).")


def _check_access_token(claims: Mapping[str, Any], *, access_token: str | None, algorithm: str) -> None:
    """OpenID Connect Core 3.1.3.6: optional in the code flow, but never wrong."""
    if "at_hash" not in claims:
        return
    said = claims["at_hash"]
    if access_token is None or not isinstance(said, str):
        raise AssertionRefused("The ID token goes with an access token that did not come (at_hash).")
    digest = _HASHES[algorithm[-3:]](access_token.encode("utf-8", "replace")).digest()
    ours = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not hmac.compare_digest(said.encode("utf-8", "replace"), ours):
        raise AssertionRefused("The ID token goes with another access token (at_hash).")
