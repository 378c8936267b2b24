"""What became of one invitation, newest first: the history's lines, the codes asked for and the mails.

Knows which rows tell it, and what each says to an administrator. Reads only, in three statements however long the
guest has been here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from guests.models import Invitation
from outbox.models import WAITING, OutboundMail
from tenants.models import AuditEntry, Outcome

SHOWN: Final = 50
"""Lines of a timeline."""

_SAME_MOMENT: Final = timedelta(minutes=1)
"""The door's clock, by which an invitation was made, and the database's, by which its row was."""

_WORDS: Final = {
    "guest.invited": "Invited",
    "guest.invited_again": "Invited again",
    "guest.signed_up": "Signed up",
    "guest.redeemed": "Redeemed",
    "guest.declined": "Declined",
    "guest.reset": "Redemption status reset",
    "guest.blocked": "Sign-in blocked",
    "guest.unblocked": "Sign-in allowed again",
    "guest.deleted": "Guest deleted",
    "guest.restored": "Guest restored",
    "guest.left": "The guest left",
    "invitation.resent": "Sent again",
    "invitation.reminded": "Reminded",
    "invitation.revoked": "Revoked",
    "invitation.asked_again": "The guest asked for a new invitation",
    "invitation.opened": "Link opened",
    "passcode.requested": "Code sent",
    "passcode.resent": "Code sent again",
    "mail.handed_over": "Handed over to the mail server",
    "mail.delivered": "Delivered",
    "mail.deferred": "Deferred by the recipient’s server",
    "mail.bounced": "Bounced",
    "mail.failed": "Not taken by the mail server",
    "mail.suppressed": "Not sent",
    "mail.dropped": "Not sent",
}
_WEIGHS: Final = {
    "guest.redeemed": "v-good",
    "mail.delivered": "v-good",
    "mail.bounced": "v-bad-mark",
    "mail.failed": "v-bad-mark",
    "mail.dropped": "v-bad-mark",
    "mail.suppressed": "v-bad-mark",
    "invitation.revoked": "v-bad-mark",
    "guest.declined": "v-bad-mark",
    "guest.blocked": "v-bad-mark",
}
_CODES: Final = ("passcode.requested", "passcode.resent")
_ADDS: Final = {"invitation.opened": "A mail scanner may have."}


@dataclass(frozen=True)
class Line:
    """One thing that happened. `mark` is the class of its dot; `by` is empty where nobody in particular did it."""

    at: datetime
    words: str
    mark: str = ""
    by: str = ""
    detail: str = ""
    reference: str = ""


def timeline_of(invitation: Invitation, *, may_see_references: bool) -> list[Line]:
    """The newest lines about this invitation. `may_see_references` is the leave to see the audit log."""
    since = invitation.created_at - _SAME_MOMENT
    of_guest = AuditEntry.objects.filter(subject_id__in=[invitation.guest_id, invitation.pk], happened_at__gte=since)
    of_codes = AuditEntry.objects.filter(
        address=invitation.guest.address_key, action__in=_CODES, happened_at__gte=since
    )
    if invitation.accepted_at is not None:
        of_codes = of_codes.filter(happened_at__lte=invitation.accepted_at)
    told = of_guest.filter(Q(action__in=_WORDS)).order_by("-id")[: 2 * SHOWN]
    lines = [
        *_of_entries([one for one in told if _is_about(one, invitation)], may_see_references),
        *_of_entries(list(of_codes.order_by("-id")[:SHOWN]), may_see_references),
        *_of_mails(invitation),
    ]
    return sorted(lines, key=lambda one: one.at, reverse=True)[:SHOWN]


def _is_about(entry: AuditEntry, invitation: Invitation) -> bool:
    """Lines that name another invitation are its own timeline's."""
    return bool(entry.details.get("invitation", str(invitation.pk)) == str(invitation.pk))


def _of_entries(entries: list[AuditEntry], may_see_references: bool) -> Iterator[Line]:
    for entry in entries:
        is_done = entry.outcome != Outcome.REFUSED
        detail = _ADDS.get(entry.action, "") or str(entry.details.get("reason") or "")
        yield Line(
            at=entry.happened_at,
            words=_WORDS.get(entry.action, entry.action) if is_done else f"Refused: {_WORDS[entry.action].lower()}",
            mark=_WEIGHS.get(entry.action, "") if is_done else "v-bad-mark",
            by="" if entry.action.startswith("mail.") else entry.actor_name,
            detail=" ".join(filter(None, [entry.code, detail])),
            reference=entry.correlation if may_see_references else "",
        )


def _of_mails(invitation: Invitation) -> Iterator[Line]:
    """Queueing writes no line of history; the rows that are not forgotten yet tell it."""
    for mail in OutboundMail.objects.about("invitation", invitation.pk)[:SHOWN]:
        tried = f"Tried {mail.tries} times: {mail.reason}" if mail.state in WAITING and mail.reason else ""
        yield Line(at=mail.created_at, words="Email queued", detail=tried)
