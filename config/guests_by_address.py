"""Which guests an address names, for the history, which lies below guests.

Knows one look-up. Reads only.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from guests.models import Guest

MOST: Final = 20
"""Guests of one address: one that is there, and those that were deleted before."""


def guests_at(address: str) -> tuple[UUID, ...]:
    """The open tenant's guests with that canonical address, deleted ones too."""
    return tuple(Guest.objects.filter(address_key=address).values_list("id", flat=True)[:MOST])
