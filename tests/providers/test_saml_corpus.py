"""B15: assertions that prove nothing, each wrong in one way, and all refused. (threats 11, 12, 38, 41)

Every bad one is made from what is accepted, so that nothing else can be the reason. The last test counts them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from providers.protocols import AssertionRefused
from providers.protocols.first_opinion import opinion_on_response
from providers.protocols.saml import LOCATION, believed
from providers.protocols.second_opinion import signed_assertion
from tests.peers.saml_idp import needs_xmlsec1
from tests.peers.saml_writing import DS, NAMES, PLACE, SAML, TRANSIENT, Letter, Pair, new_pair, posted, signed
from tests.providers.federation import HOST, OTHER_TENANT, Federation, a_handshake

pytestmark = needs_xmlsec1

EVIL = "admin@contoso.example"
ATTACKER: Pair = new_pair()
Forge = Callable[[Federation], str | bytes]


def changed(**changes: object) -> Forge:
    """A response that says something else, signed as it is."""
    return lambda federation: federation.letter(**changes).response()


def rewritten(pattern: str, by: str) -> Forge:
    """A good response, changed after it was signed."""

    def forge(federation: Federation) -> str:
        good = federation.letter().response()
        bad = re.sub(pattern, by, good, count=1, flags=re.DOTALL)
        assert bad != good, "the corpus has to change something"
        return bad

    return forge


def evil(letter: Letter, **changes: object) -> str:
    """An unsigned assertion that names somebody else."""
    made = {"name_id": EVIL, "is_assertion_signed": False, "assertion_id": "_evil", **changes}
    return replace(letter, **made).signed_assertion()  # type: ignore[arg-type]  # the letter's own fields


def halves(text: str) -> tuple[str, str]:
    """A signed element without its signature, and the signature."""
    found = re.search(r"<ds:Signature.*?</ds:Signature>", text, re.DOTALL)
    assert found
    return text.replace(found[0], ""), found[0]


def within(outer: str, inner: str, *, last: bool = True) -> str:
    """The element with another inside it, at its end or its beginning."""
    if last:
        head, _, name = outer.rpartition("</")
        return f"{head}{inner}</{name}"
    head, mark, tail = outer.partition(">")
    return f"{head}{mark}{inner}{tail}"


def response_signed(federation: Federation) -> tuple[Letter, str]:
    letter = federation.letter(is_response_signed=True, is_assertion_signed=False)
    return letter, letter.response()


def xsw1(federation: Federation) -> str:
    """The signed response, whole, inside the signature of a forged one."""
    letter, good = response_signed(federation)
    bare, signature = halves(good)
    forged = bare.replace(letter.response_id, "_evil").replace(letter.name_id, EVIL)
    return forged.replace("<samlp:Status>", within(signature, bare) + "<samlp:Status>", 1)


def xsw2(federation: Federation) -> str:
    """The signed response beside its signature, both inside a forged one."""
    letter, good = response_signed(federation)
    bare, signature = halves(good)
    forged = bare.replace(letter.response_id, "_evil").replace(letter.name_id, EVIL)
    return forged.replace("<samlp:Status>", bare + signature + "<samlp:Status>", 1)


def xsw3(federation: Federation) -> str:
    """A forged assertion before the signed one."""
    letter = federation.letter()
    return letter.response(evil(letter), letter.signed_assertion())


def xsw3_after(federation: Federation) -> str:
    """A forged assertion after the signed one."""
    letter = federation.letter()
    return letter.response(letter.signed_assertion(), evil(letter))


def xsw4(federation: Federation) -> str:
    """The signed assertion inside a forged one."""
    letter = federation.letter()
    return letter.response(within(evil(letter), letter.signed_assertion()))


def xsw5(federation: Federation) -> str:
    """A forged assertion bears the signature; the signed one, without it, stands at the end."""
    letter = federation.letter()
    bare, signature = halves(letter.signed_assertion())
    forged = bare.replace(letter.assertion_id, "_evil").replace(letter.name_id, EVIL)
    return letter.response(forged.replace("</saml:Issuer>", "</saml:Issuer>" + signature, 1), bare)


def xsw6(federation: Federation) -> str:
    """A forged assertion bears the signature, and the signed one stands in that."""
    letter = federation.letter()
    bare, signature = halves(letter.signed_assertion())
    forged = bare.replace(letter.assertion_id, "_evil").replace(letter.name_id, EVIL)
    return letter.response(forged.replace("</saml:Issuer>", "</saml:Issuer>" + within(signature, bare), 1))


def xsw7(federation: Federation) -> str:
    """A forged assertion in the response's extensions, where schemas allow anything."""
    letter = federation.letter()
    good = letter.response()
    return good.replace("<samlp:Status>", f"<samlp:Extensions>{evil(letter)}</samlp:Extensions><samlp:Status>", 1)


