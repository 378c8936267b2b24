"""A tenant as a SAML service provider: its metadata, and the requests that it signs.

Knows the tenant's key for as long as it signs one request, in memory alone. It must never put a person's address into
a request: the provider asks for it itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from saml2 import BINDING_HTTP_POST, md, saml, samlp, xmldsig
from saml2.pack import http_redirect_message
from saml2.sigver import RSASigner

from providers.protocols.base import Connection, Handshake, ProviderFailed

RSA_SHA256: Final = xmldsig.SIG_RSA_SHA256
NAME_ID_FORMATS: Final = (saml.NAMEID_FORMAT_PERSISTENT, saml.NAMEID_FORMAT_EMAILADDRESS)
"""In the order in which they are preferred."""


class _OneKey:
    """pysaml2's own signers are shared by the whole process and would hold the last tenant's key: this one is not."""

    def __init__(self, pem: str) -> None:
        # Our own key, out of a sealed row: testing its primes again would cost each sign-in more than the signature.
        self.key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)

    def get_signer(self, sigalg: str) -> Any:
        """A signer with this key. There is one algorithm."""
        return RSASigner(SHA256(), self.key) if sigalg == RSA_SHA256 else None


def signed_request_url(
    *, connection: Connection, handshake: Handshake, address: str, is_fresh: bool, now: datetime
) -> str:
    """The address with a signed AuthnRequest in its query (SAML bindings 3.4). Raises ProviderFailed without a key."""
    if not connection.signing_key:
        raise ProviderFailed("This tenant has no key to sign requests with. Save the provider's settings once more.")
    request = samlp.AuthnRequest(
        id=handshake.request_id,
        version="2.0",
        issue_instant=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=address,
        assertion_consumer_service_url=connection.return_url,
        protocol_binding=BINDING_HTTP_POST,
        force_authn="true" if is_fresh else None,
        issuer=saml.Issuer(text=connection.entity_id),
        # No format: a provider that does not know the one that is preferred would refuse, instead of sending another.
        name_id_policy=samlp.NameIDPolicy(allow_create="true"),
    )
    try:
        message = http_redirect_message(
            str(request),
            address,
            relay_state=handshake.state,
            sigalg=RSA_SHA256,
            sign=True,
            backend=_OneKey(connection.signing_key),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ProviderFailed("This tenant's key for signing requests cannot be read.") from None
    return str(dict(message["headers"])["Location"])


def service_metadata(*, entity_id: str, return_url: str, certificate: str) -> bytes:
    """The tenant's metadata (SAML metadata 2.4.4): where answers go, and the certificate (PEM) of its requests."""
    lines = [line for line in certificate.splitlines() if line and not line.startswith("-")]
    data = xmldsig.X509Data(x509_certificate=[xmldsig.X509Certificate(text="".join(lines))])
    service = md.SPSSODescriptor(
        protocol_support_enumeration=samlp.NAMESPACE,
        authn_requests_signed="true",
        want_assertions_signed="true",
        key_descriptor=[md.KeyDescriptor(use="signing", key_info=xmldsig.KeyInfo(x509_data=[data]))],
        name_id_format=[md.NameIDFormat(text=one) for one in NAME_ID_FORMATS],
        assertion_consumer_service=[
            md.AssertionConsumerService(binding=BINDING_HTTP_POST, location=return_url, index="0", is_default="true")
        ],
    )
    entity = md.EntityDescriptor(entity_id=entity_id, spsso_descriptor=service)
    return str(entity).encode()
