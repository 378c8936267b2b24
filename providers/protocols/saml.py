"""SAML 2.0 sign-in: a signed request by redirect, the answer by POST, verified twice by programs that share nothing.

Knows the order of the checks. It must never believe what one verification alone found good, nor anything outside the
node that was signed. (SAML profiles 4.1; B15, threats 11, 12, 38, 41)
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from lxml import etree

from providers.protocols.assertions import Expected, agreed, asserted_by
from providers.protocols.base import (
    AssertionRefused,
    Connection,
    Finding,
    Handshake,
    ProviderDeclined,
    ProviderFailed,
    SignInProtocol,
)
from providers.protocols.first_opinion import opinion_on_response, xmlsec1
from providers.protocols.saml_metadata import IdpMetadata, MetadataRefused, read_metadata
from providers.protocols.saml_service import signed_request_url
from providers.protocols.saml_trial import federation_findings
from providers.protocols.saml_xml import ASSERTION, LONGEST_ANSWER, NAMES, PROTOCOL, Unreadable, read_answer, text_of
from providers.protocols.second_opinion import only_assertion, signed_assertion
from providers.rules import Asserted

SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
DECLINED: Final = frozenset({"RequestDenied", "AuthnFailed", "NoPassive"})
LOCATION: Final = f"./{{{ASSERTION}}}Assertion/"


class Saml2(SignInProtocol):
    """Every partner that speaks SAML 2.0."""

    def departure(
        self, *, connection: Connection, handshake: Handshake, hint: str, is_fresh: bool, now: datetime
    ) -> str:
        """A signed AuthnRequest. `hint` is not told: SAML has no place for it that all providers take."""
        xmlsec1()  # leaving is pointless where the answer could not be checked
        metadata = believed(connection)
        return signed_request_url(
            connection=connection, handshake=handshake, address=metadata.sso_url, is_fresh=is_fresh, now=now
        )

    def arrival(
        self, *, connection: Connection, handshake: Handshake, answer: Mapping[str, str], now: datetime
    ) -> Asserted:
        """`answer` holds SAMLResponse and RelayState."""
        xmlsec1()
        metadata = believed(connection)
        if not hmac.compare_digest(answer.get("RelayState", "").encode(), handshake.state.encode()):
            raise AssertionRefused("The RelayState is not that of this sign-in.")
        content = _decoded(answer.get("SAMLResponse", ""))
        try:
            root = read_answer(content)
            _check_response(root, connection, handshake, metadata)
        except Unreadable as error:
            raise AssertionRefused(str(error)) from None
        assertion_id = only_assertion(root).get("ID")
        node = signed_assertion(content, location=LOCATION, certificates=metadata.certificates, now=now)
        if node.get("ID") != assertion_id:
            raise AssertionRefused("Another assertion is signed than the one that was sent.")
        expected = Expected(
            issuer=metadata.entity_id,
            audience=connection.entity_id,
            recipient=connection.return_url,
            request_id=handshake.request_id,
        )
        # Ours before pysaml2's, whose reasons an administrator can do little with; nothing is believed before both.
        asserted = asserted_by(node, expected=expected, connection=connection, now=now)
        first = opinion_on_response(content, connection=connection, request_id=handshake.request_id, metadata=metadata)
        agreed(first=first, node=node)
        return asserted

    def trial(self, *, connection: Connection, now: datetime) -> tuple[Finding, ...]:
        return federation_findings(connection=connection, now=now)


def believed(connection: Connection) -> IdpMetadata:
    """The connection's stored metadata. Raises ProviderFailed where it cannot be used."""
    try:
        metadata = read_metadata(connection.settings.get("metadata", "").encode())
    except MetadataRefused as error:
        raise ProviderFailed(str(error)) from None
    mistake = metadata.mistake_for(connection.kind.protocol)
    if mistake is not None:
        raise ProviderFailed(mistake)
    return metadata


def _decoded(text: str) -> bytes:
    if len(text) > LONGEST_ANSWER * 2:  # base64 with line ends: half as much again, never twice
        raise AssertionRefused("The response is too long.")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        raise AssertionRefused("The response is not base64.") from None


def _check_response(root: etree._Element, connection: Connection, handshake: Handshake, metadata: IdpMetadata) -> None:
    """The frame round the assertion: nobody signed it for sure, so it can only refuse, never prove."""
    if root.tag != f"{{{PROTOCOL}}}Response" or root.get("Version") != "2.0":
        raise AssertionRefused("This is no SAML 2.0 response.")
    if root.get("InResponseTo") != handshake.request_id:
        raise AssertionRefused("The response answers another request, or none: unsolicited responses are not taken.")
    destination = root.get("Destination")
    if destination != connection.return_url and (
        destination is not None or root.find("ds:Signature", NAMES) is not None
    ):
        raise AssertionRefused("The response was sent to another destination.")
    issuers = root.findall("saml:Issuer", NAMES)
    if len(issuers) > 1 or [one for one in issuers if text_of(one) != metadata.entity_id]:
        raise AssertionRefused("The response comes from another issuer than the provider's metadata names.")
    codes = [one.get("Value", "") for one in root.iterfind("samlp:Status//samlp:StatusCode", NAMES)]
    if not codes or codes[0] != SUCCESS:
        short = " / ".join(one.rpartition(":")[2][:50] for one in codes) or "no status"
        if DECLINED & {one.rpartition(":")[2] for one in codes}:
            raise ProviderDeclined(f"The provider refused the person: {short}.")
        raise ProviderFailed(f"The provider answered with an error: {short}.")
