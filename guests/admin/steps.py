"""The filters behind the dashboard's numbers: guests by when they were invited and how far they came, invitations by
their age.

Knows that a number and its list are made by the same conditions, guests/operations/figures.py. It must never narrow
a list by anything that has no index beginning with the tenant.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from guests.models.steps import CODE_SENT, LOST, OPENED, REACHED, REDEEMED, WERE_INVITED
from guests.operations.figures import AGES, PERIODS, aged, begins, day_of, first_day
from tenants.doors.desk import clock

STEPS = {
    OPENED: "Opened the link",
    CODE_SENT: "Were sent a code",
    REDEEMED: "Redeemed",
    f"not_{OPENED}": "Never opened the link",
    f"not_{CODE_SENT}": "Opened the link, asked for no code",
    f"not_{REDEEMED}": "Were sent a code, did not redeem",
}


class InvitedFilter(admin.SimpleListFilter):
    """By the day on which they were first invited, in the dashboard's periods."""

    title = "first invited"
    parameter_name = "invited"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(days), f"In the last {days} days") for days in PERIODS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        days = next((one for one in PERIODS if str(one) == self.value()), None)
        if days is None:
            return queryset
        since = begins(first_day(days, day_of(clock())))
        return queryset.filter(WERE_INVITED, created_at__gte=since)


class StepFilter(admin.SimpleListFilter):
    """Offered by the dashboard, and shown here while it is on."""

    title = "on the way in"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = self.value() or ""
        return [(chosen, STEPS[chosen])] if chosen in STEPS else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        if chosen not in STEPS:
            return queryset
        step = LOST[chosen.removeprefix("not_")] if chosen.startswith("not_") else REACHED[chosen]
        return queryset.filter(WERE_INVITED, step)


class AgeFilter(admin.SimpleListFilter):
    """Open invitations by how long ago they were made."""

    title = "waiting"
    parameter_name = "age"
    LOOKUPS: ClassVar = {
        "day": "Up to a day",
        "week": "Up to a week",
        "month": "Up to 30 days",
        "older": "For more than 30 days",
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.LOOKUPS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        age, now = self.value() or "", clock()
        if age not in AGES:
            return queryset
        in_time = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        return queryset.filter(in_time, aged(age, now), ended_at__isnull=True, accepted_at__isnull=True)
