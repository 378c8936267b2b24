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
        "ago, counters that ended, and guests who were deleted 30 days ago with all that hangs on them. Works in small "
        "batches, so it may run at any time and be stopped at any time. Beat does the same every ten minutes. Other "
        "guests and the audit log are never touched."
    )
    example = "manage.py purge"

    def handle(self, *args: Any, **options: Any) -> str:
        gone = forget_expired(now=timezone.now())
        return f"Deleted: {', '.join(f'{count:,} {kind}' for kind, count in gone.items())}."
