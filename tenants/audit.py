"""The history: who did what, from where, with what outcome.

Knows how one line of it is written. A line is written in the transaction of the deed, holds no code and no link
secret, and is never changed afterwards: the application role has no right to. (R64; sealing.py chains the lines.)
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from tenants.models import ActorKind, Administrator, AuditEntry, Outcome
from tenants.scope import current_tenant_id

__all__ = ["SYSTEM", "Actor", "ActorKind", "Outcome", "line", "record"]


@dataclass(frozen=True)
class Actor:
    """Who acts: an administrator, a guest, an operator at the shell, the system itself, or a stranger.

    `source` is the client's network address or the host; `correlation` ties the lines of one request together.
    """

    kind: ActorKind
    name: str = ""
    id: UUID | None = None
    source: str = ""
    correlation: str = ""


SYSTEM = Actor(ActorKind.SYSTEM, "Vestibule")


class Told(TypedDict):
    """What a line of history tells. `details` must be JSON and hold nothing secret."""

    actor: Actor
    action: str
    """A dotted name with its noun first ("invitation.sent")."""
    at: datetime
    """The door's clock, beside which the database stamps its own."""
    subject_kind: NotRequired[str]
    subject_id: NotRequired[UUID | None]
    outcome: NotRequired[Outcome]
    code: NotRequired[str]
    details: NotRequired[Mapping[str, object] | None]
    address: NotRequired[str]
    """Whom the line is about: a guest's or a stranger's address, an administrator's email. The log shows it and is
    searched by it. Where it is left out, the one in `details` is."""


_noted: ContextVar[str] = ContextVar("noted", default="")


def record(**told: Unpack[Told]) -> None:
    """Append one line to the open tenant's history, in the running transaction: one INSERT."""
    line(**told).save(force_insert=True)
    _noted.set(told["actor"].correlation)


def noted_reference() -> str:
    """The reference of the last line that this request wrote; "" before the first. A page shows no other (R64)."""
    return _noted.get()


def note_reference(reference: str) -> None:
    """Have the page show the reference of an earlier line, which stands for this request as well."""
    _noted.set(reference)


def begin_request() -> None:
    """Forget what an earlier request of this thread wrote."""
    _noted.set("")


def record_of_administrator(
    *,
    administrator: Administrator,
    action: str,
    actor: Actor,
    at: datetime,
    details: Mapping[str, object] | None = None,
) -> None:
    """The same about an administrator, found by their email."""
    record(
        actor=actor,
        action=action,
        at=at,
        subject_kind="administrator",
        subject_id=administrator.pk,
        details=details,
        address=administrator.email,
    )


def line(**told: Unpack[Told]) -> AuditEntry:
    """The same line, not yet written: for one deed for many guests, which appends all of its lines at once."""
    actor, details = told["actor"], dict(told.get("details") or {})
    about = told.get("address") or details.get("address")
    return AuditEntry(
        # An address as mail is sent to it differs from its canonical form (R70) in nothing but case.
        address=about.lower()[:254] if isinstance(about, str) and "@" in about else "",
        tenant_id=current_tenant_id(),
        happened_at=told["at"],
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        source=actor.source,
        correlation=actor.correlation,
        action=told["action"],
        subject_kind=told.get("subject_kind", ""),
        subject_id=told.get("subject_id"),
        outcome=told.get("outcome", Outcome.SUCCESS),
        code=told.get("code", ""),
        details=details,
    )
