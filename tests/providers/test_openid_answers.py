"""What comes back from an OpenID Connect provider besides a good token: errors, userinfo, other kinds' claims (R36)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

import pytest

from providers.kinds import BY_ID, KINDS
from providers.kinds.base import by_binding
from providers.kinds.openid import OpenIdKind, read, said
from providers.protocols import AssertionRefused, ProviderDeclined, ProviderFailed
from providers.protocols.oidc import OpenIdConnect
from providers.rules import Asserted, Knowledge, Method
from tests.peers.hostile_op import CLIENT_ID, DISCOVERY, TOKEN, USERINFO, HostileProvider, Instead, running
from tests.providers.stories_openid import arrive, connection_to, leave


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
