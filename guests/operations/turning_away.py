"""Whom the tenant's lists of domains turn away, or would (R53, R62): pending guests who hold an open invitation.

Knows that exactly these have something to be revoked, and finds them along the index of pending guests' domains, old
ones like new ones. It must never say that nobody is left where it did not look: a count that stopped says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import OuterRef, Q, Subquery, Value

from guests.models import Guest, Invitation, Status
from guests.operations.foreseeing import NAMED, SHOWN, Place, counted
from tenants.models import Tenant

LOOKED_AT: Final = 12_000
"""Pending guests of domains that are not taken who are asked for an open invitation."""


@dataclass(frozen=True)
class Domains:
    """These domains, or all but these."""

    named: frozenset[str]
    is_all_but: bool = False

    def __invert__(self) -> Domains:
        return Domains(self.named, not self.is_all_but)

    def __and__(self, other: Domains) -> Domains:
        if self.is_all_but and other.is_all_but:
            return Domains(self.named | other.named, True)
        if other.is_all_but:
            return Domains(self.named - other.named)
        return other & self if self.is_all_but else Domains(self.named & other.named)

    def of_guests(self) -> Q:
        listed = Q(domain__in=sorted(self.named))
        return ~listed if self.is_all_but else listed


def refused_by(*, allowed: list[str], denied: list[str]) -> Domains:
    """What guests.rules.is_domain_taken() does not take, as a question to the database."""
    return Domains(frozenset(allowed), True) if allowed else Domains(frozenset(denied))


@dataclass(frozen=True)
class Tally:
    """So many guests with an open invitation; maybe more, where not all were asked for one."""

    count: int = 0
    is_more: bool = False
    domains: tuple[Place, ...] = ()
    all_domains: int = 0
    newest: tuple[UUID, ...] = ()

    @property
    def shown(self) -> str:
        said = counted(self.count)
        return f"{said}+" if self.is_more and not said.endswith("+") else said

    @property
    def is_any(self) -> bool:
        return self.count > 0 or self.is_more

    @property
    def more_domains(self) -> int:
        """Domains that are not among `domains`, those with the most guests."""
        return self.all_domains - len(self.domains)


@dataclass(frozen=True)
class TurnedAway:
    """By other lists: `then` would be refused at redemption, `before` are refused now, `fresh` are those who are not
    refused now, `back` those who would not be refused any more. `named` are the newest of `fresh`, or of `then` where
    nobody is fresh."""

    then: Tally
    before: Tally
    fresh: Tally
    back: Tally
    named: list[Guest]


def turned_away(*, tenant: Tenant, allowed: list[str], denied: list[str]) -> TurnedAway:
    """Whom these lists would turn away, in place of those that are stored. Five statements at most."""
    stored = refused_by(allowed=tenant.allowed_domains, denied=tenant.denied_domains)
    wanted = refused_by(allowed=allowed, denied=denied)
    fresh, back = wanted & ~stored, stored & ~wanted
    by_domains = {one: _tally(one) for one in {wanted, stored, fresh, back}}
    then, newly = by_domains[wanted], by_domains[fresh]
    named = Guest.objects.filter(pk__in=newly.newest or then.newest).order_by("-created_at", "id")
    return TurnedAway(then, by_domains[stored], newly, by_domains[back], list(named))


def _tally(domains: Domains) -> Tally:
    """The pending guests of these domains with an open invitation. One statement."""
    pending = Guest.objects.filter(domains.of_guests(), redemption_status=Status.PENDING, deleted_at__isnull=True)
    # One look for each guest: for EXISTS, PostgreSQL would rather read every invitation.
    opened = Invitation.objects.filter(guest_id=OuterRef("pk"), ended_at__isnull=True).values(one=Value(1))[:1]
    asked = pending.order_by("domain", "-created_at", "id").values(
        "id", "domain", "created_at", is_open=Subquery(opened)
    )
    try:
        inner, values = asked[: LOOKED_AT + 1].query.sql_with_params()
    except EmptyResultSet:  # no domain is listed
        return Tally()
    with connection.cursor() as cursor:
        cursor.execute(TALLY.format(asked=inner), [*values, NAMED, SHOWN])
        asked_for, count, all_domains, newest, pairs = cursor.fetchone()
    return Tally(
        count=count,
        is_more=asked_for > LOOKED_AT,
        domains=tuple(Place(domain, int(guests)) for domain, guests in pairs),
        all_domains=all_domains,
        newest=tuple(newest),
    )


TALLY: Final = """WITH asked AS MATERIALIZED ({asked}),
    opened AS (SELECT * FROM asked WHERE is_open IS NOT NULL),
    places AS (SELECT domain, count(*) AS guests FROM opened GROUP BY domain)
SELECT (SELECT count(*) FROM asked), (SELECT count(*) FROM opened), (SELECT count(*) FROM places),
    ARRAY(SELECT id FROM opened ORDER BY created_at DESC, id LIMIT %s),
    ARRAY(SELECT ARRAY[domain, guests::text] FROM places ORDER BY guests DESC, domain LIMIT %s)
"""
