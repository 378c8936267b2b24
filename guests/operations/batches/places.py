"""Where a worker that reads rows newest first goes on: the time and the key of the last row, in 32 characters.

Knows how the rows behind it are asked for so that the index is entered there. It must never be shown to people.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(*, created_at: datetime, pk: UUID) -> str:
    """The row's place among its like, newest first and by key where they are of one moment."""
    micros = (created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(micros.to_bytes(8) + pk.bytes).decode()


def behind(place: str) -> Q:
    """What comes after it. Two conditions instead of a pair compared in an OR: that would be read from the start."""
    raw = base64.urlsafe_b64decode(place)
    at, pk = _EPOCH + timedelta(microseconds=int.from_bytes(raw[:8])), UUID(bytes=raw[8:])
    return Q(created_at__lte=at) & ~Q(created_at=at, pk__lte=pk)
