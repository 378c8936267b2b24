"""A list's rows by how a column begins, among many columns.

Knows that PostgreSQL has one index for each column and none for any of several. It must never leave it to guess how
rare a term is: first each column's own index is asked for a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

MOST_FOUND = 500
"""Rows that a search names one by one, and how far it counts."""


def found_by_start(
    queryset: QuerySet[Any], columns: Sequence[str], term: str, *, among: QuerySet[Any]
) -> QuerySet[Any]:
    """Those of which one of the columns begins with the term. `among` are all rows of the list, filtered by nothing.

    All of them where no column is searched.

    A rare term's rows are fetched by their keys. A frequent one's are so many that the list's order meets some soon.
    """
    if not columns:
        return queryset
    begins = [Q(**{f"{column}__starts_with": term}) for column in columns]
    each = [among.filter(one).order_by().values_list("pk", flat=True)[: MOST_FOUND + 1] for one in begins]
    keys = set(each[0].union(*each[1:], all=True) if each[1:] else each[0])
    if len(keys) <= MOST_FOUND:
        return queryset.filter(pk__in=keys)
    any_begins = Q()
    for one in begins:
        any_begins |= one
    return queryset.filter(any_begins)
