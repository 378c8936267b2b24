"""Summing up: what no page could count while somebody waits is counted before, and kept.

Knows how far a tenant's history has been read and which days' figures a stretch of it may change. A stretch, its
figures and the place where the next one begins are one transaction: killed in the middle or run twice, it comes to the
same numbers. It must never make anybody wait: it locks no row but its own and the guests that came a step further.

The history is read up to its last sealed line (tenants/sealing.py), as a line below that cannot appear any more. So
what a line tells stands in the figures two minutes later; what rows tell, one minute later.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Min, Q

from guests.models import DailyFigure, Guest, Invitation, Summing
from guests.models.steps import REACHED, WERE_INVITED
from guests.operations.batches.removed import removed_providers
from guests.operations.figures import (
    AGES,
    COHORT,
    METHOD,
    NOW,
    PENDING,
    PROVIDER,
    WAITING,
    aged,
    begins,
    day_of,
)
from guests.operations.reading_history import Stretch, add_figures, days_touched, mark_steps
from providers.rules import Method
from tenants.models import AuditEntry
from tenants.scope import current_tenant_id
from tenants.sealing import last_sealed

KEPT: Final = timedelta(days=400)
"""How long a day's figures are worth keeping: a year, and the month that is compared with its last."""

LONGEST_STRETCH: Final = 20_000
"""Lines in a transaction: far from the 30 s that one may last."""

MOST_STRETCHES: Final = 10
"""Of one tenant in one run, so that others come to their turn."""

ANEW_AFTER: Final = timedelta(hours=1)
"""Invitations grow older where nothing happens, too."""


def tenants_to_sum_up() -> list[UUID]:
    """Tenants whose history moved since it was read, who was waiting longest first. Inside every_tenant()."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.id FROM tenants_tenant t LEFT JOIN guests_summing s ON s.tenant_id = t.id"
            " WHERE s.summed_at IS NULL OR s.summed_at < now() - make_interval(secs => %s)"
            " OR EXISTS (SELECT 1 FROM tenants_auditentry e WHERE e.tenant_id = t.id AND e.id > s.read_to)"
            " ORDER BY s.summed_at NULLS FIRST, t.id",
            [ANEW_AFTER.total_seconds()],
        )
        return [row[0] for row in cursor.fetchall()]


def sum_up(*, now: datetime) -> int:
    """Bring the open tenant's figures up to date; returns how many stretches of its history were read.

    Does nothing where another process is at it. Leaves the rest of a very long history to the next run.
    """
    for number in range(MOST_STRETCHES):
        if not _one_stretch(now):
            return number
    return MOST_STRETCHES


def _one_stretch(now: datetime) -> bool:
    """Read on; whether there is more to read."""
    with transaction.atomic():
        summing = _mine()
        if summing is None:
            return False
        settled = max(last_sealed(), summing.read_to)
        stretch = Stretch(current_tenant_id(), summing.read_to, _end(summing.read_to, settled))
        days = {day_of(now)}
        if summing.read_to == 0:
            days |= _every_day(now)
        if stretch.until > stretch.after:
            days |= mark_steps(stretch)
            days |= days_touched(stretch)
            add_figures(stretch)
        oldest = day_of(now - KEPT)
        _set_cohorts(day for day in days if day >= oldest)
        summing.read_to = stretch.until
        is_more = stretch.until < settled
        if not is_more:
            _set_as_it_is(now)
            summing.summed_at = now
        summing.save(update_fields=["read_to", "summed_at"])
    return is_more


def _mine() -> Summing | None:
    """The tenant's row, locked; None while another process holds it."""
    mine = Summing.objects.select_for_update(skip_locked=True)
    found = mine.first()
    if found is None:
        Summing.objects.bulk_create([Summing(tenant_id=current_tenant_id())], ignore_conflicts=True)
        found = mine.first()
    return found


def _end(after: int, settled: int) -> int:
    stretch = AuditEntry.objects.filter(id__gt=after, id__lte=settled).order_by("id").values_list("id", flat=True)
    return max(stretch[:LONGEST_STRETCH], default=after)


def _every_day(now: datetime) -> set[date]:
    """All days on which there may be guests: for a tenant whose history is read for the first time."""
    first = Guest.objects.aggregate(first=Min("created_at"))["first"]
    if first is None:
        return set()
    begin = max(day_of(first), day_of(now - KEPT))
    return {begin + timedelta(days=n) for n in range((day_of(now) - begin).days + 1)}


def _set_cohorts(days: Iterable[date]) -> None:
    """Count anew how far the guests have come who were first invited on these days."""
    steps = {step: Count("id", filter=reached) for step, reached in REACHED.items()}
    invited = Guest.objects.filter(WERE_INVITED)
    for day in sorted(days):
        came = invited.filter(created_at__gte=begins(day), created_at__lt=begins(day + timedelta(days=1)))
        _set(day, {f"{COHORT}{step}": count for step, count in came.aggregate(**steps).items()})


def _set_as_it_is(now: datetime) -> None:
    """Count what is not of a day: guests by method, who waits for a reset, open invitations by age."""
    figures: dict[str, int] = {WAITING: 0}
    gone = set(removed_providers())
    redeemed = Guest.objects.filter(deleted_at__isnull=True, method__gt="").values_list("method", "method_provider_id")
    for method, provider_id, count in redeemed.annotate(count=Count("id")).order_by():
        is_federated = method == Method.FEDERATION and provider_id is not None
        name = f"{PROVIDER}{provider_id}" if is_federated else f"{METHOD}{method}"
        figures[name] = figures.get(name, 0) + count
        figures[WAITING] += count if provider_id in gone else 0
    is_open = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    waiting = Invitation.objects.filter(is_open, ended_at__isnull=True, accepted_at__isnull=True)
    ages = waiting.aggregate(**{age: Count("id", filter=aged(age, now)) for age in AGES})
    figures |= {f"{PENDING}{age}": count for age, count in ages.items()}
    today = day_of(now)
    DailyFigure.objects.filter(day=today, name__starts_with=NOW).delete()
    _set(today, figures)


def _set(day: date, figures: dict[str, int]) -> None:
    tenant_id = current_tenant_id()
    DailyFigure.objects.bulk_create(
        [DailyFigure(tenant_id=tenant_id, day=day, name=name, value=value) for name, value in figures.items()],
        update_conflicts=True,
        unique_fields=["tenant", "day", "name"],
        update_fields=["value"],
    )


def forget_figures(*, now: datetime, at_most: int) -> int:
    """Delete up to `at_most` figures of days long past, inside every_tenant(); returns how many."""
    # Naming the tenants lets PostgreSQL look into the index of (tenant, day) once for each.
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM guests_dailyfigure WHERE id = ANY(ARRAY(SELECT f.id FROM tenants_tenant t"
            " JOIN guests_dailyfigure f ON f.tenant_id = t.id AND f.day < %s LIMIT %s))",
            [day_of(now - KEPT), at_most],
        )
        return int(cursor.rowcount)
