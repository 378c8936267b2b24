"""Signing in by OpenID Connect: what a provider publishes, leaving to it and coming back (R36, threats 39 and 40)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.kinds import BY_ID
from providers.protocols import AssertionRefused, ProviderFailed
from providers.protocols.oidc import OpenIdConnect
from providers.rules import Asserted
from tests.peers.hostile_op import (
    CLIENT_ID,
    CLIENT_SECRET,
    DISCOVERY,
    TOKEN,
    HostileProvider,
    running,
)
from tests.providers.stories_openid import HANDSHAKE, arrive, connection_to, leave

IS_PROMISED = "authorization_response_iss_parameter_supported"


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.PROVIDER_NETWORKS = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def op() -> Iterator[HostileProvider]:
    with running() as provider:
        yield provider


@pytest.fixture
def protocol() -> OpenIdConnect:
    """One process, with nothing remembered."""
    return OpenIdConnect()


def _asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


class TestLeaving:
    def test_R36_it_asks_for_a_code_with_everything_that_binds_the_answer(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        url = leave(protocol, connection_to(op))
        assert url.startswith(f"{op.url}/authorize?")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(HANDSHAKE.verifier.encode()).digest()).rstrip(b"=")
        assert _asked(url) == {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": "https://guests.fabrikam.example/return/1",
            "scope": "openid email profile",
            "state": HANDSHAKE.state,
            "nonce": HANDSHAKE.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }

    def test_R23_it_names_the_expected_address_and_lets_another_account_be_chosen(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        asked = _asked(leave(protocol, connection_to(op), hint="nicole+1@adatum.example", is_fresh=True))
        assert asked["login_hint"] == "nicole+1@adatum.example"
        assert asked["prompt"] == "select_account"

    @pytest.mark.parametrize(("known", "prompt"), [(["login", "consent"], "login"), (["none"], None)])
    def test_R23_it_sends_no_prompt_that_the_provider_says_it_does_not_know(
        self, protocol: OpenIdConnect, op: HostileProvider, known: list[str], prompt: str | None
    ) -> None:
        op.document["prompt_values_supported"] = known
        assert _asked(leave(protocol, connection_to(op), is_fresh=True)).get("prompt") == prompt

    def test_R36_it_keeps_what_the_endpoint_carries_in_its_query(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        op.document["authorization_endpoint"] += "?realm=guests"
        assert _asked(leave(protocol, connection_to(op)))["realm"] == "guests"


class TestMetadata:
    def test_threat_39_it_refuses_a_document_of_another_issuer(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        op.document["issuer"] = "https://login.other.example"
        with pytest.raises(ProviderFailed, match="names another issuer"):
            leave(protocol, connection_to(op))

    def test_threat_39_a_slash_more_or_less_is_another_issuer(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        with pytest.raises(ProviderFailed, match="exactly as the provider spells it"):
            leave(protocol, connection_to(op, settings={"issuer": op.url + "/", "client_id": CLIENT_ID}))
        assert op.asked[-1].path == DISCOVERY, "its path has one slash"

    @pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
    @pytest.mark.parametrize(
        "value",
        [
            None,
            "",
            7,
            "http://login.adatum.example/x",
            "https://10.0.0.1/x",
            "https://169.254.169.254/latest",
            "https://user:pass@login.adatum.example/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://login.adatum.example/" + "x" * 3000,
        ],
        ids=str,
    )
    def test_threat_40_it_refuses_endpoints_that_may_not_be_asked(
        self, protocol: OpenIdConnect, op: HostileProvider, name: str, value: Any
    ) -> None:
        op.document[name] = value
        with pytest.raises(ProviderFailed, match=name):
            leave(protocol, connection_to(op))

    def test_threat_40_it_refuses_an_issuer_that_may_not_be_asked(self, protocol: OpenIdConnect) -> None:
        with running() as op, pytest.raises(ProviderFailed, match="cannot be used"):
            leave(protocol, connection_to(op, settings={"issuer": "https://[::1]/", "client_id": CLIENT_ID}))

    def test_R36_it_says_what_is_missing_in_the_settings(self, protocol: OpenIdConnect, op: HostileProvider) -> None:
        with pytest.raises(ProviderFailed, match="Issuer is missing"):
            leave(protocol, connection_to(op, settings={"client_id": CLIENT_ID}))
        with pytest.raises(ProviderFailed, match="does not speak OpenID Connect"):
            leave(protocol, connection_to(op, kind=BY_ID["emailOneTimePasscode"]))


class TestArriving:
    def test_R36_it_names_the_person_by_issuer_and_subject(self, protocol: OpenIdConnect, op: HostileProvider) -> None:
        connection = connection_to(op)
        departure = leave(protocol, connection)
        answer = op.come_back(departure, token=op.token(departure, email="Nicole@Adatum.example", name="Nicole W"))
        assert arrive(protocol, connection, answer) == Asserted(
            issuer=op.url,
            subject="person-1",
            claimed=("Nicole@Adatum.example",),
            verified=("nicole@adatum.example",),
            name="Nicole W",
        )

    def test_R36_it_redeems_a_code_once_with_the_verifier_of_this_sign_in(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        connection = connection_to(op)
        answer = op.come_back(leave(protocol, connection))
        arrive(protocol, connection, answer)
        with pytest.raises(AssertionRefused, match="does not take the code"):
            arrive(protocol, connection, answer)

    def test_threat_39_a_code_of_another_provider_is_refused(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        with running() as other:
            stolen = other.come_back(leave(protocol, connection_to(other)))
            leave(protocol, connection_to(op))
            with pytest.raises(AssertionRefused, match=r"invalid_grant, AADSTS70008"):
                arrive(protocol, connection_to(op), stolen)

    @pytest.mark.parametrize("promised", [True, False])
    def test_threat_39_an_answer_that_names_another_provider_is_refused_before_its_code_is_sent_anywhere(
        self, protocol: OpenIdConnect, op: HostileProvider, promised: bool
    ) -> None:
        op.document[IS_PROMISED] = promised
        connection = connection_to(op)
        answer = {**op.come_back(leave(protocol, connection)), "iss": "https://other.example"}
        with pytest.raises(AssertionRefused, match="comes from another provider"):
            arrive(protocol, connection, answer)
        with pytest.raises(AssertionRefused, match="comes from another provider"):
            arrive(protocol, connection, {"error": "access_denied", "iss": "https://other.example"})
        assert op.count(TOKEN) == 0

    def test_threat_39_an_answer_without_iss_is_refused_where_the_provider_promises_one(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        op.document[IS_PROMISED] = True
        connection = connection_to(op)
        answer = op.come_back(leave(protocol, connection))
        assert arrive(protocol, connection, answer).subject == "person-1"
        again = op.come_back(leave(protocol, connection))
        del again["iss"]
        with pytest.raises(AssertionRefused, match="does not say which provider"):
            arrive(protocol, connection, again)

    @pytest.mark.parametrize("answer", [{}, {"code": ""}, {"code": "x" * 9000}], ids=["none", "empty", "long"])
    def test_R36_an_answer_without_a_code_is_refused(
        self, protocol: OpenIdConnect, op: HostileProvider, answer: dict[str, str]
    ) -> None:
        with pytest.raises(AssertionRefused, match="no authorization code"):
            arrive(protocol, connection_to(op), answer)

    @pytest.mark.parametrize(
        ("secret", "methods", "shown"),
        [
            (CLIENT_SECRET, ["client_secret_basic", "client_secret_post"], "post"),
            (CLIENT_SECRET, ["client_secret_basic"], "basic"),
            (CLIENT_SECRET, None, "basic"),
            ("", ["client_secret_basic"], "none"),
        ],
    )
    def test_R36_it_shows_its_secret_as_the_provider_takes_it(
        self, protocol: OpenIdConnect, op: HostileProvider, secret: str, methods: list[str] | None, shown: str
    ) -> None:
        op.document["token_endpoint_auth_methods_supported"] = methods
        connection = connection_to(op, secret=secret)
        arrive(protocol, connection, op.come_back(leave(protocol, connection)))
        asked = next(one for one in op.asked if one.path == TOKEN)
        basic = base64.b64encode(b"vestibule-at-the-peer:a+secret%2Fwith%3Aodd%2Bcharacters%25~").decode()
        assert asked.headers.get("Authorization") == (f"Basic {basic}" if shown == "basic" else None)
        assert asked.form.get("client_secret") == (CLIENT_SECRET if shown == "post" else None)
        assert asked.form.get("client_id") == (None if shown == "basic" else CLIENT_ID)

    def test_R36_it_fails_where_the_provider_takes_no_secret(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        op.document["token_endpoint_auth_methods_supported"] = ["private_key_jwt"]
        connection = connection_to(op)
        with pytest.raises(ProviderFailed, match="takes no client secret"):
            arrive(protocol, connection, op.come_back(leave(protocol, connection)))


def test_R36_now_is_the_clock(protocol: OpenIdConnect, op: HostileProvider) -> None:
    connection = connection_to(op)
    answer = op.come_back(leave(protocol, connection))
    with pytest.raises(AssertionRefused, match="expired"):
        arrive(protocol, connection, answer, now=datetime(2100, 1, 1, tzinfo=UTC))
