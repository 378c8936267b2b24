"""The key with which a tenant signs its SAML requests: made once, kept sealed, shown to nobody.

It must never replace a key that partners have already been given the certificate of.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.db import transaction

from providers.connections import KEY, KEY_TABLE
from providers.models import ServiceProviderKey
from providers.operations.settings import lock_settings
from tenants.audit import SYSTEM, record
from tenants.encryption import seal
from tenants.scope import current_tenant_id

KEY_BITS = 2048  # what every partner's software takes; a request's signature opens nothing here
LIFE = timedelta(days=3653)  # ten years: partners renew it by hand
CLOCKS_DIFFER = timedelta(hours=1)
MADE = "service_provider_key.made"


def ensure_signing_key(*, now: datetime) -> ServiceProviderKey:
    """The open tenant's key, made now if it has none. One for a tenant, whoever asks at the same time.

    Raises CannotSeal where PROVIDER_KEYS is not set.
    """
    kept = ServiceProviderKey.objects.first()
    if kept is not None:
        return kept
    key, certificate = _new_key(now)  # a tenth of a second: before the lock
    with transaction.atomic():
        lock_settings()
        kept = ServiceProviderKey.objects.first()
        if kept is not None:
            return kept
        tenant_id = current_tenant_id()
        row = ServiceProviderKey(
            tenant_id=tenant_id,
            certificate=certificate.public_bytes(Encoding.PEM).decode(),
            ends_at=certificate.not_valid_after_utc,
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        row.sealed_key = seal(pem, tenant_id=tenant_id, table=KEY_TABLE, row_id=row.id, field=KEY)
        row.save(force_insert=True)
        details = {"fingerprint": certificate.fingerprint(hashes.SHA256()).hex(), "ends_at": row.ends_at.isoformat()}
        record(actor=SYSTEM, action=MADE, at=now, details=details)
        return row


def _new_key(now: datetime) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Vestibule {current_tenant_id()}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate
