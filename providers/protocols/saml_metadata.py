"""A partner's metadata: who its provider is, where people are sent to, and which certificates it signs with.

Knows SAML's metadata and WS-Federation's. The certificates found here are the only ones that an answer is believed
by, so it must never take one from a document that a browser brought.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from providers.kinds import Protocol
from providers.protocols.saml_xml import (
    ADDRESSING,
    INSTANCE,
    LONGEST_METADATA,
    METADATA,
    NAMES,
    PROTOCOL,
    Unreadable,
    local,
    read_xml,
)

REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SHORTEST_RSA_KEY: Final = 2048
LONGEST_ENTITY_ID: Final = 500  # what is kept of an identity's issuer; SAML metadata 2.3.2 would allow 1024
MOST_CERTIFICATES: Final = 20
THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class MetadataRefused(ValueError):
    """Metadata that cannot be used; the text is one sentence that names the fix."""


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """What is believed of a provider. `certificates` are PEM, all of them accepted (a roll-over has several).

    `sso_url` is its SAML endpoint for the Redirect binding, `passive_url` the one for WS-Federation; "" where it has
    none. `ends_at` is when the last of the certificates ends.
    """

    entity_id: str
    sso_url: str
    passive_url: str
    certificates: tuple[str, ...]
    ends_at: datetime

    def mistake_for(self, protocol: Protocol) -> str | None:
        """Why it does not serve for this protocol, as a sentence naming the fix; None when it does."""
        if protocol is Protocol.SAML and not self.sso_url:
            return (
                "The metadata names no SAML sign-on address with the HTTP-Redirect binding. Switch that binding on at "
                "the provider and export its metadata again."
            )
        if protocol is Protocol.WS_FEDERATION and not self.passive_url:
            return (
                "The metadata names no WS-Federation passive address. Export the provider's federation metadata, "
                "usually FederationMetadata.xml."
            )
        return None


def read_metadata(xml: bytes) -> IdpMetadata:
    """The one provider that a metadata document describes, by SAML, WS-Federation or both. Raises MetadataRefused."""
    try:
        entity = _one_entity(read_xml(xml, longest=LONGEST_METADATA))
    except Unreadable as error:
        raise MetadataRefused(f"This is no metadata: {error} Export it from the provider again.") from None
    entity_id = entity.get("entityID", "").strip()
    if not entity_id or len(entity_id) > LONGEST_ENTITY_ID:
        raise MetadataRefused(
            f"The metadata has no entityID of at most {LONGEST_ENTITY_ID} characters. Give the provider one."
        )
    roles = _roles(entity)
    if not roles:
        raise MetadataRefused(
            "The metadata describes no identity provider. Ask for the metadata of the partner's identity provider, "
            "not of one of its applications."
        )
    certificates = _certificates(roles)
    return IdpMetadata(
        entity_id=entity_id,
        sso_url=_address([one for role in roles for one in _redirects(role)]),
        passive_url=_address([one for role in roles for one in _passives(role)]),
        certificates=tuple(one.public_bytes(Encoding.PEM).decode() for one in certificates),
        ends_at=max(one.not_valid_after_utc for one in certificates),
    )


def _one_entity(root: etree._Element) -> etree._Element:
    if root.tag == f"{{{METADATA}}}EntityDescriptor":
        return root
    if root.tag != f"{{{METADATA}}}EntitiesDescriptor":
        raise MetadataRefused(
            f"This is no SAML or federation metadata: it begins with {local(root.tag)[:50]}. "
            "Give the metadata's file, or the address that shows it."
        )
    found = [one for one in root.iter(f"{{{METADATA}}}EntityDescriptor") if _roles(one)]
    if len(found) > 1:
        raise MetadataRefused(
            f"The metadata describes {len(found)} identity providers, and it cannot be known which one is meant. "
            "Give the metadata of the one provider."
        )
    if not found:
        raise MetadataRefused("The metadata describes no identity provider. Give the metadata of the one provider.")
    return found[0]


def _roles(entity: etree._Element) -> list[etree._Element]:
    """The parts in which the entity is an identity provider or a security token service."""
    saml = [
        one
        for one in entity.findall("md:IDPSSODescriptor", NAMES)
        if PROTOCOL in one.get("protocolSupportEnumeration", "").split()
    ]
    return saml + [
        one
        for one in entity.findall("md:RoleDescriptor", NAMES)
        if one.get(f"{{{INSTANCE}}}type", "").rpartition(":")[2] == "SecurityTokenServiceType"
    ]


def _redirects(role: etree._Element) -> list[str]:
    return [
        one.get("Location", "").strip()
        for one in role.findall("md:SingleSignOnService", NAMES)
        if one.get("Binding") == REDIRECT
    ]


def _passives(role: etree._Element) -> list[str]:
    return [
        (one.text or "").strip()
        for place in role.findall("fed:PassiveRequestorEndpoint", NAMES)
        for one in place.iter(f"{{{ADDRESSING}}}Address")
    ]


def _address(found: list[str]) -> str:
    """The first of these addresses, or "". A browser is sent there: https, or http for a provider on this machine."""
    if not found:
        return ""
    try:
        place = urlsplit(found[0])
        is_fit = bool(place.hostname) and (
            place.scheme == "https" or (place.scheme == "http" and place.hostname in THIS_MACHINE)
        )
    except ValueError:
        is_fit = False
    if not is_fit or any(one.isspace() for one in found[0]):
        raise MetadataRefused("The metadata's sign-on address is not https. Set the provider up for https.")
    return found[0]


def _certificates(roles: list[etree._Element]) -> list[x509.Certificate]:
    """The certificates for signing, each once; one without a use is for signing, too (SAML metadata 2.4.1.1)."""
    found: dict[bytes, x509.Certificate] = {}
    for role in roles:
        for key in role.findall("md:KeyDescriptor", NAMES):
            if key.get("use", "signing") == "signing":
                for one in key.iterfind("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NAMES):
                    certificate = _certificate("".join((one.text or "").split()))
                    found[certificate.public_bytes(Encoding.DER)] = certificate
    if not found:
        raise MetadataRefused(
            "The metadata has no signing certificate, so no answer could be believed. Export it from the provider "
            "again, with its token-signing certificate."
        )
    if len(found) > MOST_CERTIFICATES:
        raise MetadataRefused(f"The metadata has more than {MOST_CERTIFICATES} signing certificates. Remove old ones.")
    return list(found.values())


def _certificate(text: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        key = certificate.public_key()
    except (ValueError, binascii.Error):
        raise MetadataRefused(
            "One of the metadata's certificates cannot be read. Export the metadata from the provider again."
        ) from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= SHORTEST_RSA_KEY:
        return certificate
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256:  # NIST P-256 and longer
        return certificate
    raise MetadataRefused(
        f"One of the metadata's signing keys is too weak or of an unknown kind. Use RSA with {SHORTEST_RSA_KEY} bits "
        "or more, or an elliptic curve of 256 bits or more, at the provider."
    )
