"""What somebody must be allowed to do before they see to bulk work of a kind.

Knows one action for each kind. It must never ask who somebody is: the doors do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from guests.models import BatchKind
from tenants.roles import Action

_ACTIONS: Final[Mapping[str, Action]] = {
    BatchKind.INVITATIONS: Action.GUESTS_INVITE_MANY,
    BatchKind.RESETS: Action.GUESTS_RESET,
    BatchKind.REMINDERS: Action.GUESTS_INVITE_MANY,
    BatchKind.REVOCATIONS: Action.INVITATIONS_REVOKE,
}


def action_for(kind: str) -> Action:
    """The action of a BatchKind."""
    return _ACTIONS[kind]
