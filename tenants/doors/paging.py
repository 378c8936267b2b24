"""Pages of a list by key: the next page begins behind the last row shown, however deep in the list it is.

Knows cursors, and which conditions find the rows behind one in the order of an index. It must never count or skip
rows to find a page: OFFSET reads everything that it skips.

Every list of TenantModelAdmin has these pages (lists.py). A plain page of ours takes them so::

    page = keyset(Guest.objects.filter(...), order=("-created_at", "id"), request=request)
    return self.page(request, "…", title="…", page=page)     # {% for row in page.rows %} … {% endfor %}
                                                             # {% include "admin/pages.html" %}

Two lists on one page take a `name` each, which begins the names of their parameters.

`order` names columns of the table, or of one that a row points at. An index must begin with the tenant and what is
matched exactly, and go on with these columns in the same directions; with a column that may be empty, say where the
empty ones stand (`F("last_sign_in_at").desc(nulls_last=True)`). An order that does not end in the key gets it, in the
direction opposite to the first column's: `-created_at` becomes `-created_at, id`, and `name_key` `name_key, -id`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import F, Field, Model, OrderBy, Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.timezone import is_naive

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

AFTER, BEFORE = "after", "before"
OLD_PAGE = "p"
"""The page's number in bookmarks of earlier versions. It leads to the first page."""
PER_PAGE = 25
MOST_TEXT = 4_000
"""Characters of a cursor that are looked at; no ordering of ours makes as many."""

Order = Sequence[str | OrderBy]


class BoundedPaginator(_Paginator):
    """Counts to 10,000 and then says "10,000+": a full count reads every row of the tenant."""

    MOST = 10_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: self.MOST + 1].count()
        return len(rows)

    @property
    def count_shown(self) -> str:
        """The count for people."""
        most = min(self.count, self.MOST)
        return number_format(most, force_grouping=True) + ("+" if self.count > most else "")


@dataclass(frozen=True)
class Column:
    """One column of an ordering."""

    path: str
    field: Field[Any, Any]
    is_descending: bool
    is_empty_first: bool

    def turned(self) -> Column:
        return replace(self, is_descending=not self.is_descending, is_empty_first=not self.is_empty_first)

    def term(self) -> str | OrderBy:
        """As ORDER BY says it. Where empty values stand is left out where PostgreSQL would put them there anyway:
        an index made without saying so serves only an order without it."""
        if self.is_empty_first == self.is_descending:
            return f"-{self.path}" if self.is_descending else self.path
        column = F(self.path)
        return column.desc(nulls_last=True) if self.is_descending else column.asc(nulls_first=True)

    def value_of(self, row: Model) -> Any:
        value: Any = row
        for name in self.path.split("__"):
            value = None if value is None else getattr(value, name)
        return value

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def behind(self, value: Any) -> Iterator[Q]:
        """What stands behind this value, in the order that it stands in."""
        if value is None:
            if self.is_empty_first:
                yield Q(**{f"{self.path}__isnull": False})
            return
        yield Q(**{f"{self.path}__{'lt' if self.is_descending else 'gt'}": value})
        if self.field.null and not self.is_empty_first:
            yield Q(**{f"{self.path}__isnull": True})


def columns_of(model: type[Model], order: Order) -> tuple[Column, ...]:
    """The ordering's columns, ending in one that no two rows share."""
    columns = [_column(model, term) for term in order]
    key = model._meta.pk
    if not any("__" not in one.path and one.field.unique and not one.field.null for one in columns):
        falls = not columns[0].is_descending if columns else True
        columns.append(Column(key.name, key, is_descending=falls, is_empty_first=falls))
    return tuple(columns)


def _column(model: type[Model], term: str | OrderBy) -> Column:
    if isinstance(term, str):
        term = F(term.removeprefix("-")).desc() if term.startswith("-") else F(term).asc()
    named: Any = term.expression
    if not isinstance(named, F):
        raise TypeError(f"a list is ordered by columns, not by {named}")
    path: str = model._meta.pk.name if named.name == "pk" else named.name  # type: ignore[attr-defined]  # it has one
    field: Any = get_fields_from_path(model, path)[-1]
    empty_first = term.nulls_first or (term.descending and not term.nulls_last)  # as PostgreSQL has it
    return Column(path, field, is_descending=bool(term.descending), is_empty_first=bool(empty_first))


