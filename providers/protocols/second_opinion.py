"""The second of two independent verifications of an assertion: signxml, which shares no code with the first.

Knows which node of a document a pinned certificate signed, and hands back that node alone, rebuilt from the very
octets whose digest was right. Nothing outside it may ever be read as the provider's word. (B15, threats 11, 12)
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidCertificate, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from providers.protocols.base import AssertionRefused
from providers.protocols.saml_xml import ASSERTION, NAMES, local

METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
TRANSFORMS: Final = frozenset(
    {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"}
)
CANONICAL: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

NOT_THEIRS: Final = (
    "No certificate of the provider's metadata made the assertion's signature. If the partner has a new certificate, "
    "read the metadata again."
)
OUT_OF_DATE: Final = "The provider's certificate has ended or not begun. Read the metadata again once it is renewed."


def only_assertion(root: etree._Element) -> etree._Element:
    """The one assertion in a document: the root itself, or a child of it, itself signed as SAML core 5.4 says.

    Raises AssertionRefused for none, several, one elsewhere, and a signature of another shape or a weak algorithm.
    """
    if any(local(one.tag) in {"EncryptedAssertion", "EncryptedID"} for one in root.iter()):
        raise AssertionRefused("The assertion is encrypted. Switch encryption off at the provider: https protects it.")
    found = [one for one in root.iter() if local(one.tag) == "Assertion"]
    if len(found) != 1:
        raise AssertionRefused(f"There are {len(found)} assertions where exactly one is expected.")
    assertion: etree._Element = found[0]
    if assertion.tag != f"{{{ASSERTION}}}Assertion" or (assertion is not root and assertion.getparent() is not root):
        raise AssertionRefused("The assertion is not where it belongs, or not a SAML 2.0 one.")
    if not assertion.get("ID"):
        raise AssertionRefused("The assertion has no ID.")
    if len(assertion.findall("ds:Signature", NAMES)) != 1:
        raise AssertionRefused("The assertion itself is not signed. Switch signed assertions on at the provider.")
    for signature in (one for one in root.iter() if local(one.tag) == "Signature"):
        _check_shape(signature, {root, assertion})
    return assertion


def signed_assertion(content: bytes, *, location: str, certificates: tuple[str, ...], now: datetime) -> etree._Element:
    """The assertion at `location` (the path to its Signature) as one of the pinned certificates signed it.

    The certificate must be valid at `now`. Raises AssertionRefused.
    """
    expected = SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        verification_time=now,
    )
    why = NOT_THEIRS
    for certificate in certificates:
        try:
            read = XMLVerifier().verify(content, x509_cert=certificate, id_attribute="ID", expect_config=expected)
        except (SignXMLException, etree.LxmlError, ValueError, TypeError, AttributeError, KeyError) as error:
            why = OUT_OF_DATE if isinstance(error, InvalidCertificate) else why
            continue
        signed = None if isinstance(read, list) else read.signed_xml
        if signed is None or signed.tag != f"{{{ASSERTION}}}Assertion":
            raise AssertionRefused("What is signed is not the assertion.")
        return signed
    raise AssertionRefused(why)


def _check_shape(signature: etree._Element, places: set[etree._Element]) -> None:
    """One reference, to the parent; enveloped and exclusively canonical; nothing carried along; SHA-256 or better."""
    parent = signature.getparent()
    references = signature.findall("ds:SignedInfo/ds:Reference", NAMES)
    if parent not in places or len(references) != 1 or references[0].get("URI") != f"#{parent.get('ID')}":
        raise AssertionRefused("A signature does not belong to the element that it stands in.")
    if signature.find("ds:Object", NAMES) is not None:
        raise AssertionRefused("A signature carries an object with it.")
    transforms = [one.get("Algorithm") for one in references[0].iterfind("ds:Transforms/ds:Transform", NAMES)]
    canonical = [one.get("Algorithm") for one in signature.iterfind("ds:SignedInfo/ds:CanonicalizationMethod", NAMES)]
    if not set(transforms) <= TRANSFORMS or len(transforms) > len(TRANSFORMS) or canonical != [CANONICAL]:
        raise AssertionRefused("A signature is not over the exclusive canonical form that SAML asks for.")
    methods = [one.get("Algorithm") for one in signature.iterfind("ds:SignedInfo/ds:SignatureMethod", NAMES)]
    digests = [one.get("Algorithm") for one in references[0].iterfind("ds:DigestMethod", NAMES)]
    if [one for one in methods if one not in {known.value for known in METHODS}] or len(methods) != 1:
        raise AssertionRefused("A signature uses an algorithm that is not accepted. Use SHA-256 at the provider.")
    if [one for one in digests if one not in {known.value for known in DIGESTS}] or len(digests) != 1:
        raise AssertionRefused("A signature uses a digest that is not accepted. Use SHA-256 at the provider.")
