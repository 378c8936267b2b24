"""Finding lines of the history among millions, by what a person knows: whom, what, when, who, how it ended.

Knows which index serves which question, and reads no more than it says. It must never filter by a column that no index
leads to without a bound on the lines it looks at.

*How a search is served.* One condition leads: it has an index that begins with (tenant, condition) and ends with the
id, so its lines come in order. In this order: reference; address (a look-up each of the lines that name it, of those
about its guests, and of those by its administrator); error code; who; an outcome other than success, as few lines have
one; action, or a group's actions; else the tenant's newest lines. Several values of the leading condition are one
ordered look-up each, merged. Days become a range of ids, by bisection along the primary order (`first_id_since`), as
ids grow with the database's time of a line: at most 64 probes and no index more on a table that every sign-in writes
to. For the same reason an administrator's lines are found along the index of names, which never change, and namesakes
told apart among them. All other conditions are tried on the leading lines, STEP at a time and MOST_READ a page: a page
that had to stop there says how far it came, and the next goes on from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from tenants.models import ActorKind, AuditEntry, Outcome
from tenants.scope import current_tenant_id
from tenants.sealing import last_sealed

STEP: Final = 2_000
"""Lines looked at by one statement."""

MOST_READ: Final = 10_000
"""Lines looked at for one page."""

_PROBES: Final = 64

OUT_OF_ORDER: Final = timedelta(seconds=65)
"""How much older than its neighbour the line with the larger id may be. A line's `at` is the start of the statement
that draws its id, which lasts at most 30 s in every PostgreSQL (config/database_roles.py). Twice that, and 5 s."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is looked for; every part that is given must hold. Empty: every line."""

    address: str = ""
    """Canonical. Lines that name it, lines about `subjects`, and lines by `actors`."""
    subjects: tuple[UUID, ...] = ()
    actors: tuple[tuple[str, UUID], ...] = ()
    """Administrators: the name as their lines have it, and the id."""
    reference: str = ""
    code: str = ""
    who: tuple[str, ...] = ()
    """Names as lines have them."""
    kinds: tuple[str, ...] = ()
    """Kinds of who acted."""
    actions: tuple[str, ...] = ()
    outcome: str = ""
    source: str = ""
    """A network address, or how it begins."""
    since: datetime | None = None
    until: datetime | None = None
    """From `since` on, and before `until`, by the database's clock."""


@dataclass(frozen=True)
class Found:
    """One page, newest first. `next_id`: where the next page goes on (lines below it), None at the end. `is_cut`: the
    page stopped after MOST_READ lines, so older ones may still fit."""

    entries: list[AuditEntry] = field(default_factory=list)
    next_id: int | None = None
    is_cut: bool = False


def newest(search: Search, *, before: int | None, at_most: int) -> Found:
    """The newest lines that fit, below the id `before`."""
    ids: list[int] = []
    floor, ceiling = _range_of(search)
    edge = min((one for one in (before, ceiling) if one is not None), default=None)
    limit = STEP if _leftover(search) else at_most + 1
    seen = 0
    while True:
        page = list(_leading(search, above=floor, below=edge, order="-id", at_most=limit))
        for line, fits in dict(page).items():
            seen, edge = seen + 1, line
            if fits:
                ids.append(line)
            if len(ids) > at_most:
                return Found(_entries(ids[:at_most]), next_id=ids[at_most - 1])
        if len(page) < limit:
            return Found(_entries(ids))
        if seen >= MOST_READ:
            return Found(_entries(ids), next_id=edge, is_cut=True)


def count_to(search: Search, most: int) -> int:
    """How many of the newest `most` leading lines fit: it looks at no more lines than that."""
    floor, ceiling = _range_of(search)
    counted = _leading(search, above=floor, below=ceiling, order="-id", at_most=most)
    if len(_leads(search)) == 1 and not _leftover(search):
        return counted.count()
    return sum(fits for _, fits in dict(counted).items())


