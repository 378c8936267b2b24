"""The corpus of bad ID tokens (B15, threat 13): each entry makes one, for one departure, that has to be refused."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.peers.hostile_op import CLIENT_ID, CLIENT_SECRET, HostileProvider
from tests.peers.tokens import SigningKey, access_token_hash, joined, key_for, rsa_key, signed, text

Bad = Callable[[HostileProvider, str], Any]

ATTACKER = rsa_key("attacker", 2048)
ATTACKERS_CURVE = key_for("ES256", "attacker-2")
GOOD = key_for("RS256")


def _claims(**changes: Any) -> Bad:
    """A token with the provider's own signature over claims that are not what they should be."""
    return lambda op, departure: op.token(departure, **changes)


def _later(**offsets: Any) -> Bad:
    """The same, with times in seconds from now."""
    return lambda op, departure: op.token(departure, **{name: int(time.time()) + by for name, by in offsets.items()})


def _header(key: SigningKey = GOOD, algorithm: str = "RS256", **header: Any) -> Bad:
    """Good claims under another header, or signed with another key."""
    return lambda op, departure: signed(op.claims(departure), key, algorithm, header)


def _unsigned(name: str, content: bytes = b"") -> Bad:
    return lambda op, departure: joined({"alg": name, "typ": "JWT"}, op.claims(departure), lambda _: content)


def _hmac(secret: bytes, algorithm: str = "HS256", **header: Any) -> Bad:
    digest = f"sha{algorithm[2:]}"
    return lambda op, departure: joined(
        {"alg": algorithm, "kid": GOOD.kid, **header},
        op.claims(departure),
        lambda message: hmac.digest(secret, message, digest),
    )


def _bent(change: Callable[[str], Any]) -> Bad:
    """A good token, changed after it was signed."""
    return lambda op, departure: change(op.token(departure))


def _published(jwk: dict[str, Any], key: SigningKey, algorithm: str) -> Bad:
    """Good claims, signed with a key that the provider publishes but that is not fit for it."""

    def made(op: HostileProvider, departure: str) -> str:
        op.keys = [*op.keys, jwk]
        return signed(op.claims(departure), key, algorithm)

    return made


def _other_payload(token: str) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(_bytes(payload))
    return ".".join((header, text(json.dumps({**claims, "sub": "person-2"}).encode()), signature))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


PUBLIC_PEM = GOOD.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PUBLIC_DER = GOOD.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ATTACKERS_JWK = ATTACKER.public(kid=GOOD.kid)
SMALL = rsa_key("small", 1024)
SPARE = rsa_key("spare", 2048)

