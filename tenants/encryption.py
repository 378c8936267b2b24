"""Secrets that have to be read again: sealed with AES-256-GCM, under a key outside the database.

Knows the key's id and that a sealed secret belongs to one tenant's row and field: moved elsewhere it does not open. It
must never log or return a secret to a door that shows it. (SAFETY: provider secrets)
"""

from __future__ import annotations

import hmac
import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class CannotSeal(Exception):
    """There is no key to seal with, or none that opens this; the text says what to set."""


def can_seal() -> bool:
    """Whether PROVIDER_KEYS is set."""
    return bool(settings.PROVIDER_KEYS)


def writing_key() -> int:
    """The id of the key that seals what is new. Raises CannotSeal without one."""
    if not settings.PROVIDER_KEYS:
        raise CannotSeal("Set PROVIDER_KEYS, as the README says, so that secrets of providers can be kept.")
    return int(settings.PROVIDER_KEYS[0][0])


def sealed_under(sealed: bytes | memoryview) -> int:
    """The id of the key that this was sealed with."""
    return int.from_bytes(bytes(sealed)[:4], "big")


def seal(text: str, *, tenant_id: UUID, table: str, row_id: UUID, field: str) -> bytes:
    """Key id (4 bytes), nonce (12), ciphertext and tag. Raises CannotSeal without a key."""
    if not settings.PROVIDER_KEYS:
        raise CannotSeal("Set PROVIDER_KEYS, as the README says, so that secrets of providers can be kept.")
    key_id, key = settings.PROVIDER_KEYS[0]
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(_sealing(key)).encrypt(nonce, text.encode(), _belongs(key_id, tenant_id, table, row_id, field))
    return bytes(key_id.to_bytes(4, "big") + nonce + sealed)


def unseal(sealed: bytes | memoryview, *, tenant_id: UUID, table: str, row_id: UUID, field: str) -> str:
    """The secret. Raises CannotSeal for a missing key, damage, and another tenant's, row's or field's secret."""
    content = bytes(sealed)
    key_id, nonce = int.from_bytes(content[:4], "big"), content[4:16]
    key = dict(settings.PROVIDER_KEYS).get(key_id)
    if key is None:
        raise CannotSeal(f"PROVIDER_KEYS has no key {key_id}, with which this secret was sealed.")
    try:
        text = AESGCM(_sealing(key)).decrypt(nonce, content[16:], _belongs(key_id, tenant_id, table, row_id, field))
    except (InvalidTag, ValueError):
        raise CannotSeal("This secret was sealed for another row, or is damaged. Enter it again.") from None
    return text.decode()


def _sealing(key: bytes) -> bytes:
    """256 bits for this purpose alone, whatever else the key may be used for, and however long it is."""
    return hmac.digest(key, b"vestibule provider secrets v1", "sha256")


def _belongs(key_id: int, tenant_id: UUID, table: str, row_id: UUID, field: str) -> bytes:
    """The associated data: fixed widths first, so that no two rows and fields read alike."""
    return key_id.to_bytes(4, "big") + tenant_id.bytes + row_id.bytes + f"{table}.{field}".encode()