def xsw8(federation: Federation) -> str:
    """The signed assertion in an Object of the signature that a forged one bears."""
    letter = federation.letter()
    bare, signature = halves(letter.signed_assertion())
    forged = bare.replace(letter.assertion_id, "_evil").replace(letter.name_id, EVIL)
    carried = within(signature, f"<ds:Object>{bare}</ds:Object>")
    return letter.response(forged.replace("</saml:Issuer>", "</saml:Issuer>" + carried, 1))


def advised(federation: Federation) -> str:
    """A signed assertion that quotes a forged one in its advice."""
    letter = federation.letter()
    text = letter.assertion().replace(
        "</saml:Conditions>", f"</saml:Conditions><saml:Advice>{evil(letter)}</saml:Advice>", 1
    )
    return letter.response(signed(text, letter.pair))


def same_id(federation: Federation) -> str:
    """A forged assertion with the ID of the signed one."""
    letter = federation.letter()
    return letter.response(evil(letter, assertion_id=letter.assertion_id), letter.signed_assertion())


def id_of_the_response(federation: Federation) -> str:
    """Response and assertion have one ID between them."""
    letter = federation.letter()
    return replace(letter, response_id=letter.assertion_id).response()


def two_signed(federation: Federation) -> str:
    """Two good assertions of two people."""
    letter = federation.letter()
    other = replace(letter, assertion_id="_second", name_id="7f3c-0002")
    return letter.response(letter.signed_assertion(), other.signed_assertion())


def signed_by(pair: Pair, shown: Pair | None = None) -> Forge:
    def forge(federation: Federation) -> str:
        letter = federation.letter(name_id=EVIL)
        return letter.response(signed(letter.assertion(), pair, shown=shown))

    return forge


def weakly(method: SignatureMethod, digest: DigestAlgorithm) -> Forge:
    def forge(federation: Federation) -> str:
        letter = federation.letter()
        return letter.response(signed(letter.assertion(), letter.pair, method=method, digest=digest))

    return forge


def keyed_by_the_certificate(federation: Federation) -> str:
    """The algorithm says that the public certificate is a shared secret."""
    good = federation.letter().response()
    return good.replace(SignatureMethod.RSA_SHA256.value, SignatureMethod.HMAC_SHA256.value)


def comment_in_the_name(federation: Federation) -> str:
    """Signed for `admin@contoso.example.evil.example`; a comment lets a careless reader stop early. Still signed."""
    letter = federation.letter(name_id=f"{EVIL}.evil.example")
    return letter.response().replace(f"{EVIL}.evil", f"{EVIL}<!-- -->.evil", 1)


def comment_that_was_signed(federation: Federation) -> str:
    letter = federation.letter(name_id=f"{EVIL}<!-- -->.evil.example")
    return letter.response()


def instruction_in_the_name(federation: Federation) -> str:
    return federation.letter(name_id=f"{EVIL}<?php?>.evil.example").response()


def element_in_the_name(federation: Federation) -> str:
    return federation.letter(name_id=f"{EVIL}<b xmlns=''>.evil</b>").response()


def with_dtd(declared: str, used: str = "") -> Forge:
    def forge(federation: Federation) -> str:
        good = federation.letter().response()
        return f"<!DOCTYPE r [{declared}]>" + (good.replace("7f3c-0001", used, 1) if used else good)

    return forge


def bomb(federation: Federation) -> str:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return str(with_dtd(f'<!ENTITY e0 "ha">{levels}', "&e9;")(federation))


def ten_megabytes(federation: Federation) -> str:
    return federation.letter(attributes={"photo": ["A" * 10_000_000]}).response()


def three_hundred_kib(federation: Federation) -> str:
    return federation.letter(attributes={"photo": ["A" * 300 * 1024]}).response()


def encrypted(federation: Federation) -> str:
    return federation.letter().response(
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}"><xenc:EncryptedData '
        'xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/></saml:EncryptedAssertion>'
    )


def unsigned_with_an_empty_signature(federation: Federation) -> str:
    letter = federation.letter(is_assertion_signed=False)
    return letter.response(letter.assertion().replace(PLACE, f'<ds:Signature xmlns:ds="{DS}"/>'))


def by_xslt(federation: Federation) -> str:
    """A transform that would let the signer say which part was signed."""
    good = federation.letter().response()
    return good.replace(
        '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
    )


