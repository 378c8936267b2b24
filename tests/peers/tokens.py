"""Keys of a provider, and tokens signed with them or forged.

Made with cryptography alone, since what verifies them is another library.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

_CURVES: dict[str, tuple[str, type[ec.EllipticCurve], int]] = {
    "ES256": ("P-256", ec.SECP256R1, 32),
    "ES384": ("P-384", ec.SECP384R1, 48),
    "ES512": ("P-521", ec.SECP521R1, 66),
}
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}


def text(content: bytes) -> str:
    """base64url without padding, as in every part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True)
class SigningKey:
    """A private key under an id."""

    kid: str
    private: Private

    def public(self, **more: Any) -> dict[str, Any]:
        """The JWK that a provider publishes; `more` adds to it or overrides it."""
        return {"kid": self.kid, "use": "sig", **_numbers(self.private), **more}


@cache
def key_for(algorithm: str, kid: str = "") -> SigningKey:
    """The one key of this process for an algorithm and an id; making RSA keys takes a while."""
    kid = kid or ("rsa-1" if algorithm[:2] in ("RS", "PS") else f"{algorithm.lower()}-1")
    if algorithm == "EdDSA":
        return SigningKey(kid, ed25519.Ed25519PrivateKey.generate())
    if algorithm in _CURVES:
        return SigningKey(kid, ec.generate_private_key(_CURVES[algorithm][1]()))
    return rsa_key(kid, 2048)


@cache
def rsa_key(kid: str, bits: int) -> SigningKey:
    return SigningKey(kid, rsa.generate_private_key(public_exponent=65537, key_size=bits))


def signed(
    claims: Mapping[str, Any] | bytes, key: SigningKey, algorithm: str, header: Mapping[str, Any] | None = None
) -> str:
    """A token of these claims. `header` adds to alg, kid and typ; a value of None takes the member out."""
    whole = {"alg": algorithm, "kid": key.kid, "typ": "JWT", **(header or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    return joined(whole, claims, lambda message: signature(message, key.private, algorithm))


def joined(header: Mapping[str, Any], claims: Mapping[str, Any] | bytes, sign: Any) -> str:
    """Header, claims and whatever `sign` makes of the two."""
    content = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    message = f"{text(json.dumps(header).encode())}.{text(content)}"
    return f"{message}.{text(sign(message.encode()))}"


def signature(message: bytes, private: Private, algorithm: str) -> bytes:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(message)
    digest = _HASHES[algorithm[2:]]()
    if isinstance(private, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(digest)))
        size = (private.curve.key_size + 7) // 8
        return r.to_bytes(size) + s.to_bytes(size)
    if algorithm.startswith("PS"):
        pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
        return private.sign(message, pss, digest)
    return private.sign(message, padding.PKCS1v15(), digest)


def access_token_hash(access_token: str, algorithm: str) -> str:
    """at_hash (OpenID Connect Core 3.1.3.6)."""
    name = "sha512" if algorithm == "EdDSA" else f"sha{algorithm[2:]}"
    digest = hashlib.new(name, access_token.encode()).digest()
    return text(digest[: len(digest) // 2])


def _numbers(private: Private) -> dict[str, str]:
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        size = (private.key_size + 7) // 8
        return {"kty": "RSA", "n": text(numbers.n.to_bytes(size)), "e": text(numbers.e.to_bytes(3))}
    if isinstance(private, ec.EllipticCurvePrivateKey):
        point = private.public_key().public_numbers()
        size = (private.curve.key_size + 7) // 8
        curve = next(name for name, made, _ in _CURVES.values() if isinstance(private.curve, made))
        return {"kty": "EC", "crv": curve, "x": text(point.x.to_bytes(size)), "y": text(point.y.to_bytes(size))}
    return {"kty": "OKP", "crv": "Ed25519", "x": text(private.public_key().public_bytes_raw())}
