"""Which deed each kind of batch is: one explicit table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guests.models import BatchKind
from guests.operations.batches.inviting import Invitations
from guests.operations.batches.reminding import Reminders
from guests.operations.batches.resetting import Resets
from guests.operations.batches.revoking import Revocations
from guests.operations.batches.slices import BatchWork

WORK: Final[Mapping[str, BatchWork]] = {
    BatchKind.INVITATIONS: Invitations(),
    BatchKind.RESETS: Resets(),
    BatchKind.REMINDERS: Reminders(),
    BatchKind.REVOCATIONS: Revocations(),
}
"""By BatchKind."""
