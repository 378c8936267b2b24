"""Django's list of rows, turned by key.

Knows how the stock list takes its order and its page from an address. It must never order by what no index serves:
one column at a time, and only one that the list offers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from tenants.doors.paging import AFTER, BEFORE, KeysetPage, columns_of, keyset
from tenants.doors.searching import MOST_FOUND

MOST_OF_SEVERAL = 100
"""How far rows are counted that two filters, or a filter and a search, leave: no one index has them all together."""


class KeysetChangeList(ChangeList):
    """Next and Previous instead of numbers."""

    page: KeysetPage
    if TYPE_CHECKING:
        result_list: Any

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        for name in (AFTER, BEFORE):  # no filters, and no part of a link to another order or filter
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        self._keep_one_order()
        return super().get_queryset(request, exclude_parameters)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Only what a filter of the list asks for. The stock list filters by any column that an address names: a hash
        of a password could be read letter by letter, and a pattern be looked for in every row."""
        asked: dict[str, Any] = super().get_filters_params(params)
        offered = {getattr(one, "parameter_name", "") for one in self.list_filter}
        return {name: value for name, value in asked.items() if name in offered}

    def _keep_one_order(self) -> None:
        """The first column that was asked for, if the list offers to be ordered by it."""
        wanted = self.params.pop(ORDER_VAR, "").split(".")[0]
        self.filter_params.pop(ORDER_VAR, None)
        shown = {str(at): name for at, name in enumerate(self.list_display)}
        if shown.get(wanted.removeprefix("-")) in (self.sortable_by or ()):
            self.params[ORDER_VAR] = wanted
            self.filter_params[ORDER_VAR] = [wanted]

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The one column that was asked for, or the list's own order; then the key. Nothing of the queryset's own
        order after it, as the stock list has it: no index goes on with that."""
        if ORDER_VAR in self.params:
            return list(super().get_ordering(request, queryset.order_by()))
        return self._get_deterministic_ordering(self.model_admin.get_ordering(request))

    def _get_deterministic_ordering(self, ordering: Any) -> list[Any]:
        return [column.term() for column in columns_of(self.model, ordering)]

    def get_results(self, request: HttpRequest) -> None:
        per_page = self.list_per_page
        paginator: Any = self.model_admin.get_paginator(request, self.queryset, per_page)
        filters: list[Any] = self.filter_specs  # SimpleListFilter, all of ours
        chosen = sum(spec.value() is not None for spec in filters) + bool(self.query)
        if chosen > 1:
            paginator.MOST = MOST_OF_SEVERAL
        elif self.query:
            paginator.MOST = MOST_FOUND
        self.result_count = paginator.count
        self.page_num = 1  # nothing is turned by number
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.multi_page = self.result_count > per_page
        self.can_show_all = self.result_count <= self.list_max_show_all
        if self.show_all and self.can_show_all:
            per_page = self.list_max_show_all
        order = self.queryset.query.order_by
        self.page = keyset(self.queryset, order=order, request=request, per_page=per_page)
        self.result_list = self.page.rows
        self.paginator = paginator