@dataclass(frozen=True)
class KeysetPage:
    """Rows of one page, and the links to its neighbours, each empty where there is none."""

    rows: list[Any]
    first: str
    previous: str
    next: str

    @property
    def has_others(self) -> bool:
        return bool(self.previous or self.next)


def keyset(
    queryset: QuerySet[Any], *, order: Order, request: HttpRequest, per_page: int = PER_PAGE, name: str = ""
) -> KeysetPage:
    """The page that the request's cursor asks for. A cursor that nobody gave out leads to the first page."""
    columns = columns_of(queryset.model, order)
    after = read(request.GET.get(name + AFTER, ""), columns)
    before = read(request.GET.get(name + BEFORE, ""), columns)
    has_previous = has_next = False
    rows: list[Any] = []
    if after is not None:
        rows = _rows(queryset, columns, after, per_page + 1)
        has_previous, has_next = bool(rows), len(rows) > per_page
    elif before is not None:
        turned = tuple(column.turned() for column in columns)
        rows = _rows(queryset, turned, before, per_page + 1)
        has_previous, has_next = len(rows) > per_page, True
        rows = rows[:per_page][::-1] if has_previous else []  # fewer: that is the first page
    if not rows:
        rows = list(queryset.order_by(*(column.term() for column in columns))[: per_page + 1])
        has_previous, has_next = False, len(rows) > per_page
    rows = rows[:per_page]
    return KeysetPage(
        rows=rows,
        first=_link(request, name) if has_previous else "",
        previous=_link(request, name, {BEFORE: written(rows[0], columns)}) if has_previous else "",
        next=_link(request, name, {AFTER: written(rows[-1], columns)}) if has_next else "",
    )


def _rows(queryset: QuerySet[Any], columns: Sequence[Column], cursor: Sequence[Any], most: int) -> list[Any]:
    """At most so many rows behind the cursor.

    One statement for each column, the last column's first: rows that share all but the last value, then those that
    share all but the last two, and so on. Each is one stretch of the index, whatever the directions are and however
    many rows share a value; one condition with OR would read every row that shares the first.
    """
    ordered = queryset.order_by(*(column.term() for column in columns))
    found: list[Any] = []
    for depth in reversed(range(len(columns))):
        shared = Q()
        for column, value in zip(columns[:depth], cursor, strict=False):
            shared &= column.same(value)
        for condition in columns[depth].behind(cursor[depth]):
            found += ordered.filter(shared, condition)[: most - len(found)]
            if len(found) == most:
                return found
    return found


def _link(request: HttpRequest, name: str, cursor: dict[str, str] | None = None) -> str:
    """The address of another page of the same list."""
    query = request.GET.copy()
    for gone in (name + AFTER, name + BEFORE, OLD_PAGE, "e"):
        query.pop(gone, None)
    for key, value in (cursor or {}).items():
        query[name + key] = value
    return f"?{query.urlencode()}"


def written(row: Model, columns: Sequence[Column]) -> str:
    """The row's place in the ordering, for an address."""
    values = [_plain(column.value_of(row)) for column in columns]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int) else str(value)


def read(cursor: str, columns: Sequence[Column]) -> list[Any] | None:
    """The place that a cursor names, or None for what is no cursor of this ordering."""
    if not cursor or len(cursor) > MOST_TEXT:
        return None
    try:
        given = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(given, list):
            return None
        return [_value(column.field, value) for column, value in zip(columns, given, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError):
        return None


def _value(field: Field[Any, Any], given: object) -> Any:
    """The value as the column has it. Raises ValueError for what no row can hold."""
    if given is None and field.null:
        return None
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ValueError("no value of a column")
    if isinstance(given, str) and b"\0" in given.encode():  # half of a surrogate pair cannot even be encoded
        raise ValueError("PostgreSQL stores no such text")
    value = field.to_python(given)
    if value is None or (isinstance(value, datetime) and is_naive(value)):
        raise ValueError("no value of this column")
    return value