def whole_document(federation: Federation) -> str:
    return re.sub(r'URI="#_[0-9a-f]+"', 'URI=""', federation.letter().response())


def utf_16(federation: Federation) -> bytes:
    return federation.letter().response().encode("utf-16")


OTHER_ACS = f"{HOST}/{OTHER_TENANT}/saml/acs"
OTHER_REQUEST = "_" + "0" * 64
BARE = f'<saml:SubjectConfirmationData xmlns:saml="{SAML}"'
CORPUS: dict[str, Forge] = {
    # The signature
    "unsigned": changed(is_assertion_signed=False),
    "an empty signature": unsigned_with_an_empty_signature,
    "the response is signed only": changed(is_assertion_signed=False, is_response_signed=True),
    "an attacker's key": signed_by(ATTACKER),
    "an attacker's key with the attacker's certificate": signed_by(ATTACKER, ATTACKER),
    "an attacker's key with the partner's certificate": lambda one: signed_by(ATTACKER, one.idp.pair)(one),
    "SHA-1": weakly(SignatureMethod.RSA_SHA1, DigestAlgorithm.SHA1),
    "a SHA-1 digest": weakly(SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA1),
    "the certificate as a shared secret": keyed_by_the_certificate,
    "the signature cut short": rewritten(r"(<ds:SignatureValue>[^<]{40})[^<]*", r"\1"),
    "an empty signature value": rewritten(r"<ds:SignatureValue>[^<]*", "<ds:SignatureValue>"),
    "another digest": rewritten(r"<ds:DigestValue>....", "<ds:DigestValue>AAAA"),
    "another name after signing": rewritten("7f3c-0001", "7f3c-0002"),
    "another address after signing": rewritten("Nicole@contoso", "admin@contoso"),
    "an XSLT transform": by_xslt,
    "a signature over the whole document": whole_document,
    # Signature wrapping
    "XSW1": xsw1,
    "XSW2": xsw2,
    "XSW3": xsw3,
    "XSW3, the other way round": xsw3_after,
    "XSW4": xsw4,
    "XSW5": xsw5,
    "XSW6": xsw6,
    "XSW7": xsw7,
    "XSW8": xsw8,
    "a forged assertion as advice": advised,
    "one ID twice": same_id,
    "the response's ID": id_of_the_response,
    "two signed assertions": two_signed,
    "no assertion": lambda one: one.letter().response(""),
    "an encrypted assertion": encrypted,
    # What readers of XML could see differently
    "a comment in the name, after signing": comment_in_the_name,
    "a comment in the name, signed": comment_that_was_signed,
    "an instruction in the name": instruction_in_the_name,
    "an element in the name": element_in_the_name,
    "a document type": with_dtd("<!ELEMENT r ANY>"),
    "an entity": with_dtd('<!ENTITY a "admin">', "&a;"),
    "an entity bomb": bomb,
    "an external entity": with_dtd('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"),
    "an external parameter entity": with_dtd('<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;'),
    "10 MB": ten_megabytes,
    "300 KiB": three_hundred_kib,
    "UTF-16": utf_16,
    "no XML": lambda one: "SAMLResponse",
    "nothing": lambda one: "",
    # For somebody else
    "another audience": changed(audience="https://other.example/saml"),
    "no audience": changed(audience=None),
    "a second audience restriction without us": changed(
        conditions="<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience>"
        "</saml:AudienceRestriction>"
    ),
    "another recipient": changed(recipient="https://other.example/acs", destination=f"{HOST}/x"),
    "another recipient at our destination": lambda one: one.letter(
        recipient="https://other.example/acs", destination=one.saml.return_url
    ).response(),
    "no recipient": lambda one: one.letter(recipient=None, destination=one.saml.return_url).response(),
    "another destination": changed(destination="https://other.example/acs"),
    "a signed response without a destination": changed(destination=None, is_response_signed=True),
    "for another tenant": changed(audience=f"{HOST}/{OTHER_TENANT}/saml/metadata", recipient=OTHER_ACS),
    "another tenant's audience at our door": changed(audience=f"{HOST}/{OTHER_TENANT}/saml/metadata"),
    "another request": changed(request_id=OTHER_REQUEST),
    "another request in the assertion": lambda one: one.letter(
        request_id=OTHER_REQUEST, response_request_id=one.handshake.request_id
    ).response(),
    "another request in the response": changed(response_request_id=OTHER_REQUEST),
    "unsolicited": changed(request_id=None),
    "unsolicited but for the response": lambda one: one.letter(
        request_id=None, response_request_id=one.handshake.request_id
    ).response(),
    "no confirmation data": changed(is_confirmed=False),
    "another issuer": changed(issuer="https://idp.evil.example/saml"),
    "another issuer of the assertion alone": lambda one: one.letter(
        issuer="https://idp.evil.example/saml", response_issuer=one.idp.entity_id
    ).response(),
    "another issuer of the response alone": changed(response_issuer="https://idp.evil.example/saml"),
    # Not now
    "expired": changed(not_on_or_after=timedelta(minutes=-2)),
    "expired confirmation": changed(confirmed_until=timedelta(minutes=-2)),
    "not valid yet": changed(not_before=timedelta(minutes=2)),
    # Nothing said
    "a name of the day": changed(name_id_format=TRANSIENT),
    "an empty name": changed(name_id=""),
    "a name that is too long": changed(name_id="a" * 501),
    "nobody signed in": changed(has_statement=False),
    "SAML 1.1's version": changed(version="1.1"),
    "an unknown condition": changed(
        conditions='<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x:Only" '
        'xmlns:x="urn:x"/>'
    ),
}


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Federation:
    return Federation(tmp_path_factory.mktemp("idp"))


@pytest.fixture(scope="module")
def tally() -> Iterator[Counter[str]]:
    """What became of the corpus, said when it is through (pytest -s)."""
    counted: Counter[str] = Counter()
    yield counted
    print(f"\nbad SAML responses: {counted['refused']} refused, {counted['accepted']} accepted")  # noqa: T201


@pytest.mark.parametrize("name", CORPUS)
def test_B15_it_refuses(federation: Federation, now: datetime, name: str, tally: Counter[str]) -> None:
    response = CORPUS[name](federation)
    tally["accepted"] += 1  # until it is refused
    with pytest.raises(AssertionRefused) as refused:
        federation.accept(response, now)
    tally.update(accepted=-1, refused=1)
    assert EVIL not in str(refused.value)
    assert "7f3c" not in str(refused.value)


FORGED = [
    "an attacker's key",
    "an attacker's key with the attacker's certificate",
    "an attacker's key with the partner's certificate",
    "the signature cut short",
    "an empty signature value",
    "another digest",
    "another name after signing",
    "another address after signing",
    "the certificate as a shared secret",
]


@pytest.mark.parametrize("name", FORGED)
def test_B15_each_verification_refuses_by_itself(federation: Federation, now: datetime, name: str) -> None:
    content = CORPUS[name](federation)
    assert isinstance(content, str)
    metadata, request_id = believed(federation.saml), federation.handshake.request_id
    with pytest.raises(AssertionRefused):
        opinion_on_response(content.encode(), connection=federation.saml, request_id=request_id, metadata=metadata)
    with pytest.raises(AssertionRefused):
        signed_assertion(content.encode(), location=LOCATION, certificates=metadata.certificates, now=now)


@pytest.mark.parametrize("name", ["XSW3", "XSW3, the other way round", "XSW4", "XSW5", "XSW6", "XSW7", "XSW8"])
def test_B15_wrapped_the_signed_node_is_never_the_forged_one(federation: Federation, now: datetime, name: str) -> None:
    """Without the rule that there is one assertion: what signxml hands back is the partner's word or nothing."""
    content = str(CORPUS[name](federation)).encode()
    certificates = believed(federation.saml).certificates
    try:
        node = signed_assertion(content, location=LOCATION, certificates=certificates, now=now)
    except AssertionRefused:
        return
    assert node.findtext("saml:Subject/saml:NameID", namespaces=NAMES) == "7f3c-0001"


def test_B15_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 18


def test_B15_it_accepts_what_the_corpus_is_made_from(federation: Federation, now: datetime) -> None:
    assert federation.accept(federation.letter().response(), now).subject == "7f3c-0001"


def test_B15_it_refuses_another_browsers_state(federation: Federation, now: datetime) -> None:
    response = federation.letter().response()
    for state in ("", a_handshake(OTHER_TENANT).state, federation.handshake.state[:-1]):
        with pytest.raises(AssertionRefused):
            federation.arrive(posted(response, state), now, federation.saml)


def test_B15_it_refuses_what_is_no_base64(federation: Federation, now: datetime) -> None:
    for text in ("", "%%%", "PHNhbWw+é", "A" * 600_000):
        answer = {"SAMLResponse": text, "RelayState": federation.handshake.state}
        with pytest.raises(AssertionRefused):
            federation.arrive(answer, now, federation.saml)
