"""The figures of a tenant: what each is called, and what they add up to over a period.

Knows every name in DailyFigure. Reads only: summing.py writes what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db.models import F, Q, Sum

from guests.models import DailyFigure, Summing

PERIODS: Final = (7, 30, 90)
"""Days that a dashboard looks back, today among them."""

COHORT: Final = "cohort."
"""`cohort.opened`: of the guests first invited on the day, those who have come so far by now."""
REFUSED: Final = "refused."
"""`refused.E-CODE`: how often guests and strangers met this code on the day."""
SIGNED_IN: Final = "signed_in"
"""Sign-ins of the day."""
HANDED_OVER, DELIVERED, BOUNCED, FAILED = "mail.handed_over", "mail.delivered", "mail.bounced", "mail.failed"
MAIL: Final = (HANDED_OVER, DELIVERED, BOUNCED, FAILED)
"""Mails that came so far on the day."""
TOOK: Final = "mail.took."
"""`mail.took.076`: mails handed over on the day that took about 1.1 to the power of 76 milliseconds."""
NOW: Final = "now."
"""Not of the day, but as it was when the day was last summed up."""
METHOD, PROVIDER, PENDING = f"{NOW}method.", f"{NOW}provider.", f"{NOW}pending."
"""Guests by the method that they redeemed with, federations by their provider's id; open invitations by age."""
WAITING: Final = f"{NOW}waiting"
"""Guests whose provider was removed: they wait for a reset (R3)."""

STEEPNESS: Final = 1.1
"""A time is kept to a tenth of itself: enough to tell seconds from minutes, in a few rows a day."""

AGES: Final[Mapping[str, tuple[timedelta | None, timedelta | None]]] = {
    "day": (None, timedelta(days=1)),
    "week": (timedelta(days=1), timedelta(days=7)),
    "month": (timedelta(days=7), timedelta(days=30)),
    "older": (timedelta(days=30), None),
}
"""How long an invitation has been open: from, up to."""


def aged(age: str, now: datetime) -> Q:
    """Invitations made as long ago as this age says."""
    since, until = AGES[age]
    found = Q()
    if since is not None:
        found &= Q(created_at__lt=now - since)
    if until is not None:
        found &= Q(created_at__gte=now - until)
    return found


def day_of(moment: datetime) -> date:
    """Days are UTC's, for every tenant alike."""
    return moment.astimezone(UTC).date()


def first_day(days: int, today: date) -> date:
    """The first of so many days, of which today is the last."""
    return today - timedelta(days=days - 1)


def begins(day: date) -> datetime:
    """Midnight."""
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True)
class Figures:
    """What was summed up: over the period, for each of its days with mail, and as it is now."""

    as_of: datetime | None
    totals: Mapping[str, int]
    mail: Mapping[date, Mapping[str, int]]
    now: Mapping[str, int]

    def total(self, name: str) -> int:
        return self.totals.get(name, 0)

    def starting(self, prefix: str) -> dict[str, int]:
        """The figures of the period whose names begin so, without that beginning; none that is 0."""
        return _starting(self.totals, prefix)

    def as_it_is(self, prefix: str) -> dict[str, int]:
        """The same for those of now."""
        return _starting(self.now, prefix)

    @property
    def median_seconds(self) -> float | None:
        """How long half of the period's mails took at most, bulk apart; None where there were none."""
        took = sorted((int(bucket), count) for bucket, count in self.starting(TOOK).items())
        half = sum(count for _, count in took) / 2
        for bucket, count in took:
            half -= count
            if half <= 0:
                return float(STEEPNESS ** (bucket + 0.5)) / 1000
        return None


def figures_of(*, first: date, last: date) -> Figures:
    """The open tenant's figures from the first day to the last. Four statements."""
    summing = Summing.objects.first()
    as_of = summing.summed_at if summing else None
    period = DailyFigure.objects.filter(day__gte=first, day__lte=last)
    mail: dict[date, dict[str, int]] = {}
    for day, name, value in period.filter(name__in=MAIL).values_list("day", "name", "value"):
        mail.setdefault(day, {})[name] = value
    totals = period.exclude(name__starts_with=NOW).values("name").annotate(sum=Sum("value")).order_by()
    now = DailyFigure.objects.filter(day=day_of(as_of), name__starts_with=NOW) if as_of else DailyFigure.objects.none()
    return Figures(
        as_of=as_of,
        totals={name: int(value) for name, value in totals.values_list("name", "sum")},
        mail=mail,
        now=dict(now.values_list(F("name"), F("value"))),
    )


def _starting(figures: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): value for name, value in figures.items() if name.startswith(prefix) and value}
