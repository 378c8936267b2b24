"""Ending single sessions: by an administrator, and by the guest whose they are (R21).

Knows whose sessions somebody may end; it must never end another guest's.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from guests.models import Ended, Guest, GuestSession
from guests.operations.signing_in import end_sessions_of
from tenants import audit
from tenants.audit import Actor


def end_session(*, guest_id: UUID, session_id: UUID, actor: Actor, now: datetime) -> bool:
    """End one session of this guest now; they may sign in again. False, and nothing done, where it had ended."""
    with transaction.atomic():
        if not end_sessions_of(guest_id=guest_id, why=Ended.BY_ADMINISTRATOR, only=session_id):
            return False
        _record("guest.session_ended", guest_id, {"session": str(session_id)}, actor, now)
        return True


def end_other_sessions(*, session: GuestSession, actor: Actor, now: datetime) -> int:
    """End every live session of this guest but the one they act in; returns how many."""
    with transaction.atomic():
        others = GuestSession.objects.filter(
            guest_id=session.guest_id, ended_at__isnull=True, expires_at__gt=Now()
        ).exclude(id=session.id)
        ended = others.update(ended_at=Now(), ended_why=Ended.SIGNED_OUT)
        if ended:
            _record("guest.signed_out_elsewhere", session.guest_id, {"sessions": ended}, actor, now)
        return ended


def _record(action: str, guest_id: UUID, details: dict[str, object], actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        at=now,
        subject_kind="guest",
        subject_id=guest_id,
        details=details,
        address=Guest.objects.values_list("address_key", flat=True).filter(id=guest_id).first() or "",
    )
