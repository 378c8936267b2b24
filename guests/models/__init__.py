"""Guests, their invitations, the flows in progress, sessions, consents, identities, batches and figures.

Knows rows and constraints; operations/ writes them. A guest is not a user: nothing here touches AUTH_USER_MODEL.
"""

from guests.models.batch import (
    AT_WORK,
    Batch,
    BatchKind,
    BatchPart,
    BatchRow,
    BatchState,
    Result,
    Verdict,
)
from guests.models.figure import DailyFigure, Summing
from guests.models.flow import ProviderAnswer, SignInFlow, Way
from guests.models.guest import Guest, Source, Status
from guests.models.invitation import Ended, Invitation
from guests.models.redemption import Consent, ConsentKind, FederatedIdentity, Redemption
from guests.models.session import GuestSession

__all__ = [
    "AT_WORK",
    "Batch",
    "BatchKind",
    "BatchPart",
    "BatchRow",
    "BatchState",
    "Consent",
    "ConsentKind",
    "DailyFigure",
    "Ended",
    "FederatedIdentity",
    "Guest",
    "GuestSession",
    "Invitation",
    "ProviderAnswer",
    "Redemption",
    "Result",
    "SignInFlow",
    "Source",
    "Status",
    "Summing",
    "Verdict",
    "Way",
]
