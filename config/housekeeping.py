"""Forgetting: what has expired is deleted, everywhere, in batches that hold no lock for long.

Knows how long each kind of row is worth keeping after its end. It must never delete what is still valid, nor the
history.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from time import monotonic

from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from guests.operations.batches.forgetting import forget_batches, forget_parts, forget_rows
from guests.operations.forgetting import forget_answers, forget_deleted_guests, forget_flows, forget_sessions
from guests.operations.summing import forget_figures
from outbox.operations import forget_settled
from passcodes.operations import purge_challenges
from providers.operations.forgetting import forget_spent_assertions
from tenants import budgets
from tenants.scope import every_tenant

BATCH = 1000
KEEP_MAILS = timedelta(days=30)


def forget_expired(*, now: datetime, until: float = inf) -> dict[str, int]:
    """Delete everything that is over; returns how many rows of each kind went.

    Each batch is a transaction of its own: killed in the middle, the next run goes on. After `until`, by
    time.monotonic(), no kind has more than one.
    """
    kinds: dict[str, Callable[[], int]] = {
        "codes": lambda: purge_challenges(at_most=BATCH),
        "answers of providers": lambda: forget_answers(at_most=BATCH),
        "sign-ins in progress": lambda: forget_flows(at_most=BATCH),
        "sessions": lambda: forget_sessions(at_most=BATCH),
        "guests deleted 30 days ago": lambda: forget_deleted_guests(at_most=BATCH),
        "portal sessions": lambda: _forget_portal_sessions(at_most=BATCH),
        "spent assertions": lambda: forget_spent_assertions(at_most=BATCH),
        "mails": lambda: forget_settled(before=now - KEEP_MAILS, at_most=BATCH),
        "old figures": lambda: forget_figures(now=now, at_most=BATCH),
        "rows of bulk work": lambda: forget_rows(at_most=BATCH),
        "pieces of files": lambda: forget_parts(at_most=BATCH),
        "bulk work": lambda: forget_batches(at_most=BATCH),
        "counters": lambda: budgets.purge(limit=BATCH),
    }
    with every_tenant(reason="what has expired is deleted for all tenants alike"):
        return {kind: _all(forget, until) for kind, forget in kinds.items()}


def _forget_portal_sessions(*, at_most: int) -> int:
    """Delete administrators' sessions that are over: nothing else does when a browser is just closed."""
    over = Session.objects.filter(expire_date__lt=Now()).order_by("expire_date").values("pk")[:at_most]
    gone, _ = Session.objects.filter(pk__in=over).delete()
    return gone


def _all(forget: Callable[[], int], until: float) -> int:
    gone = 0
    while True:
        batch = forget()
        gone += batch
        if batch < BATCH or monotonic() >= until:
            return gone