def in_order(search: Search, *, after: int, up_to: int) -> Iterator[AuditEntry]:
    """Every line that fits with after < id <= up_to, oldest first, STEP a statement. Holds no cursor between lines."""
    floor, ceiling = _range_of(search)
    edge = max(after + 1, floor or 0)
    end = up_to + 1 if ceiling is None else min(up_to + 1, ceiling)
    while page := list(_leading(search, above=edge, below=end, order="id", at_most=STEP)):
        edge = page[-1][0] + 1
        yield from _entries([line for line, fits in dict(page).items() if fits])


def file_end(search: Search, *, after: int, at_most: int) -> tuple[int, bool]:
    """The last id of a file that looks at `at_most` leading lines behind `after`, and whether more lines follow it.

    No line can appear at or below that id any more: a file ends at the last seal at the latest, and whoever goes on
    behind it misses none. Lines that are not sealed yet, those of about the last minute, are left to the next file.
    """
    settled = last_sealed()
    if settled <= after:
        return after, False
    floor, ceiling = _range_of(search)
    edge = max(after + 1, floor or 0)
    ceiling = settled + 1 if ceiling is None else min(ceiling, settled + 1)
    edges = list(_leading(search, above=edge, below=ceiling, order="id", at_most=at_most + 1)[at_most - 1 :])
    if len(edges) == 2:
        return edges[0][0], True
    last = list(_leading(search, above=edge, below=ceiling, order="-id", at_most=1))
    return (last[0][0] if last else after), False


def first_id_since(moment: datetime) -> int | None:
    """The id from which on every line of the open tenant since that time stands; None where there is none since.

    Of two lines the one with the larger id may be older by OUT_OF_ORDER. The bisection looks for a time that much
    earlier, so a few older lines may stand behind it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE ends AS (
              SELECT (SELECT id FROM tenants_auditentry WHERE tenant_id = %(tenant)s ORDER BY id LIMIT 1) AS first,
                     (SELECT id FROM tenants_auditentry WHERE tenant_id = %(tenant)s ORDER BY id DESC LIMIT 1) AS last
            ), bisect AS (
              SELECT first AS low, last + 1 AS high, 0 AS n FROM ends WHERE first IS NOT NULL
              UNION ALL
              SELECT CASE WHEN probe.at < %(moment)s THEN probe.id + 1 ELSE low END,
                     CASE WHEN probe.at < %(moment)s THEN high ELSE (low + high) / 2 END, n + 1
              FROM bisect, LATERAL (
                SELECT id, at FROM tenants_auditentry WHERE tenant_id = %(tenant)s AND id >= (low + high) / 2
                ORDER BY id LIMIT 1) AS probe
              WHERE low < high AND n < %(probes)s
            )
            SELECT e.id FROM (SELECT high FROM bisect ORDER BY n DESC LIMIT 1) AS found, LATERAL (
              SELECT id FROM tenants_auditentry WHERE tenant_id = %(tenant)s AND id >= found.high ORDER BY id LIMIT 1
            ) AS e
            """,
            {"tenant": current_tenant_id(), "moment": moment - OUT_OF_ORDER, "probes": _PROBES},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def count_codes(codes: Sequence[str], *, since: datetime, most: int) -> dict[str, int]:
    """How often each error code came since that time, counted to `most`, along the index of codes. One statement."""
    first = first_id_since(since)
    if first is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.code, (SELECT count(*) FROM (
              SELECT 1 FROM tenants_auditentry e WHERE e.tenant_id = %(tenant)s AND e.code = wanted.code
                AND e.outcome <> 'success' AND e.id >= %(first)s LIMIT %(most)s) AS counted)
            FROM unnest(%(codes)s::text[]) AS wanted(code)
            """,
            {"tenant": current_tenant_id(), "first": first, "most": most, "codes": list(codes)},
        )
        return dict(cursor.fetchall())


def names_beginning(with_text: str, *, at_most: int) -> list[str]:
    """The names of who acted in the open tenant that begin so, in order: one hop along the index for each."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE hop AS (
              SELECT (SELECT min(actor_name) FROM tenants_auditentry
                      WHERE tenant_id = %(tenant)s AND actor_name >= %(text)s) AS name, 1 AS n
              UNION ALL
              SELECT (SELECT min(actor_name) FROM tenants_auditentry
                      WHERE tenant_id = %(tenant)s AND actor_name > hop.name), n + 1
              FROM hop WHERE starts_with(hop.name, %(text)s) AND n <= %(most)s
            )
            SELECT name FROM hop WHERE starts_with(name, %(text)s)
            """,
            {"tenant": current_tenant_id(), "text": with_text, "most": at_most},
        )
        return [row[0] for row in cursor.fetchall()][:at_most]


def _range_of(search: Search) -> tuple[int | None, int | None]:
    """The ids from which, and below which, the asked-for time lies; ids that no line has where it holds nothing."""
    floor = ceiling = None
    if search.since is not None:
        floor = first_id_since(search.since)
        if floor is None:
            return 1, 1
    if search.until is not None:
        ceiling = first_id_since(search.until + 2 * OUT_OF_ORDER)
    return floor, ceiling


def _leading(
    search: Search, *, above: int | None, below: int | None, order: str, at_most: int
) -> QuerySet[AuditEntry, tuple[int, bool]]:
    """(id, whether it fits) of leading lines with above <= id < below; twice where two look-ups find the same line."""
    bounds = Q()
    if above is not None:
        bounds &= Q(id__gte=above)
    if below is not None:
        bounds &= Q(id__lt=below)
    left = _leftover(search)
    fits: Any = Case(When(left, then=True), default=False, output_field=BooleanField()) if left else Value(True)
    marked = AuditEntry.objects.annotate(fits=fits)
    branches = [
        marked.filter(lead & bounds).order_by(order).values_list("id", "fits")[:at_most] for lead in _leads(search)
    ]
    if len(branches) == 1:
        return branches[0]
    return branches[0].union(*branches[1:], all=True).order_by(order)[:at_most]


def _leads(search: Search) -> Sequence[Q]:
    unlike_success = ~Q(outcome=Outcome.SUCCESS)  # as the partial indexes say it
    if search.reference:
        return [Q(correlation=search.reference)]
    if search.address:
        named = ~Q(address="") & Q(address=search.address)
        about, by_them = (Q(subject_id=one) for one in search.subjects), _by(search)
        return [named, *about, *by_them]
    if search.code:
        return [unlike_success & Q(code=search.code)]
    if search.who:
        return [Q(actor_name=one) for one in search.who]
    if search.outcome and search.outcome != Outcome.SUCCESS:
        return [unlike_success & Q(outcome=search.outcome)]
    if search.actions:
        return [Q(action=one) for one in search.actions]
    return [Q()]


def _by(search: Search) -> list[Q]:
    """What they did as administrators of the tenant. An operator's lines name no email, and a search tells of none."""
    as_administrators = Q(actor_kind=ActorKind.ADMINISTRATOR)
    return [as_administrators & Q(actor_name=name, actor_id=one) for name, one in search.actors]


