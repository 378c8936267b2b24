"""WS-Federation: the passive request, and SAML 2.0 tokens under the same two verifications. (B15, R36, R61)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.kinds import BY_ID
from providers.protocols import AssertionRefused, ProviderFailed
from providers.protocols.ws_federation import TRUST, WsFederationPassive
from tests.peers.saml_idp import Person, needs_xmlsec1
from tests.peers.saml_writing import SAML, TRANSIENT, metadata, new_pair, signed, token_response
from tests.providers.federation import OTHER_TENANT, Federation, a_handshake

pytestmark = needs_xmlsec1


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Federation:
    return Federation(tmp_path_factory.mktemp("idp"))


def test_R61_it_asks_passively(federation: Federation, now: datetime) -> None:
    url = federation.leave(federation.wsfed, now)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(federation.idp.wsfed + "?")
    assert query == {
        "wa": "wsignin1.0",
        "wtrealm": federation.wsfed.entity_id,
        "wreply": federation.wsfed.return_url,
        "wctx": federation.handshake.state,
        "wct": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert "&wfresh=0" in federation.leave(federation.wsfed, now, is_fresh=True)


def test_R36_it_knows_the_person(federation: Federation, now: datetime) -> None:
    where, fields = federation.idp.answer_ws_federation(federation.leave(federation.wsfed, now), Person())
    assert where == federation.wsfed.return_url
    asserted = federation.arrive(fields, now, federation.wsfed)
    assert (asserted.issuer, asserted.subject) == (federation.idp.entity_id, "7f3c-0001")
    assert asserted.verified == ("nicole@contoso.example",)
    assert asserted.name == "Nicole Wagner"
    assert asserted.replay_key


@pytest.mark.parametrize("trust", TRUST)
def test_B15_it_reads_both_spellings_of_ws_trust(federation: Federation, now: datetime, trust: str) -> None:
    one = token_response(federation.token().signed_assertion(), trust=trust)
    both = (
        f'<t:RequestSecurityTokenResponseCollection xmlns:t="{trust}">{one}</t:RequestSecurityTokenResponseCollection>'
    )
    for wresult in (one, both):
        answer = {"wresult": wresult, "wctx": federation.handshake.state}
        assert federation.arrive(answer, now, federation.wsfed).subject == "7f3c-0001"


def test_B15_a_recipient_that_is_named_is_ours(federation: Federation, now: datetime) -> None:
    ours = federation.token(recipient=federation.wsfed.return_url, is_confirmed=True)
    assert federation.accept_token(ours.signed_assertion(), now).subject == "7f3c-0001"


def test_B15_it_says_that_saml_1_1_tokens_are_not_read(federation: Federation, now: datetime) -> None:
    old = '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" AssertionID="_a" MajorVersion="1"/>'
    with pytest.raises(AssertionRefused, match=r"SAML 1\.1.*only SAML 2\.0"):
        federation.accept_token(old, now)
    assert "SAML 1.1" in BY_ID["wsFed"].note


def twice(federation: Federation) -> str:
    letter = federation.token()
    return letter.signed_assertion() + replace(letter, assertion_id="_second").signed_assertion()


def nested(federation: Federation) -> str:
    letter = federation.token()
    forged = replace(letter, name_id="evil", assertion_id="_evil", is_assertion_signed=False).signed_assertion()
    return forged.replace("</saml:Assertion>", letter.signed_assertion() + "</saml:Assertion>")


def advised(federation: Federation) -> str:
    letter = federation.token()
    forged = replace(letter, name_id="evil", assertion_id="_evil", is_assertion_signed=False).signed_assertion()
    text = letter.assertion().replace("</saml:Conditions>", f"</saml:Conditions><saml:Advice>{forged}</saml:Advice>")
    return signed(text, letter.pair)


def changed(**changes: object) -> Callable[[Federation], str]:
    return lambda federation: federation.token(**changes).signed_assertion()


CORPUS: dict[str, Callable[[Federation], str]] = {
    "unsigned": changed(is_assertion_signed=False),
    "an attacker's key": changed(pair=new_pair()),
    "changed after signing": lambda one: one.token().signed_assertion().replace("7f3c-0001", "7f3c-0002"),
    "another realm": changed(audience="https://other.example"),
    "no realm": changed(audience=None),
    "another recipient": changed(recipient="https://other.example/wsfed", is_confirmed=True),
    "a SAML answer's assertion": lambda one: one.letter().signed_assertion(),
    "an answer to a request": changed(request_id="_abc", is_confirmed=True),
    "another issuer": changed(issuer="https://idp.evil.example"),
    "expired": changed(not_on_or_after=timedelta(minutes=-2)),
    "not valid yet": changed(not_before=timedelta(minutes=2)),
    "a name of the day": changed(name_id_format=TRANSIENT),
    "two tokens": twice,
    "one in another": nested,
    "one as advice": advised,
    "encrypted": lambda one: f'<saml:EncryptedAssertion xmlns:saml="{SAML}"/>',
    "no token": lambda one: "",
    "a comment in the name": lambda one: one.token().signed_assertion().replace("7f3c-0001", "7f3c<!-- -->-0001"),
}


@pytest.mark.parametrize("name", CORPUS)
def test_B15_it_refuses_a_token(federation: Federation, now: datetime, name: str) -> None:
    token = CORPUS[name](federation)
    with pytest.raises(AssertionRefused):
        federation.accept_token(token, now)


def test_B15_a_ws_federation_token_is_no_saml_answer(federation: Federation, now: datetime) -> None:
    letter = federation.token()
    inside = federation.letter().response(letter.signed_assertion())
    with pytest.raises(AssertionRefused):
        federation.accept(inside, now)


def test_B15_it_refuses_what_is_no_answer_to_this_sign_in(federation: Federation, now: datetime) -> None:
    good = token_response(federation.token().signed_assertion())
    for state in ("", a_handshake(OTHER_TENANT).state):
        with pytest.raises(AssertionRefused):
            federation.arrive({"wresult": good, "wctx": state}, now, federation.wsfed)
    for bad in ("<a/>", "a", "<!DOCTYPE a []>" + good, good + " " * 300_000):
        with pytest.raises(AssertionRefused):
            federation.arrive({"wresult": bad, "wctx": federation.handshake.state}, now, federation.wsfed)
    with pytest.raises(ProviderFailed):
        federation.arrive({"wctx": federation.handshake.state}, now, federation.wsfed)


def test_it_needs_a_passive_address(federation: Federation, now: datetime) -> None:
    saml_only = replace(federation.wsfed, settings={"metadata": federation.idp.metadata})
    with pytest.raises(ProviderFailed, match="passive"):
        federation.leave(saml_only, now)
    found = WsFederationPassive().trial(connection=saml_only, now=now)
    assert [one.looked_at for one in found if not one.is_good] == ["Sign-on address"]
    assert all(one.is_good for one in WsFederationPassive().trial(connection=federation.wsfed, now=now))


def test_it_says_so_where_xmlsec1_is_missing(
    federation: Federation, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProviderFailed, match="xmlsec1"):
        federation.leave(federation.wsfed, now)


def test_it_keeps_a_query_that_the_partner_has(federation: Federation, now: datetime) -> None:
    written = metadata(federation.idp.entity_id, federation.idp.pair, sso="", wsfed="https://idp.example/wsfed?p=1")
    url = federation.leave(replace(federation.wsfed, settings={"metadata": written}), now)
    assert url.startswith("https://idp.example/wsfed?p=1&wa=wsignin1.0&")
