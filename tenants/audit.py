"""The history: who did what, from where, with what outcome.

Knows how one line of it is written. A line is written in the transaction of the deed, holds no code and no link
secret, and is never changed afterwards: the application role has no right to. (R64; sealing.py chains the lines.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.models import ActorKind, AuditEntry, Outcome
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


def record(
    *,
    actor: Actor,
    action: str,
    at: datetime,
    subject_kind: str = "",
    subject_id: UUID | None = None,
    outcome: Outcome = Outcome.SUCCESS,
    code: str = "",
    details: Mapping[str, object] | None = None,
    address: str = "",
) -> None:
    """Append one line to the open tenant's history, in the running transaction: one INSERT.

    `action` is a dotted name with its noun first ("invitation.sent"); `at` is the door's clock, beside which the
    database stamps its own; `details` must be JSON and hold nothing secret. `address` is the canonical address that
    the line is about, which the log is searched by; the one in `details` where it is left out.
    """
    line(
        actor=actor,
        action=action,
        at=at,
        subject_kind=subject_kind,
        subject_id=subject_id,
        outcome=outcome,
        code=code,
        details=details,
        address=address,
    ).save(force_insert=True)


def line(
    *,
    actor: Actor,
    action: str,
    at: datetime,
    subject_kind: str = "",
    subject_id: UUID | None = None,
    outcome: Outcome = Outcome.SUCCESS,
    code: str = "",
    details: Mapping[str, object] | None = None,
    address: str = "",
) -> AuditEntry:
    """The same line, not yet written: for one deed for many guests, which appends all of its lines at once."""
    said = address or (details or {}).get("address")
    return AuditEntry(
        # An address as mail is sent to it differs from its canonical form (R70) in nothing but case.
        address=said.lower()[:254] if isinstance(said, str) and "@" in said else "",
        tenant_id=current_tenant_id(),
        happened_at=at,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        source=actor.source,
        correlation=actor.correlation,
        action=action,
        subject_kind=subject_kind,
        subject_id=subject_id,
        outcome=outcome,
        code=code,
        details=dict(details or {}),
    )
