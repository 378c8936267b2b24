"""A process that asks for letters as the web server would: one short transaction each, a nudge after the commit.

python -m tests.faults.asking TENANT COUNT PAUSE, the pause in seconds. Prints the longest that one of them took.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import django

django.setup()

from django.db import transaction  # noqa: E402  # apps must be loaded first

from outbox import operations  # noqa: E402
from outbox.models import Rank  # noqa: E402
from tenants.scope import tenant_scope  # noqa: E402


def ask(tenant_id: UUID, count: int, pause: float) -> float:
    """Enqueue the letters; the longest that one took, in seconds."""
    longest = 0.0
    with tenant_scope(tenant_id):
        for _ in range(count):
            began = time.monotonic()
            now = datetime.now(UTC)
            with transaction.atomic():
                operations.enqueue(
                    kind="letter",
                    subject_id=uuid4(),
                    rank=Rank.CODE,
                    deadline=now + timedelta(minutes=30),
                    now=now,
                )
            longest = max(longest, time.monotonic() - began)
            time.sleep(pause)
    return longest


if __name__ == "__main__":
    print(f"{ask(UUID(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])):.3f}")  # noqa: T201  # its answer
