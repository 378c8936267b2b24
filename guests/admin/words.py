"""How the portal names a guest's status, method and invitation.

Knows words and marks only; a mark is a word with a sign before it, colour repeats it.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from guests.models import Ended, Guest, Invitation, Status
from providers.rules import METHOD_LABELS, Method

NOT_DECIDED = "none"
"""The filter's word for guests who have not redeemed."""

STOPPED = {
    Ended.REVOKED: "Revoked",
    Ended.RESET: "Replaced by a reset",
    Ended.REPLACED: "Replaced by a newer one",
    Ended.DELETED: "Guest deleted",
    Ended.LEFT: "Guest left",
}


def mark(kind: str, words: str) -> SafeString:
    return format_html('<span class="v-status v-status-{}">{}</span>', kind, words)


def status_mark(guest: Guest) -> SafeString:
    """Blocked stands over what was redeemed: it is what the guest meets."""
    if guest.is_blocked:
        return mark("no", "Blocked")
    return redeemed_mark(guest)


def redeemed_mark(guest: Guest) -> SafeString:
    """What was redeemed, blocked or not."""
    return mark("ok", "Accepted") if guest.redemption_status == Status.ACCEPTED else mark("wait", "Pending acceptance")


def method_words(method: str) -> str:
    """The name of a stored method; a dash for a guest who has not redeemed."""
    return METHOD_LABELS[Method(method)] if method in set(Method) else "–"


def named(guest: Guest) -> SafeString:
    """Name over address; the address alone where there is no name."""
    if not guest.name:
        return format_html("<bdi>{}</bdi>", guest.address)
    return format_html('{}<span class="v-under"><bdi>{}</bdi></span>', guest.name, guest.address)


def invitation_mark(invitation: Invitation, now: datetime) -> SafeString:
    """What the link answers now."""
    if invitation.ended_at is not None:
        return mark("off", STOPPED.get(Ended(invitation.ended_why), "Ended") if invitation.ended_why else "Ended")
    if invitation.expires_at is not None and invitation.expires_at <= now:
        return mark("off", "Expired")
    return mark("ok", "Accepted") if invitation.accepted_at else mark("wait", "Open")
