"""When bulk mails may leave: one after another at the tenant's hourly rate (R17).

Knows one moment for each tenant, up to which its bulk mails are planned already. It must never be spent like a budget:
a deed for many guests is not refused because mails wait, its own are planned behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

HOUR_IN_SECONDS = 3600


@dataclass(frozen=True)
class Slots:
    """Times for a number of mails: the first, and how far apart they are."""

    first: datetime
    apart: timedelta

    def at(self, place: int) -> datetime:
        """When the mail in this place is due, counted from 0."""
        return self.first + place * self.apart


def plan_bulk_mails(*, tenant_id: UUID, count: int) -> Slots:
    """Reserve times for `count` mails, in the running transaction, by the database's clock. Inside the tenant's scope.

    Locks the tenant's row until the transaction ends, so that two deeds at once share the rate.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_tenant SET bulk_mails_until = greatest(bulk_mails_until, statement_timestamp())"
            " + %(count)s * make_interval(secs => %(hour)s::float / greatest(bulk_mails_per_hour, 1))"
            " WHERE id = %(tenant)s RETURNING bulk_mails_until,"
            " make_interval(secs => %(hour)s::float / greatest(bulk_mails_per_hour, 1))",
            {"count": count, "hour": HOUR_IN_SECONDS, "tenant": tenant_id},
        )
        until, apart = cursor.fetchone()
    return Slots(until - count * apart, apart)


def hold_bulk_plan(*, tenant_id: UUID) -> None:
    """Lock the tenant's row until the transaction ends: what is planned already is stored, and nothing is added."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_tenant WHERE id = %s FOR NO KEY UPDATE", [tenant_id])


def end_bulk_plan(*, tenant_id: UUID, last: datetime | None) -> None:
    """Give back the times after `last`, when the last mail that waits is due; all of them where none waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_tenant SET bulk_mails_until = least(bulk_mails_until, coalesce(%(last)s::timestamptz"
            " + make_interval(secs => %(hour)s::float / greatest(bulk_mails_per_hour, 1)), statement_timestamp()))"
            " WHERE id = %(tenant)s",
            {"last": last, "hour": HOUR_IN_SECONDS, "tenant": tenant_id},
        )
