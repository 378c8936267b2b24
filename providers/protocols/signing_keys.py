"""The keys that a provider publishes, and which of them may have signed a token (RFC 7517, RFC 7518).

Knows keys by their id alone. It must never take a key, or the place of one, from the token itself: jwk, jku, x5u and
x5c in a header are what a forger would write (RFC 8725 3.10).
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.util import urlsafe_b64decode

from providers.fetching import fetch_json
from providers.protocols.base import ProviderFailed

MOST_KEYS = 100
MOST_UNDER_ONE_ID = 4
FEWEST_RSA_BITS = 2048

_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

Jwk = Mapping[str, Any]


def read_keys(url: str) -> tuple[Jwk, ...]:
    """The keys that stand there now. Asks the network. Raises FetchFailed and ProviderFailed."""
    keys = fetch_json(url).get("keys")
    if not isinstance(keys, list):
        raise ProviderFailed("The provider's jwks_uri holds no set of keys.")
    return tuple(key for key in keys[:MOST_KEYS] if isinstance(key, dict))


def fitting(keys: tuple[Jwk, ...], *, key_id: str | None, algorithm: str) -> tuple[Jwk, ...]:
    """The keys that may have signed with this algorithm: one as a rule, a few where a provider gives an id twice.

    A token without a key id is matched only where one key fits at all (OpenID Connect Core 10.1).
    """
    suited = tuple(key for key in keys if _is_suited(key, algorithm) and (key_id is None or key.get("kid") == key_id))
    return suited[:MOST_UNDER_ONE_ID] if key_id is not None or len(suited) == 1 else ()


def imported(key: Jwk) -> Key | None:
    """The key, ready for use; None when what it says is not a key."""
    try:
        return JWKRegistry.import_key(dict(key))
    except (JoseError, ValueError, TypeError, KeyError, binascii.Error):
        return None


def _is_suited(key: Jwk, algorithm: str) -> bool:
    operations = key.get("key_ops")
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        return False
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return False
    if algorithm in _CURVES:
        return key.get("kty") == "EC" and key.get("crv") == _CURVES[algorithm]
    if algorithm == "EdDSA":
        return key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
    return key.get("kty") == "RSA" and _bits(key.get("n")) >= FEWEST_RSA_BITS


def _bits(modulus: Any) -> int:
    try:
        return int.from_bytes(urlsafe_b64decode(str(modulus).encode())).bit_length()
    except ValueError:
        return 0
