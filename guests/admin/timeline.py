"""What became of a guest, or of one invitation, newest first: the history's lines and the mails that were queued.

Knows which rows tell it, and how a line of a timeline is made of them. Reads only: two statements for an invitation
beside its mails, and three for a guest, however long they have been here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from guests.models import Guest, Invitation
from guests.operations.identities import addresses_of
from guests.operations.mailing import COPY, KIND
from outbox.models import WAITING, OutboundMail
from tenants.deeds import Group, actions_of
from tenants.models import ActorKind, AuditEntry
from tenants.moments import heading_of, mark_of
from tenants.telling import times, why_of

SHOWN: Final = 50
"""Lines of a timeline."""

LOGS: Final = {"": "Everything", "sign-ins": "Sign-ins", "changes": "Changes"}
"""The guest page's `?log=`, and what the link says."""

_SAME_MOMENT: Final = timedelta(minutes=1)
"""The door's clock, by which an invitation was made, and the database's, by which its row was."""

_OF_SIGN_INS: Final = ["invitation.opened", *actions_of(Group.SIGN_INS), *actions_of(Group.CODES)]
_OF_AN_INVITATION: Final = [
    *actions_of(Group.INVITATIONS),
    *actions_of(Group.MAIL),
    *(f"guest.{deed}" for deed in ("redeemed", "declined", "reset", "blocked", "unblocked", "signed_up")),
    *(f"guest.{deed}" for deed in ("deleted", "restored", "left")),
]
_ASKS_FOR_MAIL: Final = frozenset(
    ["guest.invited", "guest.invited_again", "guest.reset", "invitation.resent", "invitation.reminded"]
)
_CODES: Final = ("passcode.requested", "passcode.resent")
_ADDS: Final = {"invitation.opened": "A mail scanner may have."}


@dataclass(frozen=True)
class Line:
    """One thing that happened. `mark` is the class of its dot; `by` is empty where nobody in particular did it, and
    `address` where it is the guest's own."""

    at: datetime
    words: str
    mark: str = ""
    by: str = ""
    detail: str = ""
    address: str = ""
    source: str = ""
    reference: str = ""


def told_of_invitation(invitation: Invitation) -> list[AuditEntry]:
    """The newest entries about the invitation, and about the codes that were asked for until it was accepted."""
    since = invitation.created_at - _SAME_MOMENT
    of_guest = AuditEntry.objects.filter(subject_id__in=[invitation.guest_id, invitation.pk], happened_at__gte=since)
    of_codes = AuditEntry.objects.filter(
        address=invitation.guest.address_key, action__in=_CODES, happened_at__gte=since
    )
    if invitation.accepted_at is not None:
        of_codes = of_codes.filter(happened_at__lte=invitation.accepted_at)
    told = of_guest.filter(action__in=_OF_AN_INVITATION).order_by("-id")[: 2 * SHOWN]
    return [*(one for one in told if _is_about(one, invitation)), *of_codes.order_by("-id")[:SHOWN]]


def told_of_guest(guest: Guest, log: str) -> list[AuditEntry]:
    """The newest entries about the guest, and about their addresses: as strangers typed them, as mails went there.

    `log` is one of LOGS. Each statement is one stretch of an index; together they would be none.
    """
    about = AuditEntry.objects.filter(subject_id=guest.pk)
    addressed = AuditEntry.objects.filter(address__in=addresses_of(guest)).exclude(subject_id=guest.pk)
    return [*_newest(about, log), *_newest(addressed, log)]


def mails_of_guest(invitations: Iterable[UUID], log: str) -> Sequence[OutboundMail]:
    """The mails about these invitations, where the `log` tells of mails. At most one statement."""
    if log == "sign-ins":
        return []
    mails = OutboundMail.objects.filter(kind__in=[KIND, COPY], subject_id__in=list(invitations))
    return list(mails.order_by("-created_at", "-id")[:SHOWN])


def timeline(entries: Iterable[AuditEntry], mails: Iterable[OutboundMail], guest: Guest) -> list[Line]:
    """Entries and mails as lines, the newest first; entries as far as the reader may read them."""
    in_order = sorted(entries, key=lambda entry: entry.pk, reverse=True)  # of the same moment, the one written last
    asking = [entry.happened_at for entry in in_order if entry.action in _ASKS_FOR_MAIL]
    lines = [*_of_mails(mails, asking), *(_of_entry(entry, guest) for entry in in_order)]
    return sorted(lines, key=lambda one: one.at, reverse=True)[:SHOWN]


def _newest(found: QuerySet[AuditEntry], log: str) -> QuerySet[AuditEntry]:
    if log == "sign-ins":
        found = found.filter(action__in=_OF_SIGN_INS)
    elif log == "changes":
        found = found.exclude(action__in=_OF_SIGN_INS)
    return found.order_by("-id")[:SHOWN]


def _is_about(entry: AuditEntry, invitation: Invitation) -> bool:
    """Entries that name another invitation are its own timeline's."""
    return bool(entry.details.get("invitation", str(invitation.pk)) == str(invitation.pk))


def _of_entry(entry: AuditEntry, guest: Guest) -> Line:
    return Line(
        at=entry.happened_at,
        words=heading_of(entry),
        mark=mark_of(entry),
        by="" if entry.action.startswith("mail.") else _who(entry),
        detail=": ".join(filter(None, [entry.code, _ADDS.get(entry.action, "") or why_of(entry)])),
        address="" if entry.address == guest.address_key else entry.address,
        source=entry.source,
        reference=entry.correlation,
    )


def _who(entry: AuditEntry) -> str:
    return entry.actor_name or ("somebody" if entry.actor_kind == ActorKind.STRANGER else "")


def _of_mails(mails: Iterable[OutboundMail], asking: Sequence[datetime]) -> Iterator[Line]:
    """Queueing writes no entry; the rows that are not forgotten yet tell it.

    A mail stands after the deed that asked for it, one of `asking`, though the database's clock may say before.
    """
    for mail in mails:
        tried = f"Tried {times(mail.tries)}: {mail.reason}" if mail.state in WAITING and mail.reason else ""
        asked = [at for at in asking if mail.created_at < at < mail.created_at + _SAME_MOMENT]
        yield Line(
            at=min(asked, default=mail.created_at),
            words="Copy queued" if mail.kind == COPY else "Email queued",
            detail=tried,
        )
