"""After a backup is restored: what the dump says is live may have been used or ended since it was taken (B13)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from guests.models import Ended, GuestSession, SignInFlow
from passcodes.operations import void_all_challenges
from tenants import audit
from tenants.audit import Actor


def distrust_the_dump(*, actor: Actor, now: datetime) -> tuple[int, int]:
    """Void every code and end every session of the open tenant; returns how many (codes, sessions).

    Guests sign in again with a new code; links, redemption statuses and consents stay as the dump has them.
    """
    with transaction.atomic():
        codes = void_all_challenges()
        SignInFlow.objects.filter(ended_at__isnull=True).update(ended_at=Now())
        sessions = GuestSession.objects.filter(ended_at__isnull=True).update(ended_at=Now(), ended_why=Ended.RESTORED)
        audit.record(
            actor=actor,
            action="tenant.restored",
            at=now,
            subject_kind="tenant",
            details={"codes": codes, "sessions": sessions},
        )
        return codes, sessions
