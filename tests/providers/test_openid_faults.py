"""Providers that are slow, broken or change their keys: what is remembered, and how each failure ends (B15, R34)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from providers.protocols import AssertionRefused, ProviderFailed
from providers.protocols.oidc import OpenIdConnect
from providers.protocols.remembering import MOST_KEPT, Remembered
from tests.peers.hostile_op import DISCOVERY, KEYS, TOKEN, USERINFO, HostileProvider, Instead, running
from tests.peers.tokens import SigningKey, key_for, rsa_key, signed
from tests.providers.stories_openid import arrive, connection_to, leave

ENDPOINTS = (DISCOVERY, KEYS, TOKEN, USERINFO)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

BROKEN = {
    "500": Instead(500, b"{}"),
    "503_as_HTML": Instead(503, b"<h1>Sorry</h1>", "text/html"),
    "HTML_with_200": Instead(200, b"<!doctype html><title>Sign in</title>", "text/html"),
    "nothing": Instead(200, b""),
    "a_list": Instead(200, b"[]"),
    "a_text": Instead(200, b'"error"'),
    "null": Instead(200, b"null"),
    "bytes": Instead(200, b"\xff\xfe\x00"),
    "nested_deep": Instead(200, b"[" * 500_000),
    "too_large": Instead(200, b'{"a": "' + b"x" * 1_100_000 + b'"}'),
    "elsewhere": Instead(302, location="http://127.0.0.1:9/"),
    "not_found": Instead(404, b"{}"),
}


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.PROVIDER_NETWORKS = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def op() -> Iterator[HostileProvider]:
    with running() as provider:
        provider.document["userinfo_endpoint"] = provider.url + USERINFO
        provider.userinfo = {"sub": "person-1"}
        yield provider


@pytest.fixture
def protocol() -> OpenIdConnect:
    return OpenIdConnect()


def _sign_in(protocol: OpenIdConnect, op: HostileProvider, *, key: SigningKey | None = None, now: datetime) -> str:
    """A whole round trip at that time; userinfo is asked too."""
    connection = connection_to(op)
    departure = leave(protocol, connection, now=now)
    at = int(now.timestamp())
    claims = op.claims(departure, email=None, iat=at, exp=at + 300)
    token = signed(claims, key or key_for("RS256"), "RS256")
    return arrive(protocol, connection, op.come_back(departure, token=token), now=now).subject


class TestBroken:
    @pytest.mark.parametrize("broken", BROKEN)
    @pytest.mark.parametrize("endpoint", ENDPOINTS)
    def test_B15_an_endpoint_that_answers_nonsense_is_a_failure_of_the_provider(
        self, protocol: OpenIdConnect, op: HostileProvider, endpoint: str, broken: str, now: datetime
    ) -> None:
        op.instead[endpoint] = BROKEN[broken]
        with pytest.raises(ProviderFailed) as failed:
            _sign_in(protocol, op, now=now)
        assert str(failed.value).endswith(".")

    def test_B15_an_endpoint_that_says_nothing_is_a_failure_too(
        self, op: HostileProvider, settings: Any, now: datetime
    ) -> None:
        settings.PROVIDER_CALLS_AT_ONCE = len(ENDPOINTS)

        def reason(endpoint: str) -> str:
            with running() as silent:
                silent.document["userinfo_endpoint"] = silent.url + USERINFO
                silent.instead[endpoint] = Instead(hang=True)
                with pytest.raises(ProviderFailed) as failed:
                    _sign_in(OpenIdConnect(), silent, now=now)
                return str(failed.value)

        with ThreadPoolExecutor(len(ENDPOINTS)) as threads:
            assert all("within 5 seconds" in said for said in threads.map(reason, ENDPOINTS))
        assert _sign_in(OpenIdConnect(), op, now=now) == "person-1", "others are unaffected afterwards"

    def test_B15_a_provider_that_is_gone_is_a_failure_too(self, protocol: OpenIdConnect, now: datetime) -> None:
        with running() as gone:
            connection = connection_to(gone)
        with pytest.raises(ProviderFailed, match="discovery document could not be read"):
            leave(protocol, connection, now=now)

    @pytest.mark.parametrize("expires_in", ["soon", ["3600"], {"a": 1}, 1e400])
    def test_B15_a_token_that_lasts_nonsense_ends_no_request(
        self, protocol: OpenIdConnect, op: HostileProvider, expires_in: Any, now: datetime
    ) -> None:
        connection = connection_to(op)
        answer = op.come_back(leave(protocol, connection, now=now), expires_in=expires_in)
        with pytest.raises(ProviderFailed, match="no token"):
            arrive(protocol, connection, answer)


class TestKeys:
    def test_B15_what_a_provider_publishes_is_read_once_for_many_sign_ins(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        for number in range(3):
            _sign_in(protocol, op, now=now + number * MINUTE)
        assert (op.count(DISCOVERY), op.count(KEYS), op.count(TOKEN)) == (1, 1, 3)

    def test_B15_a_new_key_is_read_at_its_first_use_and_unknown_ones_once_a_minute_at_most(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        _sign_in(protocol, op, now=now)
        new, later, stranger = (rsa_key(name, 2048) for name in ("new", "later", "stranger"))
        op.keys = [new.public()]
        assert _sign_in(protocol, op, key=new, now=now + timedelta(seconds=10)) == "person-1"
        assert op.count(KEYS) == 2
        op.keys = [new.public(), later.public()]
        for second in range(11, 70):
            if second % 10 == 1:
                with pytest.raises(AssertionRefused, match="does not publish"):
                    _sign_in(protocol, op, key=stranger, now=now + timedelta(seconds=second))
        assert op.count(KEYS) == 2
        assert _sign_in(protocol, op, key=later, now=now + timedelta(seconds=71)) == "person-1"
        assert op.count(KEYS) == 3

    def test_B15_keys_that_were_read_for_this_sign_in_are_not_read_again(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        with pytest.raises(AssertionRefused, match="does not publish"):
            _sign_in(protocol, op, key=rsa_key("stranger", 2048), now=now)
        assert op.count(KEYS) == 1

    def test_B15_a_known_key_that_does_not_fit_makes_nobody_ask_again(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        op.keys = [key_for("RS256").public(use="enc")]
        for number in range(2):
            with pytest.raises(AssertionRefused, match="does not publish"):
                _sign_in(protocol, op, now=now + number * MINUTE)
        assert op.count(KEYS) == 1

    def test_threat_6_a_hostile_provider_uses_up_no_reading_of_another_s_keys(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        _sign_in(protocol, op, now=now)
        with running() as hostile:
            hostile.document["jwks_uri"] = op.url + KEYS
            for number in range(3):
                with pytest.raises(AssertionRefused):
                    _sign_in(protocol, hostile, key=rsa_key("stranger", 2048), now=now + timedelta(seconds=number))
        new = rsa_key("new", 2048)
        op.keys = [new.public()]
        assert _sign_in(protocol, op, key=new, now=now + timedelta(seconds=4)) == "person-1"

    def test_threat_6_the_provider_that_shares_another_s_keys_is_still_its_own_issuer(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        with running() as hostile:
            hostile.document["jwks_uri"] = op.url + KEYS
            connection = connection_to(hostile)
            departure = leave(protocol, connection, now=now)
            stolen = op.token(departure, iss=op.url)
            with pytest.raises(AssertionRefused, match="another issuer"):
                arrive(protocol, connection, hostile.come_back(departure, token=stolen))


class TestRemembering:
    def test_R34_a_document_is_read_again_after_an_hour(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        leave(protocol, connection_to(op), now=now)
        op.document["authorization_endpoint"] = op.url + "/moved"
        assert "/authorize?" in leave(protocol, connection_to(op), now=now + HOUR - MINUTE)
        assert "/moved?" in leave(protocol, connection_to(op), now=now + HOUR)

    def test_R34_the_old_one_serves_for_a_day_while_the_provider_is_silent_about_it(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        leave(protocol, connection_to(op), now=now)
        op.instead[DISCOVERY] = BROKEN["500"]
        for minutes, asked in ((60, 2), (60.5, 2), (61, 3), (23 * 60, 4)):
            assert "/authorize?" in leave(protocol, connection_to(op), now=now + minutes * MINUTE)
            assert op.count(DISCOVERY) == asked, "a silent provider is asked once a minute"
        with pytest.raises(ProviderFailed):
            leave(protocol, connection_to(op), now=now + 24 * HOUR)

    def test_threat_39_the_old_one_does_not_serve_when_the_new_one_is_wrong(
        self, protocol: OpenIdConnect, op: HostileProvider, now: datetime
    ) -> None:
        leave(protocol, connection_to(op), now=now)
        op.document["issuer"] = "https://other.example"
        with pytest.raises(ProviderFailed, match="another issuer"):
            leave(protocol, connection_to(op), now=now + HOUR)

    def test_R34_it_keeps_a_bounded_number(self) -> None:
        remembered: Remembered[int] = Remembered()
        now = datetime.now(UTC)
        for number in range(MOST_KEPT + 10):
            remembered.value(str(number), now=now, source=lambda: 1)
        assert remembered.value("0", now=now, source=lambda: 2) == 2, "the first was let go"
        assert remembered.value(str(MOST_KEPT + 9), now=now, source=lambda: 2) == 1
