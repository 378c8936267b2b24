"""What the history tells of, as headings: each action as something that happened, for the timelines of guests.

Knows words only. deeds.py has the same actions as somebody's deeds; one that has no heading here is told in its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tenants.models import AuditEntry, Outcome
from tenants.telling import deed_of

_HEADINGS: Final[Mapping[str, str]] = {
    "guest.invited": "Invited",
    "guest.invited_again": "Invited again",
    "guest.signed_up": "Signed up",
    "guest.redeemed": "Redeemed",
    "guest.declined": "Declined",
    "guest.signed_in": "Signed in",
    "guest.signed_out": "Signed out",
    "guest.signed_out_elsewhere": "Signed out in the other browsers",
    "guest.returned": "Came back from the provider",
    "guest.edited": "Edited",
    "guest.reset": "Redemption status reset",
    "guest.blocked": "Sign-in blocked",
    "guest.unblocked": "Sign-in allowed again",
    "guest.session_ended": "Session ended",
    "guest.sessions_ended": "All sessions ended",
    "guest.deleted": "Guest deleted",
    "guest.restored": "Guest restored",
    "guest.left": "The guest left",
    "identity.address_changed": "Signed in with an account whose address has changed",
    "sign_in.begun": "Sign-in begun",
    "invitation.resent": "Sent again",
    "invitation.reminded": "Reminded",
    "invitation.revoked": "Revoked",
    "invitation.asked_again": "The guest asked for a new invitation",
    "invitation.opened": "Link opened",
    "passcode.requested": "Code sent",
    "passcode.resent": "Code sent again",
    "passcode.refused": "Code refused",
    "passcode.pause_lifted": "Pause on codes lifted",
    "mail.handed_over": "Handed over to the mail server",
    "mail.delivered": "Delivered",
    "mail.deferred": "Deferred by the recipient’s server",
    "mail.bounced": "Bounced",
    "mail.failed": "Not taken by the mail server",
    "mail.suppressed": "Not sent",
    "mail.dropped": "Not sent",
}
_NOT_DONE: Final[Mapping[str, str]] = {
    "sign_in.begun": "Sign-in refused",
    "guest.signed_in": "Sign-in refused",
    "passcode.refused": "Code refused",
}
_TRIED: Final = ("try", "use")
_ENDS_BADLY: Final = frozenset(
    {"mail.bounced", "mail.failed", "mail.dropped", "mail.suppressed", "invitation.revoked"}
    | {"guest.declined", "guest.blocked", "passcode.refused"}
)
_ENDS_WELL: Final = frozenset({"guest.redeemed", "guest.signed_in", "mail.delivered"})


def heading_of(entry: AuditEntry) -> str:
    """What happened: "Bounced", "Refused: invited"."""
    action = entry.action
    if action == "passcode.refused" and entry.details.get("step") in _TRIED:
        return "Code did not work"
    if action == "passcode.requested" and entry.details.get("decoy"):
        return "Code asked for, and none sent"
    deed = deed_of(entry)
    heading = _HEADINGS.get(action, deed[:1].upper() + deed[1:])
    if entry.outcome != Outcome.REFUSED or action not in _HEADINGS:
        return heading
    return _NOT_DONE.get(action) or f"Refused: {heading[:1].lower()}{heading[1:]}"


def mark_of(entry: AuditEntry) -> str:
    """The class of its dot: filled for a good end or a bad one, hollow for what is on the way."""
    if entry.outcome == Outcome.REFUSED or entry.action in _ENDS_BADLY:
        return "v-bad-mark"
    return "v-good" if entry.action in _ENDS_WELL else ""
