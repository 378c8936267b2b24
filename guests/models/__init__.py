"""Guests, their invitations, the flows in progress, sessions, consents and identities.

Knows rows and constraints; operations/ writes them. A guest is not a user: nothing here touches AUTH_USER_MODEL.
"""

from guests.models.flow import ProviderAnswer, SignInFlow, Way
from guests.models.guest import Guest, Source, Status
from guests.models.invitation import Ended, Invitation
from guests.models.redemption import Consent, ConsentKind, FederatedIdentity, Redemption
from guests.models.session import GuestSession

__all__ = [
    "Consent",
    "ConsentKind",
    "Ended",
    "FederatedIdentity",
    "Guest",
    "GuestSession",
    "Invitation",
    "ProviderAnswer",
    "Redemption",
    "SignInFlow",
    "Source",
    "Status",
    "Way",
]
