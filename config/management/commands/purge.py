"""The operators' door to housekeeping, which beat does by itself every ten minutes."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from config.housekeeping import forget_expired
from tenants.doors.commands import OperatorCommand


class Command(OperatorCommand):
    """Thin: one operation, one answer."""

    help = (
        "Deletes what has expired, of all tenants: codes, sign-ins in progress, sessions, mails that were settled long "
        "ago and counters that ended. Works in small batches, so it may run at any time and be stopped at any time. "
        "Beat does the same every ten minutes. Guests, invitations and the audit log are never touched."
    )
    example = "manage.py purge"

    def handle(self, *args: Any, **options: Any) -> str:
        gone = forget_expired(now=timezone.now())
        return f"Deleted: {', '.join(f'{count:,} {kind}' for kind, count in gone.items())}."
