"""Who may invite guests (R53).

Knows how a tenant's choice meets who asks. It must never look anything up: the doors say who asks, the tenant's row
what it chose.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tenants.models import WhoMayInvite

Who = WhoMayInvite


class InviterKind(StrEnum):
    """Who asks to invite, as far as the choice tells them apart."""

    INVITER = "inviter"
    """An administrator whose role in the tenant allows inviting; an operator who sits there."""
    MEMBER = "member"
    """An administrator of the tenant whose roles do not."""
    GUEST = "guest"
    """A guest who has redeemed."""
    OPERATOR = "operator"
    """At the shell of this installation."""


BY_ROLE: Final = frozenset({InviterKind.INVITER, InviterKind.OPERATOR})
"""Whose inviting again may say other things than the invitation that is there (R53)."""

_MAY: Final[dict[str, frozenset[InviterKind]]] = {
    Who.NONE: frozenset(),
    Who.INVITERS: BY_ROLE,
    Who.MEMBERS: BY_ROLE | {InviterKind.MEMBER},
    Who.EVERYONE: BY_ROLE | {InviterKind.MEMBER, InviterKind.GUEST},
}

MEANS: Final[dict[str, str]] = {
    Who.NONE: "Nobody invites, one by one or in bulk, in the portal or by command. Invitations that exist stay: they "
    "can be sent again and revoked.",
    Who.INVITERS: "Global Administrators, User Administrators and Guest Inviters invite.",
    Who.MEMBERS: "Whoever holds any role in this tenant invites one guest at a time. Bulk stays with Global and User "
    "Administrators.",
    Who.EVERYONE: "The same, and guests who have redeemed invite others from My Apps.",
}
"""What each choice means, for the page that offers it."""


def may_invite(who: str, kind: InviterKind) -> bool:
    """Whether the tenant's choice lets this kind invite; a choice that is not known lets nobody."""
    return kind in _MAY.get(who, frozenset())
