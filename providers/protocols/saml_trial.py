"""What can be found out about a SAML or WS-Federation connection without anybody signing in.

It asks no network, as nothing but a browser ever goes to such a provider, and raises for nothing that it finds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509

from providers.kinds import Protocol
from providers.protocols.base import Connection, Finding, ProviderFailed
from providers.protocols.first_opinion import xmlsec1
from providers.protocols.saml_metadata import IdpMetadata, MetadataRefused, read_metadata

SOON = timedelta(days=30)


def federation_findings(*, connection: Connection, now: datetime) -> tuple[Finding, ...]:
    """Metadata, sign-on address, certificates, this server's xmlsec1 and, for SAML, the tenant's own key."""
    is_saml = connection.kind.protocol is Protocol.SAML
    try:
        metadata = read_metadata(connection.settings.get("metadata", "").encode())
    except MetadataRefused as error:
        found = [Finding("Metadata", False, str(error))]
    else:
        found = [
            Finding("Metadata", True, f"The provider calls itself {metadata.entity_id}."),
            _address(metadata, connection.kind.protocol),
            *(_certificate(one, now) for one in metadata.certificates),
        ]
    found.append(_program())
    if is_saml:
        found.append(_own_key(connection))
    return tuple(found)


def _address(metadata: IdpMetadata, protocol: Protocol) -> Finding:
    mistake = metadata.mistake_for(protocol)
    if mistake is not None:
        return Finding("Sign-on address", False, mistake)
    address = metadata.sso_url if protocol is Protocol.SAML else metadata.passive_url
    return Finding("Sign-on address", True, f"People are sent to {address}.")


def _certificate(pem: str, now: datetime) -> Finding:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    looked_at = "Signing certificate"
    if ends <= now:
        return Finding(looked_at, False, f"It ended on {ends:%d %B %Y}. Renew it at the provider, and read it again.")
    if begins > now:
        return Finding(looked_at, False, f"It begins on {begins:%d %B %Y} only; until then its signatures are refused.")
    if ends - now < SOON:
        return Finding(looked_at, True, f"It ends on {ends:%d %B %Y}, soon. Have the provider's next one ready.")
    return Finding(looked_at, True, f"It is valid until {ends:%d %B %Y}.")


def _program() -> Finding:
    try:
        xmlsec1()
    except ProviderFailed as missing:
        return Finding("xmlsec1", False, str(missing))
    return Finding("xmlsec1", True, "Signatures can be checked on this server.")


def _own_key(connection: Connection) -> Finding:
    if connection.signing_key and connection.certificate:
        return Finding("Our own key", True, "Requests are signed; the certificate is in this tenant's metadata.")
    return Finding("Our own key", False, "There is no key to sign requests with. Save the provider's settings again.")
