"""Assertions and responses written by hand, right or wrong in any one way, and signed for real by signxml.

It shares no code with pysaml2, so a good one that is accepted is an independent witness of the reader, too.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NAMES = {"saml": SAML, "samlp": SAMLP, "ds": DS}
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
PLACE = f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/>'


@dataclass(frozen=True)
class Pair:
    """A signing key and its self-signed certificate, both PEM."""

    key: str = field(repr=False)
    certificate: str

    @property
    def one_line(self) -> str:
        """The certificate as metadata has it."""
        return "".join(line for line in self.certificate.splitlines() if not line.startswith("-"))


def new_pair(*, bits: int = 2048, ends_in: timedelta = timedelta(days=365)) -> Pair:
    """A fresh RSA key with a certificate that began yesterday, or ten years before its end."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A partner's provider")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + ends_in) - timedelta(days=1))
        .not_valid_after(now + ends_in)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(pem.decode(), certificate.public_bytes(Encoding.PEM).decode())


def metadata(entity_id: str, *pairs: Pair, sso: str = "https://idp.example/sso", wsfed: str = "") -> str:
    """Metadata of an identity provider with these signing certificates."""
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{one.one_line}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in pairs
    )
    saml = (
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}">{keys}<md:SingleSignOnService '
        f'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/></md:IDPSSODescriptor>'
    )
    fed = (
        '<md:RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" xsi:type="fed:SecurityTokenServiceType" '
        'protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">'
        f"{keys}<fed:PassiveRequestorEndpoint><wsa:EndpointReference "
        f'xmlns:wsa="http://www.w3.org/2005/08/addressing"><wsa:Address>{wsfed}</wsa:Address></wsa:EndpointReference>'
        "</fed:PassiveRequestorEndpoint></md:RoleDescriptor>"
    )
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{DS}" '
        f'entityID="{entity_id}">{fed if wsfed else ""}{saml if sso else ""}</md:EntityDescriptor>'
    )


@dataclass
class Letter:
    """Everything that a response says. Change one thing to make it wrong. None leaves a thing out."""

    issuer: str
    audience: str | None
    recipient: str | None
    request_id: str | None
    pair: Pair
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    destination: str | None = "same"
    response_issuer: str | None = "same"
    response_request_id: str | None = "same"
    assertion_id: str = field(default_factory=lambda: f"_{uuid4().hex}")
    response_id: str = field(default_factory=lambda: f"_{uuid4().hex}")
    name_id: str = "7f3c-0001"
    name_id_format: str = PERSISTENT
    attributes: dict[str, list[str]] = field(default_factory=dict)
    not_before: timedelta = timedelta(minutes=-1)
    not_on_or_after: timedelta = timedelta(minutes=5)
    confirmed_until: timedelta = timedelta(minutes=5)
    version: str = "2.0"
    status: str = "urn:oasis:names:tc:SAML:2.0:status:Success"
    sub_status: str = ""
    conditions: str = ""
    has_statement: bool = True
    is_assertion_signed: bool = True
    is_response_signed: bool = False
    is_confirmed: bool = True

    def assertion(self) -> str:
        """The assertion with a place for its signature, unsigned."""
        data = "".join(
            f' {name}="{value}"'
            for name, value in (("Recipient", self.recipient), ("InResponseTo", self.request_id))
            if value is not None
        )
        until = f' NotOnOrAfter="{self.at(self.confirmed_until)}"'
        confirmation = f"<saml:SubjectConfirmationData{data}{until}/>" if self.is_confirmed else ""
        audience = (
            f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
            if self.audience
            else ""
        )
        said = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in self.attributes.items()
        )
        statement = (
            f'<saml:AuthnStatement AuthnInstant="{self.at()}"><saml:AuthnContext><saml:AuthnContextClassRef>'
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
            "</saml:AuthnStatement>"
        )
        return (
            f'<saml:Assertion xmlns:saml="{SAML}" ID="{self.assertion_id}" Version="{self.version}" '
            f'IssueInstant="{self.at()}"><saml:Issuer>{self.issuer}</saml:Issuer>{PLACE}'
            f'<saml:Subject><saml:NameID Format="{self.name_id_format}">{self.name_id}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">{confirmation}'
            f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{self.at(self.not_before)}" '
            f'NotOnOrAfter="{self.at(self.not_on_or_after)}">{audience}{self.conditions}</saml:Conditions>'
            f"{statement if self.has_statement else ''}"
            f"{f'<saml:AttributeStatement>{said}</saml:AttributeStatement>' if said else ''}</saml:Assertion>"
        )

    def signed_assertion(self) -> str:
        """The assertion, signed unless that is what is wrong with it."""
        text = self.assertion()
        return signed(text, self.pair) if self.is_assertion_signed else text.replace(PLACE, "")

    def response(self, *inside: str) -> str:
        """The whole response round the assertion, or round what is given instead."""
        attributes = {
            "Destination": self.recipient if self.destination == "same" else self.destination,
            "InResponseTo": self.request_id if self.response_request_id == "same" else self.response_request_id,
        }
        more = "".join(f' {name}="{value}"' for name, value in attributes.items() if value is not None)
        issuer = self.issuer if self.response_issuer == "same" else self.response_issuer
        status = f'<samlp:StatusCode Value="{self.sub_status}"/>' if self.sub_status else ""
        place = PLACE if self.is_response_signed else ""
        text = (
            f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{self.response_id}" Version="2.0" '
            f'IssueInstant="{self.at()}"{more}>{f"<saml:Issuer>{issuer}</saml:Issuer>" if issuer else ""}{place}'
            f'<samlp:Status><samlp:StatusCode Value="{self.status}">{status}</samlp:StatusCode></samlp:Status>'
            f"{''.join(inside) if inside else self.signed_assertion()}</samlp:Response>"
        )
        return signed(text, self.pair) if self.is_response_signed else text

    def at(self, later: timedelta = timedelta(0)) -> str:
        """A moment as SAML writes it."""
        return (self.now + later).strftime("%Y-%m-%dT%H:%M:%SZ")


class _AnySigner(XMLSigner):
    """Signs with SHA-1, too: somebody may still."""

    def check_deprecated_methods(self) -> None:
        return


def signed(
    text: str,
    pair: Pair,
    *,
    shown: Pair | None = None,
    method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
) -> str:
    """The element with an enveloped signature in its place, made by `pair`; KeyInfo shows `shown`, or `pair`."""
    signer = _AnySigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=method,
        digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    root = etree.fromstring(text.encode())
    made: Any = signer.sign(
        root, key=pair.key, cert=(shown or pair).certificate, reference_uri=root.get("ID"), id_attribute="ID"
    )
    return str(etree.tostring(made, encoding="unicode"))


def posted(response: str | bytes, state: str) -> dict[str, str]:
    """What a browser posts."""
    content = response if isinstance(response, bytes) else response.encode()
    return {"SAMLResponse": base64.b64encode(content).decode(), "RelayState": state}


def token_response(token: str, *, trust: str = "http://schemas.xmlsoap.org/ws/2005/02/trust") -> str:
    """WS-Federation's wresult round a token."""
    return (
        f'<t:RequestSecurityTokenResponse xmlns:t="{trust}"><t:TokenType>{SAML}</t:TokenType>'
        f"<t:RequestedSecurityToken>{token}</t:RequestedSecurityToken></t:RequestSecurityTokenResponse>"
    )
