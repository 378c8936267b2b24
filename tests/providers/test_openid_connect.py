"""Signing in by OpenID Connect: leaving, coming back, and what a provider's errors mean (issue A, threats 7 and 39)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.kinds import BY_ID, KINDS
from providers.kinds.base import by_binding
from providers.kinds.openid import OpenIdKind, read, said
from providers.protocols import AssertionRefused, ProviderDeclined, ProviderFailed
from providers.protocols.oidc import OpenIdConnect
from providers.rules import Asserted, Knowledge, Method
from tests.peers.hostile_op import (
    CLIENT_ID,
    CLIENT_SECRET,
    DISCOVERY,
    TOKEN,
    USERINFO,
    HostileProvider,
    Instead,
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


class TestErrors:
    @pytest.mark.parametrize(
        "error",
        ["access_denied", "consent_required", "login_required", "interaction_required", "account_selection_required"],
    )
    def test_R36_who_cancels_at_the_provider_has_declined(
        self, protocol: OpenIdConnect, op: HostileProvider, error: str
    ) -> None:
        with pytest.raises(ProviderDeclined, match=error):
            arrive(protocol, connection_to(op), {"error": error, "error_description": "no"})

    def test_R36_it_gives_Entra_s_number_and_none_of_its_words(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        answer = {"error": "access_denied", "error_description": "AADSTS65004: <b>User declined</b> at 12:00"}
        with pytest.raises(ProviderDeclined, match=r"\(access_denied, AADSTS65004\)\.$"):
            arrive(protocol, connection_to(op), answer)
        with pytest.raises(ProviderFailed, match=r"\(server_error, AADSTS90033\)\.$"):
            arrive(protocol, connection_to(op), {"error": "server_error", "error_description": "AADSTS90033: later"})

    @pytest.mark.parametrize("error", ["two\nlines", "<script>", "x" * 81, "ünlesbar"])
    def test_R36_it_repeats_no_error_that_is_no_code(
        self, protocol: OpenIdConnect, op: HostileProvider, error: str
    ) -> None:
        with pytest.raises(ProviderFailed, match=r"\(an unreadable error\)\.$"):
            arrive(protocol, connection_to(op), {"error": error, "code": "c"})

    def test_R36_a_wrong_secret_is_named_with_its_fix(self, protocol: OpenIdConnect, op: HostileProvider) -> None:
        body = b'{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}'
        op.instead[TOKEN] = Instead(401, body)
        connection = connection_to(op)
        with pytest.raises(
            ProviderFailed, match=r"invalid_client, AADSTS7000215\). Check the client ID and the secret"
        ):
            arrive(protocol, connection, op.come_back(leave(protocol, connection)))


class TestUserinfo:
    def test_R36_it_is_asked_only_when_the_ID_token_holds_no_address(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        op.document["userinfo_endpoint"] = op.url + USERINFO
        op.userinfo = {"sub": "person-1", "email": "nicole@adatum.example", "email_verified": True, "name": "Nicole"}
        connection = connection_to(op)
        arrive(protocol, connection, op.come_back(leave(protocol, connection)))
        assert op.count(USERINFO) == 0
        departure = leave(protocol, connection)
        found = arrive(protocol, connection, op.come_back(departure, token=op.token(departure, email=None)))
        assert (found.verified, found.name) == (("nicole@adatum.example",), "Nicole")
        asked = next(one for one in op.asked if one.path == USERINFO)
        assert asked.headers["Authorization"].startswith("Bearer at-")

    def test_threat_7_the_ID_token_verifies_no_address_that_userinfo_names(
        self, protocol: OpenIdConnect, op: HostileProvider
    ) -> None:
        op.document["userinfo_endpoint"] = op.url + USERINFO
        op.userinfo = {"sub": "person-1", "email": "nicole@adatum.example"}
        connection = connection_to(op)
        departure = leave(protocol, connection)
        token = op.token(departure, email=None, email_verified=True)
        found = arrive(protocol, connection, op.come_back(departure, token=token))
        assert (found.claimed, found.verified) == (("nicole@adatum.example",), ())

    @pytest.mark.parametrize("subject", ["person-2", None, 1])
    def test_threat_7_it_must_be_about_the_same_person(
        self, protocol: OpenIdConnect, op: HostileProvider, subject: Any
    ) -> None:
        op.document["userinfo_endpoint"] = op.url + USERINFO
        op.userinfo = {"sub": subject, "email": "nicole@adatum.example", "email_verified": True}
        connection = connection_to(op)
        departure = leave(protocol, connection)
        with pytest.raises(AssertionRefused, match="another person's"):
            arrive(protocol, connection, op.come_back(departure, token=op.token(departure, email=None)))


class Northwind(OpenIdKind):
    """A made-up kind: all that adding one takes, besides its line in KINDS."""

    id = "northwind"
    name = "Northwind"
    method = Method.FEDERATION

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_binding(domain=domain, is_listed=is_listed)

    def authority(self, settings: Mapping[str, str]) -> str:
        return settings["place"]

    def asserted(self, claims: Mapping[str, Any], domains: tuple[str, ...]) -> Asserted:
        address = read(claims.get("mail"))
        return Asserted(claims["iss"], f"nw/{claims['sub']}", said(claims, "mail"), (address.key,) if address else ())


def test_R34_a_kind_is_one_class_and_signs_in_with_nothing_else_touched(
    protocol: OpenIdConnect, op: HostileProvider
) -> None:
    assert not any(isinstance(kind, Northwind) for kind in KINDS)
    connection = connection_to(op, kind=Northwind(), settings={"place": op.url, "client_id": CLIENT_ID}, domains=())
    departure = leave(protocol, connection)
    found = arrive(protocol, connection, op.come_back(departure, token=op.token(departure, mail="A@Northwind.example")))
    assert found == Asserted(op.url, "nw/person-1", ("A@Northwind.example",), ("a@northwind.example",))


def test_R36_Entra_ID_is_one_document_and_one_issuer_for_each_organisation(
    protocol: OpenIdConnect, op: HostileProvider
) -> None:
    tid, other, oid = (
        "11111111-1111-4111-8111-111111111111",
        "2" * 8 + "-2222-4222-8222-" + "2" * 12,
        "3" * 8 + "-3333-4333-8333-" + "3" * 12,
    )
    op.document["issuer"] = f"{op.url}/{{tenantid}}/v2.0"
    op.keys = [{**key, "issuer": op.document["issuer"]} for key in op.keys]
    connection = connection_to(
        op, kind=BY_ID["azureActiveDirectory"], settings={"authority": op.url, "client_id": CLIENT_ID}, domains=()
    )

    def come(**claims: Any) -> Asserted:
        departure = leave(protocol, connection)
        return arrive(protocol, connection, op.come_back(departure, token=op.token(departure, **claims)))

    found = come(iss=f"{op.url}/{tid}/v2.0", tid=tid, oid=oid)
    assert (found.subject, found.home, found.verified) == (f"{tid}/{oid}", tid, ())
    assert op.asked[0].path == f"/organizations/v2.0{DISCOVERY}"
    for issuer, tenant in ((f"{op.url}/{other}/v2.0", tid), (f"{op.url}/{{tenantid}}/v2.0", tid), (op.url, tid)):
        with pytest.raises(AssertionRefused, match="issuer"):
            come(iss=issuer, tid=tenant, oid=oid)


def test_R36_now_is_the_clock(protocol: OpenIdConnect, op: HostileProvider) -> None:
    connection = connection_to(op)
    answer = op.come_back(leave(protocol, connection))
    with pytest.raises(AssertionRefused, match="expired"):
        arrive(protocol, connection, answer, now=datetime(2100, 1, 1, tzinfo=UTC))