BAD_TOKENS: dict[str, Bad] = {
    # No signature, or one that anybody could make
    "alg_none": _unsigned("none"),
    "alg_None": _unsigned("None"),
    "alg_NONE": _unsigned("NONE"),
    "alg_nOnE_with_a_signature": _unsigned("nOnE", b"signed"),
    "alg_none_with_a_signature": _unsigned("none", b"signed"),
    "alg_empty": _unsigned("", b"x"),
    "alg_missing": _header(alg=None),
    "alg_list": _header(alg=["RS256"]),
    "alg_number": _header(alg=256),
    "alg_lower_case": _header(alg="rs256"),
    "HS256_with_the_public_key_as_PEM": _hmac(PUBLIC_PEM),
    "HS256_with_the_public_key_as_DER": _hmac(PUBLIC_DER),
    "HS256_with_the_public_key_as_JWK": _hmac(json.dumps(GOOD.public()).encode()),
    "HS256_with_an_empty_key": _hmac(b""),
    "HS256_with_the_client_secret": _hmac(CLIENT_SECRET.encode()),
    "HS384_with_the_client_secret": _hmac(CLIENT_SECRET.encode(), "HS384"),
    "HS512_with_the_client_secret": _hmac(CLIENT_SECRET.encode(), "HS512"),
    "HS256_with_a_published_symmetric_key": lambda op, departure: _with_symmetric_key(op, departure),
    # Somebody else's key
    "signed_by_an_attacker_under_the_provider_s_key_id": _header(ATTACKER, kid=GOOD.kid),
    "jwk_of_an_attacker": _header(ATTACKER, kid=None, jwk=ATTACKER.public()),
    "jwk_of_an_attacker_s_curve": _header(ATTACKERS_CURVE, "ES256", kid="es256-1", jwk=ATTACKERS_CURVE.public()),
    "jwk_of_an_attacker_under_the_provider_s_key_id": _header(ATTACKER, kid=GOOD.kid, jwk=ATTACKERS_JWK),
    "jku_of_an_attacker": _header(ATTACKER, jku="https://attacker.example/jwks"),
    "jku_of_an_attacker_under_the_provider_s_key_id": _header(ATTACKER, kid=GOOD.kid, jku="https://attacker.example/"),
    "x5u_of_an_attacker": _header(ATTACKER, x5u="https://attacker.example/cert.pem"),
    "x5c_of_an_attacker": _header(ATTACKER, kid=GOOD.kid, x5c=["MIIB"]),
    "kid_unknown": _header(kid="nobody-knows"),
    "kid_path": _header(kid="../../../../dev/null"),
    "kid_URL": _header(kid="https://attacker.example/jwks.json"),
    "kid_SQL": _header(kid="' UNION SELECT 'key' --"),
    "kid_empty": _header(ATTACKER, kid=""),
    "kid_number": _header(ATTACKER, kid=1),
    "kid_list": _header(kid=[GOOD.kid]),
    "kid_missing_and_signed_by_an_attacker": _header(ATTACKER, kid=None),
    # A key of the provider that must not sign this
    "key_for_encryption": _published(SPARE.public(use="enc"), SPARE, "RS256"),
    "key_for_other_operations": _published(SPARE.public(key_ops=["encrypt"]), SPARE, "RS256"),
    "key_for_another_algorithm": _published(SPARE.public(alg="RS512"), SPARE, "RS256"),
    "key_of_1024_bits": _published(SMALL.public(), SMALL, "RS256"),
    "key_that_is_no_key": _published({"kty": "RSA", "kid": "spare", "n": "AQAB", "e": "!!"}, SPARE, "RS256"),
    "key_of_another_issuer": _published(SPARE.public(issuer="https://other.example"), SPARE, "RS256"),
    "ES256_with_an_RSA_key": _header(GOOD, "RS256", alg="ES256"),
    "RS256_with_an_EC_key": _header(key_for("ES256"), "ES256", alg="RS256"),
    "ES256_with_a_P-384_key": _header(key_for("ES384"), "ES384", alg="ES256"),
    "PS256_signed_as_RS256": _header(GOOD, "RS256", alg="PS256"),
    "EdDSA_with_an_EC_key": _header(key_for("ES256"), "ES256", alg="EdDSA"),
    # Bent on the way
    "another_payload": _bent(_other_payload),
    "signature_missing": _bent(lambda token: token.rpartition(".")[0] + "."),
    "signature_bent": _bent(lambda token: token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)),
    "truncated": _bent(lambda token: token[: len(token) // 2]),
    "two_parts": _bent(lambda token: token.rpartition(".")[0]),
    "two_tokens_joined": _bent(lambda token: f"{token}.{token}"),
    "two_tokens_with_a_space": _bent(lambda token: f"{token} {token}"),
    "padded_parts": _bent(lambda token: token.replace(".", "=.")),
    "a_line_end": _bent(lambda token: token + "\n"),
    "encrypted": _bent(lambda token: "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d"),
    "a_list": _bent(lambda token: [token]),
    "JSON_serialization": _bent(
        lambda token: json.dumps(dict(zip(("protected", "payload", "signature"), token.split("."), strict=True)))
    ),
    "empty": _bent(lambda token: ""),
    "not_a_token": _bent(lambda token: "<html>"),
    "too_long": _claims(padding="x" * 200_000),
    "extension_that_must_be_understood": _header(crit=["exp"], exp=1),
    "payload_not_encoded": _header(crit=["b64"], b64=False),
    "payload_a_list": lambda op, departure: signed(b"[1]", GOOD, "RS256"),
    "payload_no_JSON": lambda op, departure: signed(b"{", GOOD, "RS256"),
    "payload_nested_deep": lambda op, departure: signed(b"[" * 90_000, GOOD, "RS256"),
    # For somebody else
    "iss_other": _claims(iss="https://other.example"),
    "iss_with_a_slash_more": lambda op, departure: op.token(departure, iss=op.url + "/"),
    "iss_missing": _claims(iss=None),
    "iss_list": lambda op, departure: op.token(departure, iss=[op.url]),
    "aud_other": _claims(aud="another-application"),
    "aud_missing": _claims(aud=None),
    "aud_empty_list": _claims(aud=[]),
    "aud_list_without_azp": _claims(aud=[CLIENT_ID, "another-application"]),
    "aud_longer": _claims(aud=CLIENT_ID + "-2"),
    "aud_object": _claims(aud={CLIENT_ID: True}),
    "azp_other": _claims(azp="another-application"),
    "azp_other_in_a_list": _claims(aud=[CLIENT_ID, "another-application"], azp="another-application"),
    # Too old, too early
    "exp_passed": _later(exp=-1),
    "exp_missing": _claims(exp=None),
    "exp_text": _claims(exp="4102444800"),
    "exp_true": _claims(exp=True),
    "exp_infinite": lambda op, departure: signed(
        json.dumps({**op.claims(departure), "exp": float("inf")}).encode(), GOOD, "RS256"
    ),
    "exp_beyond_all_times": _claims(exp=10**400),
    "nbf_in_an_hour": _later(nbf=3600),
    "nbf_text": _claims(nbf="soon"),
    "iat_missing": _claims(iat=None),
    "iat_an_hour_ago": _later(iat=-3600),
    "iat_in_an_hour": _later(iat=3600, exp=7200),
    "iat_text": _claims(iat="now"),
    # Of another sign-in
    "nonce_missing": _claims(nonce=None),
    "nonce_other": _claims(nonce="another"),
    "nonce_empty": _claims(nonce=""),
    "nonce_list": lambda op, departure: op.token(departure, nonce=[op.claims(departure)["nonce"]]),
    "nonce_said_to_be_unsupported": _claims(nonce=None, nonce_supported=False),
    "at_hash_other": _claims(at_hash=access_token_hash("another", "RS256")),
    "at_hash_empty": _claims(at_hash=""),
    "at_hash_number": _claims(at_hash=1),
    # Nobody
    "sub_missing": _claims(sub=None),
    "sub_empty": _claims(sub=""),
    "sub_too_long": _claims(sub="x" * 256),
    "sub_number": _claims(sub=1),
    "sub_list": _claims(sub=["person-1"]),
    "sub_not_ASCII": _claims(sub="pérson"),
}


def _with_symmetric_key(op: HostileProvider, departure: str) -> str:
    op.keys = [{"kty": "oct", "kid": "shared", "k": text(b"0" * 32)}]
    return str(_hmac(b"0" * 32, kid="shared")(op, departure))