def _leftover(search: Search) -> Q:
    """The conditions that do not lead."""
    rest = Q()
    if search.reference and search.address:
        about = Q(address=search.address) | Q(subject_id__in=search.subjects)
        for by_one in _by(search):
            about |= by_one
        rest &= about
    is_led = bool(search.reference or search.address)
    if search.code and is_led:
        rest &= Q(code=search.code)
    is_led = is_led or bool(search.code)
    if search.who and is_led:
        rest &= Q(actor_name__in=search.who)
    is_led = is_led or bool(search.who)
    if search.outcome and (is_led or search.outcome == Outcome.SUCCESS):
        rest &= Q(outcome=search.outcome)
    is_led = is_led or bool(search.outcome and search.outcome != Outcome.SUCCESS)
    if search.actions and is_led:
        rest &= Q(action__in=search.actions)
    if search.kinds:
        rest &= Q(actor_kind__in=search.kinds)
    if search.source:
        rest &= Q(source__starts_with=search.source)
    if search.since is not None:
        rest &= Q(at__gte=search.since)
    if search.until is not None:
        rest &= Q(at__lt=search.until)
    return rest


def _entries(ids: list[int]) -> list[AuditEntry]:
    """The lines of these ids, in the order of the ids."""
    found = AuditEntry.objects.in_bulk(ids)
    return [found[one] for one in ids if one in found]
