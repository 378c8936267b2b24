"""The secret in a link.

Knows how a ticket is derived from a key outside the database and an invitation's nonce, so that the worker can write
the link that it mails while the row holds only a hash. Must never store, log or return a ticket to anybody but the
mail and the person who made the invitation. (DESIGN 4, Link secrets)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from uuid import UUID

from django.conf import settings

_LABEL = b"vestibule ticket v1"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_nonce() -> tuple[int, bytes]:
    """The id of the key that makes new tickets, and 128 random bits."""
    return settings.PASSCODE_KEYS[0][0], secrets.token_bytes(16)


def ticket(*, key_id: int, nonce: bytes, tenant_id: UUID, invitation_id: UUID) -> str:
    """The ticket: 256 bits, 43 characters of base64url. Raises LookupError when its key is no longer configured."""
    key = dict(settings.PASSCODE_KEYS).get(key_id)
    if key is None:
        raise LookupError(f"PASSCODE_KEYS has no key {key_id}, which this link was made with.")
    context = _LABEL + key_id.to_bytes(4, "big") + tenant_id.bytes + invitation_id.bytes + bytes(nonce)
    return base64.urlsafe_b64encode(hmac.digest(key, context, "sha256")).rstrip(b"=").decode()


def is_known_key(key_id: int) -> bool:
    """Whether links of this key can still be written out; the ones already mailed work by their hash all the same."""
    return key_id in dict(settings.PASSCODE_KEYS)


def ticket_hash(text: str) -> str:
    """What stands in the row: SHA-256, in hexadecimal. A plain hash is enough for 256 bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_ticket(text: str) -> bool:
    """Whether this has a ticket's shape; a link that a mail program broke has not."""
    return _SHAPE.fullmatch(text) is not None


def link(*, tenant_domain: str, secret: str) -> str:
    """The address that is mailed. Its host is PUBLIC_URL's, never a request's."""
    return f"{settings.PUBLIC_URL}/{tenant_domain}/redeem/{secret}"
