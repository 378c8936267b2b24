"""SAML 2.0: requests that partners can check, answers that two verifications agree on. (B15, R36, threats 11, 12)"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from providers.protocols import AssertionRefused, ProviderDeclined, ProviderFailed
from providers.protocols.assertions import agreed
from providers.protocols.first_opinion import Opinion, opinion_on_response
from providers.protocols.saml import LOCATION, Saml2, believed
from providers.protocols.second_opinion import signed_assertion
from tests.peers.saml_idp import Person, needs_xmlsec1, relay_state
from tests.peers.saml_writing import EMAIL, NAMES, TRANSIENT, new_pair, posted
from tests.providers.federation import Federation

pytestmark = needs_xmlsec1


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Federation:
    made = Federation(tmp_path_factory.mktemp("idp"))
    made.idp.trust(made.service_metadata)
    return made


def test_B15_it_signs_a_request_that_the_partner_can_check(federation: Federation, now: datetime) -> None:
    url = federation.leave(federation.saml, now)
    request = federation.idp.read(url)  # refuses a request whose signature is not the metadata's key's
    assert url.startswith(federation.idp.sso + "?SAMLRequest=")
    assert request.id == federation.handshake.request_id
    assert relay_state(url) == federation.handshake.state
    assert request.destination == federation.idp.sso
    assert request.issuer.text == federation.saml.entity_id
    assert request.assertion_consumer_service_url == federation.saml.return_url
    assert request.force_authn is None
    assert federation.idp.read(federation.leave(federation.saml, now, is_fresh=True)).force_authn == "true"


def test_B15_the_partner_refuses_a_request_that_was_changed_on_the_way(federation: Federation, now: datetime) -> None:
    changed = federation.leave(federation.saml, now).replace("RelayState=", "RelayState=A")
    with pytest.raises(Exception, match="not signed correctly"):
        federation.idp.read(changed)


def test_R36_it_knows_the_person_from_pysaml2s_own_provider(federation: Federation, now: datetime) -> None:
    url = federation.leave(federation.saml, now)
    where, fields = federation.idp.answer(url, Person(mail="Nicole.Wagner@Contoso.example"))
    assert where == federation.saml.return_url
    asserted = federation.arrive(fields, now, federation.saml)
    assert (asserted.issuer, asserted.subject) == (federation.idp.entity_id, "7f3c-0001")
    assert asserted.claimed == ("Nicole.Wagner@Contoso.example",)
    assert asserted.verified == ("nicole.wagner@contoso.example",)
    assert asserted.name == "Nicole Wagner"
    assert asserted.replay_key.startswith(federation.idp.entity_id + " ")
    assert now + timedelta(minutes=5) < datetime.fromtimestamp(asserted.replay_until, UTC)


def test_R36_a_signature_round_the_whole_response_does_no_harm(federation: Federation, now: datetime) -> None:
    _, fields = federation.idp.answer(federation.leave(federation.saml, now), Person(), sign_response=True)
    assert federation.arrive(fields, now, federation.saml).subject == "7f3c-0001"


def test_B15_a_good_response_is_good_by_hand_too(federation: Federation, now: datetime) -> None:
    """Digest and signature worked out with lxml, hashlib and cryptography alone."""
    _, fields = federation.idp.answer(federation.leave(federation.saml, now), Person())
    root = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
    (assertion,) = root.findall("saml:Assertion", NAMES)
    (signature,) = assertion.findall("ds:Signature", NAMES)
    told = signature.findtext("ds:SignedInfo/ds:Reference/ds:DigestValue", namespaces=NAMES)
    octets = etree.tostring(signature.find("ds:SignedInfo", NAMES), method="c14n", exclusive=True)
    certificate = x509.load_pem_x509_certificate(federation.idp.pair.certificate.encode())
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    value = base64.b64decode(signature.findtext("ds:SignatureValue", namespaces=NAMES))
    key.verify(value, octets, padding.PKCS1v15(), hashes.SHA256())
    assertion.remove(signature)
    assertion.tail = None
    digest = hashlib.sha256(etree.tostring(assertion, method="c14n", exclusive=True)).digest()
    assert base64.b64encode(digest).decode() == told
    assert federation.arrive(fields, now, federation.saml).replay_key.endswith(str(assertion.get("ID")))


def test_B15_it_takes_what_another_library_wrote(federation: Federation, now: datetime) -> None:
    assert federation.accept(federation.letter().response(), now).subject == "7f3c-0001"


def test_B15_both_certificates_of_a_roll_over_are_believed(federation: Federation, now: datetime) -> None:
    following = new_pair()
    both = federation.trusting(federation.idp.pair, following)
    for pair in (federation.idp.pair, following):
        assert federation.accept(federation.letter(pair=pair).response(), now, both).subject == "7f3c-0001"
    with pytest.raises(AssertionRefused):
        federation.accept(federation.letter().response(), now, federation.trusting(following))


def test_B15_a_certificate_that_ended_is_not_believed(federation: Federation, now: datetime) -> None:
    ended = new_pair(ends_in=timedelta(days=-1))
    with pytest.raises(AssertionRefused, match="has ended"):
        federation.accept(federation.letter(pair=ended).response(), now, federation.trusting(ended))


def test_R36_only_addresses_of_the_bound_domains_are_verified(federation: Federation, now: datetime) -> None:
    said = {
        "mail": ["nicole@contoso.example", "admin@fabrikam.example"],
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": ["nw@sub.contoso.example", "not an address"],
    }
    asserted = federation.accept(federation.letter(attributes=said).response(), now)
    assert asserted.claimed == ("nicole@contoso.example", "admin@fabrikam.example", "nw@sub.contoso.example")
    assert asserted.verified == ("nicole@contoso.example",)


def test_R36_a_name_that_is_an_address_is_claimed(federation: Federation, now: datetime) -> None:
    letter = federation.letter(name_id="Bob@contoso.example", name_id_format=EMAIL, attributes={})
    asserted = federation.accept(letter.response(), now)
    assert (asserted.subject, asserted.verified) == ("Bob@contoso.example", ("bob@contoso.example",))


def test_R36_a_name_of_the_day_names_nobody_unless_an_attribute_does(federation: Federation, now: datetime) -> None:
    letter = federation.letter(name_id_format=TRANSIENT, attributes={"employeeNumber": ["4711"]})
    with pytest.raises(AssertionRefused, match="transient"):
        federation.accept(letter.response(), now)
    told = federation.connection("saml", subject_attribute="EmployeeNumber")
    assert federation.accept(letter.response(), now, told).subject == "4711"
    two = replace(letter, attributes={"employeeNumber": ["4711", "4712"]})
    with pytest.raises(AssertionRefused, match="exactly one value"):
        federation.accept(two.response(), now, told)


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        ("RequestDenied", ProviderDeclined),
        ("AuthnFailed", ProviderDeclined),
        ("NoPassive", ProviderDeclined),
        ("RequestUnsupported", ProviderFailed),
    ],
)
def test_R61_it_says_that_the_person_was_refused_there(
    federation: Federation, now: datetime, status: str, raised: type[Exception]
) -> None:
    _, fields = federation.idp.decline(federation.leave(federation.saml, now), status=status)
    with pytest.raises(raised, match=status):
        federation.arrive(fields, now, federation.saml)


def test_B15_time_is_the_time_that_it_is_given(federation: Federation, now: datetime) -> None:
    response = federation.letter().response()
    for late in (timedelta(minutes=7), timedelta(minutes=-3)):
        with pytest.raises(AssertionRefused):
            federation.accept(response, now + late)
    assert federation.accept(response, now + timedelta(minutes=5, seconds=50)).subject == "7f3c-0001"  # within 60 s


def test_it_finds_out_what_can_be_known_without_signing_in(federation: Federation, now: datetime) -> None:
    found = Saml2().trial(connection=federation.saml, now=now)
    assert all(one.is_good for one in found), found
    assert [one.looked_at for one in found] == [
        "Metadata",
        "Sign-on address",
        "Signing certificate",
        "xmlsec1",
        "Our own key",
    ]
    bare = replace(federation.saml, settings={}, signing_key="", certificate="")
    assert {one.looked_at for one in Saml2().trial(connection=bare, now=now) if not one.is_good} == {
        "Metadata",
        "Our own key",
    }
    late = Saml2().trial(connection=federation.saml, now=now + timedelta(days=400))
    assert [one.looked_at for one in late if not one.is_good] == ["Signing certificate"]


def test_it_says_so_where_xmlsec1_is_missing(
    federation: Federation, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fields = posted(federation.letter().response(), federation.handshake.state)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProviderFailed, match="xmlsec1"):
        federation.leave(federation.saml, now)
    with pytest.raises(ProviderFailed, match="xmlsec1"):
        federation.arrive(fields, now, federation.saml)
    found = Saml2().trial(connection=federation.saml, now=now)
    assert [one.looked_at for one in found if not one.is_good] == ["xmlsec1"]


def test_it_needs_a_key_to_leave(federation: Federation, now: datetime) -> None:
    with pytest.raises(ProviderFailed, match="no key"):
        federation.leave(replace(federation.saml, signing_key=""), now)


def test_B15_each_verification_refuses_by_itself(federation: Federation, now: datetime) -> None:
    metadata = believed(federation.saml)
    good = federation.letter().response().encode()
    request_id = federation.handshake.request_id

    def first(content: bytes) -> str:
        return opinion_on_response(
            content, connection=federation.saml, request_id=request_id, metadata=metadata
        ).name_id

    def second(content: bytes) -> etree._Element:
        return signed_assertion(content, location=LOCATION, certificates=metadata.certificates, now=now)

    assert first(good) == second(good).findtext("saml:Subject/saml:NameID", namespaces=NAMES) == "7f3c-0001"
    stranger = federation.letter(pair=new_pair()).response().encode()
    for bad in (good.replace(b"7f3c-0001", b"7f3c-0002"), stranger):
        for verification in (first, second):
            with pytest.raises(AssertionRefused):
                verification(bad)


def test_B15_what_the_two_read_must_be_the_same(federation: Federation, now: datetime) -> None:
    node = etree.fromstring(federation.letter(assertion_id="_a").signed_assertion().encode())
    same = Opinion(assertion_id="_a", issuer=federation.idp.entity_id, name_id="7f3c-0001")
    agreed(first=same, node=node)
    for changed in ({"assertion_id": "_b"}, {"issuer": "https://idp.evil.example"}, {"name_id": "7f3c-0002"}):
        with pytest.raises(AssertionRefused, match="do not agree"):
            agreed(first=replace(same, **changed), node=node)
