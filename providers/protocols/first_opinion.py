"""The first of two independent verifications of an assertion: pysaml2, which has xmlsec1 check the signature.

Knows how pysaml2 is told to believe pinned certificates only. It never gives it a private key, and never lets it read
anything that saml_xml has not let through. (B15, threats 11, 12)
"""

from __future__ import annotations

import base64
import shutil
from dataclasses import dataclass
from typing import Any

from lxml import etree
from saml2 import BINDING_HTTP_POST, class_name, saml
from saml2.client import Saml2Client
from saml2.config import SPConfig

from providers.protocols.base import AssertionRefused, Connection, ProviderFailed
from providers.protocols.saml_metadata import REDIRECT, IdpMetadata
from providers.protocols.saml_xml import METADATA, NAMES, PROTOCOL, SIGNATURE

LEEWAY = 60  # seconds by which two clocks may differ
MISSING = (
    "xmlsec1 is not installed on this server, so signatures of SAML answers cannot be checked. Install it (README)."
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a verifier read in the assertion that it found to be signed."""

    assertion_id: str
    issuer: str
    name_id: str


def xmlsec1() -> str:
    """Where the program is that checks signatures. Raises ProviderFailed when it is not installed."""
    found = shutil.which("xmlsec1")
    if found is None:
        raise ProviderFailed(MISSING)
    return found


def opinion_on_response(content: bytes, *, connection: Connection, request_id: str, metadata: IdpMetadata) -> Opinion:
    """pysaml2's reading of a whole SAML response that answers `request_id`.

    Its clock is this server's. Raises AssertionRefused, and ProviderFailed without xmlsec1.
    """
    client = _client(connection, metadata)
    try:
        read = client.parse_authn_request_response(
            base64.b64encode(content).decode(), BINDING_HTTP_POST, outstanding={request_id: "/"}
        )
    except Exception as error:  # noqa: BLE001 -- whatever it trips over, bare Exception included, is a refusal
        raise _refused(error) from None
    # It hands back an unverified response, too: the attributes are read last, when all else was found good.
    if read is None or read.assertion is None or read.ava is None or read.name_id is None:
        raise AssertionRefused("The response is not for this service, or not a valid answer to its request.")
    return _opinion(read.assertion)


def opinion_on_assertion(content: bytes, *, connection: Connection, metadata: IdpMetadata) -> Opinion:
    """pysaml2's reading of an assertion that stands alone, as in a WS-Federation token.

    Only the signature and its shape: whom the assertion is for is checked by its reader (assertions.py). Raises
    AssertionRefused, and ProviderFailed without xmlsec1.
    """
    client = _client(connection, metadata)
    try:
        assertion = saml.assertion_from_string(content)
        checked = client.sec.check_signature(assertion, class_name(assertion), content.decode())
    except Exception as error:  # noqa: BLE001 -- as above
        raise _refused(error) from None
    if checked is None:
        raise AssertionRefused("The assertion's signature is not the provider's.")
    return _opinion(checked)


def _refused(error: Exception) -> AssertionRefused:
    """What it tripped over, without the document that it likes to repeat: that holds personal data."""
    said = error.args[0] if error.args and isinstance(error.args[0], str) else ""
    return AssertionRefused(f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__)


def _opinion(assertion: Any) -> Opinion:
    if assertion.subject is None or assertion.subject.name_id is None:
        raise AssertionRefused("The assertion names nobody: it has no NameID in clear text.")
    return Opinion(
        assertion_id=assertion.id or "",
        issuer=(assertion.issuer.text or "").strip(),
        name_id=(assertion.subject.name_id.text or "").strip(),
    )


def _client(connection: Connection, metadata: IdpMetadata) -> Saml2Client:
    """A client for this one answer, so that no state of one tenant's is there for another's."""
    endpoint = (connection.return_url, BINDING_HTTP_POST)
    config = SPConfig()
    config.load(
        {
            "entityid": connection.entity_id,
            "xmlsec_binary": xmlsec1(),
            "metadata": {"inline": [_pinned(metadata)]},
            "accepted_time_diff": LEEWAY,
            "allow_unknown_attributes": True,
            "only_use_keys_in_metadata": True,
            "service": {
                "sp": {
                    "endpoints": {"assertion_consumer_service": [endpoint]},
                    "want_assertions_signed": True,
                    "want_response_signed": False,
                    "allow_unsolicited": False,
                }
            },
        }
    )
    return Saml2Client(config)


def _pinned(metadata: IdpMetadata) -> str:
    """Metadata of our own making: the entity and its certificates, and nothing else that the partner wrote."""
    entity = etree.Element(f"{{{METADATA}}}EntityDescriptor", nsmap=NAMES, entityID=metadata.entity_id)
    role = etree.SubElement(entity, f"{{{METADATA}}}IDPSSODescriptor", protocolSupportEnumeration=PROTOCOL)
    for certificate in metadata.certificates:
        key = etree.SubElement(role, f"{{{METADATA}}}KeyDescriptor", use="signing")
        info = etree.SubElement(key, f"{{{SIGNATURE}}}KeyInfo")
        data = etree.SubElement(info, f"{{{SIGNATURE}}}X509Data")
        lines = [line for line in certificate.splitlines() if not line.startswith("-")]
        etree.SubElement(data, f"{{{SIGNATURE}}}X509Certificate").text = "".join(lines)
    address = metadata.sso_url or metadata.passive_url
    etree.SubElement(role, f"{{{METADATA}}}SingleSignOnService", Binding=REDIRECT, Location=address)
    return str(etree.tostring(entity, encoding="unicode"))
