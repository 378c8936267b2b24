"""The corpus of ID tokens: a real provider on loopback issues bad ones and good ones (B15, threat 13)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from providers.protocols import AssertionRefused
from providers.protocols.oidc import OpenIdConnect
from tests.peers.bad_tokens import BAD_TOKENS
from tests.peers.hostile_op import CLIENT_ID, HostileProvider, running
from tests.peers.tokens import ALGORITHMS, access_token_hash, key_for, rsa_key, signed
from tests.providers.stories_openid import arrive, connection_to, leave

Good = Callable[[HostileProvider, str], tuple[str, dict[str, Any]]]


def _later(**offsets: Any) -> Good:
    return lambda op, departure: (
        op.token(departure, **{name: int(time.time()) + by for name, by in offsets.items()}),
        {},
    )


def _algorithm(name: str) -> Good:
    return lambda op, departure: (
        op.token(departure, algorithm=name, at_hash=access_token_hash("the access token", name)),
        {"access_token": "the access token"},
    )


def _without_key_id(op: HostileProvider, departure: str) -> tuple[str, dict[str, Any]]:
    return signed(op.claims(departure), key_for("RS256"), "RS256", {"kid": None}), {}


def _key_given_twice(op: HostileProvider, departure: str) -> tuple[str, dict[str, Any]]:
    """First for another issuer, as in a set that several issuers share, and once under an id that is taken."""
    signer, namesake = key_for("RS256"), rsa_key(key_for("RS256").kid + "b", 2048)
    op.keys = [signer.public(issuer="https://other.example"), namesake.public(kid=signer.kid), *op.keys]
    return op.token(departure), {}


GOOD_TOKENS: dict[str, Good] = {
    **{f"signed_with_{name}": _algorithm(name) for name in ALGORITHMS},
    "aud_list_of_one": lambda op, departure: (op.token(departure, aud=[CLIENT_ID]), {}),
    "aud_list_with_azp": lambda op, departure: (op.token(departure, aud=["api", CLIENT_ID], azp=CLIENT_ID), {}),
    "kid_missing_where_one_key_fits": _without_key_id,
    "kid_given_to_several_keys": _key_given_twice,
    "header_with_a_word_of_the_provider_s_own": lambda op, departure: (
        signed(op.claims(departure), key_for("RS256"), "RS256", {"x5t": "abc", "region": "north"}),
        {},
    ),
    "no_access_token": lambda op, departure: (op.token(departure), {"access_token": None}),
    "ends_in_five_seconds": _later(exp=5),
    "begins_in_half_a_minute": _later(nbf=30),
    "issued_in_half_a_minute": _later(iat=30),
    "issued_nine_minutes_ago": _later(iat=-540),
    "sub_of_255_characters": lambda op, departure: (op.token(departure, sub="x" * 255), {}),
}


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.PROVIDER_NETWORKS = (ip_network("127.0.0.0/8"),)


@pytest.fixture(scope="module")
def op() -> Iterator[HostileProvider]:
    with running() as provider:
        yield provider


def _refusal(op: HostileProvider, name: str) -> str:
    """What the product says of this bad token; "" when it takes it."""
    protocol, connection = OpenIdConnect(), connection_to(op)
    departure = leave(protocol, connection)
    published = list(op.keys)
    token = BAD_TOKENS[name](op, departure)
    try:
        arrive(protocol, connection, op.come_back(departure, token=token))
    except AssertionRefused as refused:
        return str(refused)
    finally:
        op.keys = published
    return ""


def _subject(op: HostileProvider, name: str) -> str:
    protocol, connection = OpenIdConnect(), connection_to(op)
    departure = leave(protocol, connection)
    published = list(op.keys)
    token, more = GOOD_TOKENS[name](op, departure)
    try:
        return arrive(protocol, connection, op.come_back(departure, token=token, **more)).subject
    finally:
        op.keys = published


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_B15_it_refuses_a_bad_ID_token_and_says_why_without_repeating_it(op: HostileProvider, name: str) -> None:
    reason = _refusal(op, name)
    assert reason.endswith((".", ".)")), "the token was taken"
    assert "eyJ" not in reason


@pytest.mark.parametrize("name", GOOD_TOKENS)
def test_B15_it_takes_a_good_ID_token(op: HostileProvider, name: str) -> None:
    assert _subject(op, name) == ("x" * 255 if name.startswith("sub") else "person-1")


def test_B15_it_refuses_all_of_the_corpus_and_takes_all_good_ones(op: HostileProvider) -> None:
    reasons = {name: _refusal(op, name) for name in BAD_TOKENS}
    refused = sum(1 for reason in reasons.values() if reason)
    taken = sum(1 for name in GOOD_TOKENS if _subject(op, name))
    print(f"bad ID tokens refused: {refused} of {len(BAD_TOKENS)}; good ones taken: {taken} of {len(GOOD_TOKENS)}")  # noqa: T201
    assert len(BAD_TOKENS) >= 24
    assert (refused, taken) == (len(BAD_TOKENS), len(GOOD_TOKENS))
    assert len(set(reasons.values())) > 15, "the reasons tell the cases apart"
