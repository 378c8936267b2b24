"""What an administrator fills in for a provider of each kind, for tests that need one and are not about it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from providers.kinds import BY_ID

SECRET = "sentinel-of-a-client-secret"
ENTITY_ID = "https://idp.northwind.example/metadata"


def certificate(ends_at: datetime) -> str:
    """A self-signed certificate in base64 DER, that began ten years before it ends."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.northwind.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends_at - timedelta(days=3650))
        .not_valid_after(ends_at)
        .sign(key, SHA256())
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def metadata(*, entity_id: str = ENTITY_ID, ends_at: datetime | None = None) -> str:
    """Metadata of an identity provider that speaks SAML and WS-Federation; good for five years by default."""
    ends_at = ends_at or datetime.now(UTC) + timedelta(days=1826)
    key = f"""<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate(ends_at)}\
</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"""
    return f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"
  xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:wsa="http://www.w3.org/2005/08/addressing">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{key}
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
      Location="https://idp.northwind.example/sso"/>
  </IDPSSODescriptor>
  <RoleDescriptor xsi:type="fed:SecurityTokenServiceType"
    protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">{key}
    <fed:PassiveRequestorEndpoint><wsa:EndpointReference><wsa:Address>https://idp.northwind.example/wsfed</wsa:Address>
    </wsa:EndpointReference></fed:PassiveRequestorEndpoint>
  </RoleDescriptor>
</EntityDescriptor>"""


VALUES = {"issuer": "https://id.contoso.example", "client_id": "vestibule-at-the-partner", "metadata": ""}


def settings(kind_id: str, **others: str) -> dict[str, str]:
    """Settings that this kind finds no mistake in; `others` in their place or beside them."""
    asked = {one.name: one for one in BY_ID[kind_id].settings if not one.is_secret}
    found = {name: VALUES[name] for name, one in asked.items() if one.is_required}
    if "metadata" in asked:
        found["metadata"] = metadata()
    return found | others


def secret(kind_id: str) -> str:
    """The secret, for a kind that has one."""
    return SECRET if any(one.is_secret for one in BY_ID[kind_id].settings) else ""
