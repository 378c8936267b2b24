"""Filters beside a list that a million rows do not slow down.

Knows how to list the values of a column without reading every row: one step along the index for each value. It must
only be used on columns that have an index beginning with (tenant, column).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict

from tenants.scope import current_tenant_id

MOST = 20
"""How many values a filter offers at most, in their order."""


def values_of(model: type[Model], column: str, among: str = "TRUE") -> list[str]:
    """The first values of the column in the open scope, in order: one statement that hops along the index.

    The tenant is named although row security would see to it: only then does the index begin with a known value.
    `column` is a field that is named as its column; `among` is the condition of the index, in SQL.
    """
    quote = connection.ops.quote_name
    table, name = quote(model._meta.db_table), quote(column)
    # Ordered by the index's own columns: min() leaves PostgreSQL to choose another index where it has no figures yet.
    nearest = f"ORDER BY tenant_id, {name} LIMIT 1"
    first = f"SELECT {name} FROM {table} WHERE tenant_id = %(tenant)s AND {among}"  # noqa: S608  # the model's own names
    sql = (
        f"WITH RECURSIVE hop AS (SELECT ({first} AND {name} > '' {nearest}) AS value, 1 AS n"  # noqa: S608  # as above
        f" UNION ALL SELECT ({first} AND {name} > hop.value {nearest}), n + 1 FROM hop"
        f" WHERE hop.value IS NOT NULL AND n < %(most)s)"
        f" SELECT value FROM hop WHERE value IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {"tenant": current_tenant_id(), "most": MOST})
        return [str(row[0]) for row in cursor.fetchall()]


class ReplacingFilter(SimpleListFilter):
    """A filter that takes the place of others once a value is chosen: one implies the other, or no index has both."""

    replaces: ClassVar[tuple[str, ...]] = ()
    """The parameters of those others."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            query = QueryDict(str(choice["query_string"])[1:], mutable=True)
            if query.get(str(self.parameter_name)):
                for name in self.replaces:
                    query.pop(name, None)
            yield {**choice, "query_string": f"?{query.urlencode()}"}


class ValuesFilter(ReplacingFilter):
    """One link for each value of `column`. A subclass says the column, the title, and how a value is shown."""

    column: ClassVar[str]
    among: ClassVar[str] = "TRUE"
    """The condition of the index that begins with the column, in SQL, if it is a partial one."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, self.shown(value)) for value in values_of(model_admin.model, self.column, self.among)]

    def shown(self, value: str) -> str:
        return value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        # No column holds an unprintable value, and PostgreSQL would refuse to compare with a NUL.
        return queryset.filter(**{self.column: value}) if value and value.isprintable() else queryset


class ChoiceFilter(ReplacingFilter):
    """One link for each of fixed choices, matched exactly. A subclass says `column` and `options`.

    What is none of them has no rows: a list of everybody under a narrowed address would be taken for what was asked.
    """

    column: ClassVar[str]
    options: ClassVar[list[tuple[str, str]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return self.options

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(**{self.column: value}) if value in dict(self.options) else queryset.none()
