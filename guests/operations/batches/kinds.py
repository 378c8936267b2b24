"""Which deed each kind of batch is: one explicit table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guests.operations.batches.slices import BatchWork

WORK: Final[Mapping[str, BatchWork]] = {}
"""By BatchKind."""
