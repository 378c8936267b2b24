"""What a mail provider says became of a mail (R18).

Knows which news overrules which, so that events may come late, twice or in any order. It must never believe by itself
that the provider said it: the door has checked the signature. Nothing here is logged: events name recipients.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from outbox import delivery
from outbox.delivery import Message
from outbox.models import WAITING, OutboundMail, State
from outbox.rules import kept_reason
from tenants.audit import Actor, Outcome, record
from tenants.models import AuditEntry

_OURS: Final = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^@>]+>?")

_BEFORE: Final[Mapping[State, tuple[State, ...]]] = {
    State.DEFERRED: (*WAITING, State.HANDED_OVER),
    State.DELIVERED: (*WAITING, State.HANDED_OVER, State.DEFERRED, State.FAILED, State.DROPPED),
    State.BOUNCED: (*WAITING, State.HANDED_OVER, State.DEFERRED, State.DELIVERED, State.DROPPED),
}
"""The states that each piece of news overrules. A mail that waits here has left all the same: its sender stopped before
it could say so. A bounce overrules a delivery, since some servers change their mind, and never the other way round."""

_AT: Final[Mapping[State, str]] = {
    State.DEFERRED: "deferred_at",
    State.DELIVERED: "delivered_at",
    State.BOUNCED: "bounced_at",
}


@dataclass(frozen=True)
class Happened:
    """One event: DEFERRED, DELIVERED or BOUNCED, when, and the server's words for it."""

    names: tuple[str, ...]
    """What the provider calls the mail, the surest first."""
    state: State
    at: datetime | None
    said: str


def find_reported(*, names: Iterable[str]) -> dict[str, list[tuple[UUID, UUID]]]:
    """The mails that a provider calls by these names, as (tenant's id, mail's id), inside every_tenant().

    A name is our own Message-ID or the provider's; in front of and behind either there may be angle brackets. Any
    other text is found to be nobody's.
    """
    wanted = {name: _without_brackets(name) for name in names if name.isascii() and name.isprintable()}
    ours = {name: UUID(found[1]) for name, found in ((name, _OURS.fullmatch(name)) for name in wanted) if found}
    theirs = {form for bare in wanted.values() if bare for form in (bare, f"<{bare}>")}
    rows = OutboundMail.objects.filter(Q(id__in=ours.values()) | Q(provider_message_id__in=theirs)).values_list(
        "tenant_id", "id", "message_id", "provider_message_id"
    )
    found: dict[str, list[tuple[UUID, UUID]]] = {}
    called: dict[str, list[str]] = {}
    for name, bare in wanted.items():
        called.setdefault(bare, []).append(name)
    for tenant_id, mail_id, message_id, provider_id in rows:
        for bare in {_without_brackets(message_id), _without_brackets(provider_id)} - {""}:
            for name in called.get(bare, ()):
                found.setdefault(name, []).append((tenant_id, mail_id))
    return found


def note_event(*, mail_id: UUID, happened: Happened, actor: Actor, now: datetime) -> State | None:
    """Keep what happened to the mail, and write it into the history; the state it is in now.

    None, and nothing written, where the mail knows better already.
    """
    with transaction.atomic():
        mail = OutboundMail.objects.select_for_update().filter(id=mail_id).first()
        if mail is None or mail.state not in _BEFORE[happened.state]:
            return None
        message = delivery.render(mail.kind, mail.subject_id)
        reason = "" if happened.state is State.DELIVERED else kept_reason(happened.said)
        OutboundMail.objects.filter(id=mail_id).update(
            state=happened.state,
            reason=reason,
            handed_over_at=Coalesce("handed_over_at", Now()),
            settled_at=Coalesce("settled_at", Now()),
            **{_AT[happened.state]: _between(happened.at, mail.created_at, now)},
        )
        record(
            actor=actor,
            action=f"mail.{happened.state}",
            at=now,
            subject_kind=mail.kind,
            subject_id=mail.subject_id,
            outcome=Outcome.FAILED if happened.state is State.BOUNCED else Outcome.SUCCESS,
            details={"mail": str(mail.id), "reason": reason},
            address=message.to if isinstance(message, Message) else _told_before(mail),
        )
    return happened.state


def keep_name(*, mail_id: UUID, tries: int, provider_message_id: str) -> State | None:
    """Keep the provider's name for a mail whose news came before its sender could settle it; the state they left it in.

    None, and nothing kept, where the row is another sender's by now or nobody has told anything. For operations, inside
    theirs.
    """
    mail = OutboundMail.objects.select_for_update().filter(id=mail_id, tries=tries, state__in=_AT).first()
    if mail is None:
        return None
    if provider_message_id and not mail.provider_message_id:
        OutboundMail.objects.filter(id=mail_id).update(provider_message_id=provider_message_id)
    return State(mail.state)


def _told_before(mail: OutboundMail) -> str:
    """Whom the mail was made for, where it is not made any more: its code was used before the provider told."""
    told = AuditEntry.objects.filter(
        subject_id=mail.subject_id, subject_kind=mail.kind, action=f"mail.{State.HANDED_OVER}"
    ).order_by("-id")
    return told.values_list("address", flat=True).first() or ""


def _without_brackets(name: str) -> str:
    return name.removeprefix("<").removesuffix(">")


def _between(at: datetime | None, first: datetime, last: datetime) -> datetime:
    """The provider's time where it can be: a clock that is wrong must not make a mail arrive before it was written."""
    if at is None:
        return last
    return max(first, min(at if at.tzinfo else at.replace(tzinfo=UTC), last))
