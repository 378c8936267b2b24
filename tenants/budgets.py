"""How often something may happen.

Knows counted windows that begin with their first event, kept in PostgreSQL so that no restart, eviction or fail-over
forgives anybody. The numbers are in each app's `limits.py`; this file must never know what is being counted. (R17)
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction


@dataclass(frozen=True)
class Allowance:
    """`allowed` events in a window of `lasts` that begins with the first of them; `key` comes from key().

    An event costs `units`: one, or none where it must meet the limit without counting towards it.
    """

    key: str
    allowed: int
    lasts: timedelta
    units: int = 1


def key(*parts: object) -> str:
    """One opaque key out of its parts, so that no address stands in the table. Parts may not contain a NUL."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:40]


_TAKE = """
INSERT INTO tenants_budget AS b (key, used, allowed, ends_at)
SELECT w.key, w.units, w.allowed, statement_timestamp() + w.lasts
  FROM unnest(%s::text[], %s::int[], %s::interval[], %s::int[]) AS w(key, allowed, lasts, units)
 ORDER BY w.key
    ON CONFLICT (key) DO UPDATE
   SET used = CASE WHEN b.ends_at <= statement_timestamp() THEN excluded.used ELSE b.used + excluded.used END,
       ends_at = CASE WHEN b.ends_at <= statement_timestamp() THEN excluded.ends_at ELSE b.ends_at END,
       allowed = excluded.allowed
 WHERE b.ends_at <= statement_timestamp() OR b.used < excluded.allowed
RETURNING key
"""


def take(allowances: Sequence[Allowance]) -> datetime | None:
    """Spend the units of each allowance, in one statement, in the order of their keys (so that no two takers deadlock).

    Returns None when all had room. Else some were spent and some were not: the caller rolls its transaction back and
    tells the time that is returned, when the last of the exhausted windows ends. Trying does not extend a window.
    """
    if not allowances:
        return None
    keys = [one.key for one in allowances]
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            [
                keys,
                [one.allowed for one in allowances],
                [one.lasts for one in allowances],
                [one.units for one in allowances],
            ],
        )
        taken = {row[0] for row in cursor.fetchall()}
        spent = [one for one in keys if one not in taken]
        if not spent:
            return None
        cursor.execute("SELECT max(ends_at) FROM tenants_budget WHERE key = ANY(%s)", [spent])
        ends_at: datetime | None = cursor.fetchone()[0]
    return ends_at


def take_all(allowances: Sequence[Allowance]) -> datetime | None:
    """As take(), but what is refused spends nothing. In a transaction of its own, or a savepoint of the caller's."""
    with transaction.atomic():
        until = take(allowances)
        if until is not None:
            transaction.set_rollback(True)
    return until


def count(key: str, lasts: timedelta) -> tuple[int, datetime]:
    """Count one more event in a window that refuses nobody: how many there are by now, and when it ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_budget AS b (key, used, allowed, ends_at)"
            " VALUES (%s, 1, 2147483647, statement_timestamp() + make_interval(secs => %s)) ON CONFLICT (key) DO UPDATE"
            " SET used = CASE WHEN b.ends_at <= statement_timestamp() THEN 1 ELSE b.used + 1 END,"
            " ends_at = CASE WHEN b.ends_at <= statement_timestamp() THEN excluded.ends_at ELSE b.ends_at END"
            " RETURNING used, ends_at",
            [key, lasts.total_seconds()],
        )
        used, ends_at = cursor.fetchone()
    return used, ends_at


def give_back(keys: Collection[str], *, forgotten: Collection[str] = ()) -> None:
    """Return one unit to each budget: what was spent turned out not to be an offence.

    Budgets in `forgotten` start from nothing again, in the same statement.
    """
    if not keys and not forgotten:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_budget b SET used = CASE WHEN b.key = ANY(%s) THEN 0 ELSE b.used - 1 END "
            "FROM (SELECT key FROM tenants_budget WHERE key = ANY(%s) ORDER BY key FOR UPDATE) locked "
            "WHERE b.key = locked.key AND b.used > 0",
            [list(forgotten), sorted({*keys, *forgotten})],
        )


def clear(keys: Collection[str]) -> None:
    """Forget these budgets: the next event begins a new window."""
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tenants_budget WHERE key IN (SELECT key FROM tenants_budget WHERE key = ANY(%s) "
            "ORDER BY key FOR UPDATE)",
            [sorted(keys)],
        )


def purge(*, limit: int) -> int:
    """Delete at most `limit` windows that are over; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tenants_budget WHERE key = ANY(ARRAY(SELECT key FROM tenants_budget "
            "WHERE ends_at < now() ORDER BY ends_at LIMIT %s FOR UPDATE SKIP LOCKED))",
            [limit],
        )
        return int(cursor.rowcount)
