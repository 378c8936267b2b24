"""State, nonce and code verifier of a round trip to a provider.

Knows how they are derived from a key outside the database and the flow's salt, so that a dump of the flow's row lets
nobody finish a sign-in. Must never store or log one of them. (R13 in its own way; RFC 7636, RFC 9700 4.7)
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from providers.protocols.base import Handshake

_LABEL = b"vestibule handshake v1"


@dataclass(frozen=True, slots=True)
class Named:
    """What a state says by itself, before anything is believed: which tenant's flow it belongs to."""

    tenant_id: UUID
    flow_id: UUID


def new_salt() -> tuple[int, bytes]:
    """The id of the key that makes new handshakes, and 128 random bits for the flow's row."""
    return settings.PASSCODE_KEYS[0][0], secrets.token_bytes(16)


def handshake(*, tenant_id: UUID, flow_id: UUID, key_id: int, salt: bytes) -> Handshake:
    """The same values each time. Raises LookupError when the key is no longer configured."""
    key = dict(settings.PASSCODE_KEYS).get(key_id)
    if key is None:
        raise LookupError(f"PASSCODE_KEYS has no key {key_id}, with which this sign-in began.")

    def derived(label: bytes) -> bytes:
        context = _LABEL + label + key_id.to_bytes(4, "big") + tenant_id.bytes + flow_id.bytes + bytes(salt)
        return hmac.digest(key, context, "sha256")

    return Handshake(
        state=_text(tenant_id.bytes + flow_id.bytes + derived(b"state")[:16]),
        nonce=_text(derived(b"nonce")),
        verifier=_text(derived(b"verifier")),
        request_id="_" + derived(b"request").hex(),
    )


def named_by(state: str) -> Named | None:
    """The flow that a state names; None for what has not its shape. 64 characters: RelayState may hold 80 bytes."""
    if len(state) != 64:
        return None
    try:
        content = base64.b64decode(state.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return Named(UUID(bytes=content[:16]), UUID(bytes=content[16:32]))


def is_of(handshake: Handshake, state: str) -> bool:
    """Whether the state is this handshake's, compared in constant time."""
    return hmac.compare_digest(handshake.state.encode(), state.encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
