"""How the portal names where a mail is.

Knows states as marks and the newest mail of each of a page's invitations. Reads only.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.utils.safestring import SafeString

from guests.admin.words import mark
from outbox.models import OutboundMail, State

MARKS: Final = {
    State.HANDED_OVER: "ok",
    State.DELIVERED: "ok",
    State.BOUNCED: "no",
    State.FAILED: "no",
    State.SUPPRESSED: "off",
    State.DROPPED: "off",
}
KINDS: Final = {
    "passcode": "Code",
    "invitation": "Invitation",
    "invitation_copy": "Copy of an invitation",
    "invitation_request": "Request for an invitation",
}
"""What a mail is, by its kind in OUTBOX_RENDERERS."""


def mail_mark(mail: OutboundMail) -> SafeString:
    """Its state as a mark."""
    return mark(MARKS.get(State(mail.state), "wait"), State(mail.state).label)


def newest_mails(invitation_ids: Collection[UUID]) -> dict[UUID, OutboundMail]:
    """The newest mail of each of these invitations, where one is left. One statement."""
    found = OutboundMail.objects.filter(kind="invitation", subject_id__in=invitation_ids)
    newest = found.order_by("subject_id", "-created_at", "-id").distinct("subject_id")
    return {mail.subject_id: mail for mail in newest}
