"""How a line of history and a block of lines are hashed (R64).

Knows the bytes, nothing of when or by whom. What is written here may never change: a new way of hashing gets a new
label beside this one, or every chain that exists would read as forged.

*A line* is hashed as UTF-8 JSON, keys sorted, no spaces, nothing escaped but what JSON must, of all its columns: times
in UTC with six decimals and a Z, ids in their usual text, absent ids null, `details` as an object, and `address` only
where there is one: the lines of before it was a column had none.
*A block's* `rows_hash` is 40 bytes for each line in the order of ids: the id (8 bytes, big-endian) and the line's
SHA-256, so that a broken block tells which line broke it.
*A seal's* `hash` is the SHA-256 of a label, the tenant's id (16 bytes), the block's number, first id, last id and count
(8 bytes each), the seal before (32 bytes, zeros for the first) and `rows_hash`. Block numbers begin with 1.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from tenants.models import AuditEntry, AuditSeal

FIRST_PREVIOUS: Final = bytes(32)
"""Stands in the first seal for the one before."""

ROW_BYTES: Final = 40
"""Bytes in `rows_hash` for each line."""

_LABEL: Final = b"vestibule audit seal v1"


def canonical_row(entry: AuditEntry) -> bytes:
    """The line as it is hashed; the module's docstring says how."""
    return json.dumps(
        {
            "id": entry.id,
            "tenant": str(entry.tenant_id),
            "at": _time(entry.at),
            "happened_at": _time(entry.happened_at),
            "actor_kind": entry.actor_kind,
            "actor_id": _id(entry.actor_id),
            "actor_name": entry.actor_name,
            "source": entry.source,
            "correlation": entry.correlation,
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_id": _id(entry.subject_id),
            "outcome": entry.outcome,
            "code": entry.code,
            "details": entry.details,
            **({"address": entry.address} if entry.address else {}),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def row_hash(entry: AuditEntry) -> bytes:
    """The line's 40 bytes in `rows_hash`."""
    return entry.id.to_bytes(8, "big") + hashlib.sha256(canonical_row(entry)).digest()


def row_id(hashed: bytes) -> int:
    """The id in a line's 40 bytes."""
    return int.from_bytes(hashed[:8], "big")


def seal_hash(*, tenant_id: UUID, seal: AuditSeal) -> bytes:
    """The seal's hash over everything that it says; the module's docstring says how."""
    numbers = (seal.sequence, seal.first_id, seal.last_id, seal.count)
    return hashlib.sha256(
        _LABEL
        + tenant_id.bytes
        + b"".join(number.to_bytes(8, "big") for number in numbers)
        + bytes(seal.previous_hash)
        + bytes(seal.rows_hash)
    ).digest()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
