"""How long a tenant keeps its history, and forgetting what is older (R64).

Knows the bounds, what a choice would cost, and how forgetting is told. It must never delete a line itself: it has no
right to, and the database's own function (migration 0007) deletes nothing that is younger than 30 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id
from tenants.searching import first_id_since

SHORTEST: Final = 30
LONGEST: Final = 3650
"""Days."""

AT_ONCE: Final = 20_000
"""Lines that one transaction forgets, or one block more."""

COUNTED: Final = 10_000


@dataclass(frozen=True)
class Consequence:
    """What keeping the history for fewer days would forget."""

    before: datetime
    """Older lines go."""
    oldest: datetime | None
    """The oldest line that there is."""
    lines: int
    """How many would go, counted to 10,001."""


@dataclass(frozen=True)
class Forgotten:
    """What is gone: whole blocks of the chain, and how many lines they had."""

    first_block: int
    last_block: int
    lines: int


def consequence_of(*, days: int, now: datetime) -> Consequence:
    """What the open tenant would forget if it kept so many days from now on. Reads only, 10,001 lines at most."""
    before = now - timedelta(days=days)
    kept_from = first_id_since(before)
    old = AuditEntry.objects.filter(at__lt=before)
    old = old if kept_from is None else old.filter(id__lt=kept_from)
    oldest = AuditEntry.objects.order_by("id").values_list("at", flat=True).first()
    return Consequence(before, oldest, old[: COUNTED + 1].count())


def set_history_days(*, tenant: Tenant, days: int | None, actor: Actor, now: datetime) -> Tenant | Refusal:
    """Keep the tenant's history for so many days from now on; for ever where `days` is None. The same changes nothing.

    Refuses fewer than 30 and more than 3,650 days.
    """
    if days is not None and not SHORTEST <= days <= LONGEST:
        return Refusal(Code.INPUT, reason=f"The history is kept for {SHORTEST} to {LONGEST:,} days, or for ever.")
    with transaction.atomic():
        row = Tenant.objects.select_for_update().get(id=tenant.id)
        before, row.history_days = row.history_days, days
        if before != days:
            row.save(update_fields=["history_days"])
            audit.record(
                actor=actor,
                action="history.kept",
                at=now,
                subject_kind="tenant",
                subject_id=row.id,
                details={"before": _in_words(before), "after": _in_words(days)},
            )
        return row


def forget_history(*, now: datetime) -> Forgotten | None:
    """Forget blocks of the open tenant that are older than it keeps; None where there is none (any more).

    One transaction of about 20,000 lines: beat repeats it. The history itself tells that it was done.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT first_block, last_block, lines FROM public.forget_history(%s)", [AT_ONCE])
            first, last, lines = cursor.fetchone()
        if first is None:
            return None
        audit.record(
            actor=SYSTEM,
            action="history.forgotten",
            at=now,
            subject_kind="tenant",
            subject_id=current_tenant_id(),
            details={"blocks": f"{first}–{last}", "lines": lines},
        )
        return Forgotten(first, last, lines)


def tenants_that_forget() -> list[UUID]:
    """Tenants that keep their history for some days only."""
    return list(Tenant.objects.filter(history_days__isnull=False).order_by("id").values_list("id", flat=True))


def _in_words(days: int | None) -> str:
    return "for ever" if days is None else f"{days} days"
