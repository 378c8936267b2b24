"""Deeds for many guests in the portal: the list, one deed's page by its state, the buttons, the result file.

Knows what an administrator sees of a batch while workers are at it. It must never do a row itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from guests.admin.batch_words import (
    again_of,
    counted,
    part_read,
    row_mark,
    state_mark,
    time_to_go,
    waiting_word,
    words_of,
)
from guests.admin.bulk_upload import UploadPages
from guests.admin.holders import mailed_within
from guests.admin.recalling import RecallPages
from guests.models import Batch, BatchRow, BatchState, Result, Verdict
from guests.operations.batches.leave import action_for
from guests.operations.batches.results import header_of, rows_of
from guests.operations.batches.slices import discard_batch, pause_batch, start_batch
from tenants.doors.admin import actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.paging import keyset
from tenants.doors.words import shown_time
from tenants.exporting import stream_csv
from tenants.roles import Action

SHOWN = 50
"""Rows on one page."""

AGAIN_AFTER = 5
"""Seconds until a page of a running batch is loaded again."""

ENDED = (BatchState.DONE, BatchState.DISCARDED)


@admin.register(Batch)
class BatchAdmin(RecallPages, UploadPages):
    """Every deed for many guests, newest first."""

    view_action = Action.GUESTS_VIEW
    list_title = "Bulk work"
    when_empty = (
        "Nothing yet. What is done for many guests at once stands here while workers do it, and for 30 days "
        "after: invitations by a file, resets, reminders, links revoked."
    )
    units = ("entry", "entries")
    list_display = ("what", "by", "rows_shown", "state_shown")
    ordering = ("-created_at", "id")
    sortable_by = ()
    actions = None

    def get_urls(self) -> list[URLPattern]:
        deeds = {"start": self.start_page, "pause": self.pause_page, "discard": self.discard_page}
        return [
            *(
                path(
                    f"<uuid:batch_id>/{name}/",
                    self.guarded(require_POST(page), Action.GUESTS_VIEW),  # the kind's own action is asked inside
                    name=f"guests_batch_{name}",
                )
                for name, page in deeds.items()
            ),
            path("<uuid:batch_id>/file/", self.guarded(self.file_page, Action.GUESTS_VIEW), name="guests_batch_file"),
            *super().get_urls(),
        ]

    # --- columns ------------------------------------------------------------------------------------------------

    @admin.display(description="What")
    def what(self, batch: Batch) -> SafeString:
        return format_html(
            '{}<span class="v-under">{}, {}</span>', batch.name, words_of(batch).title, shown_time(batch.created_at)
        )

    @admin.display(description="By")
    def by(self, batch: Batch) -> str:
        return batch.actor_name

    @admin.display(description="Rows")
    def rows_shown(self, batch: Batch) -> str:
        return counted(batch.rows)

    @admin.display(description="Result")
    def state_shown(self, batch: Batch) -> SafeString:
        return state_mark(batch)

    # --- one batch ----------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        return self.guarded(self.batch_page, Action.GUESTS_VIEW)(request, self.get_object(request, object_id))

    def batch_page(self, request: HttpRequest, batch: Batch) -> HttpResponseBase:
        now, words, tenant = clock(), words_of(batch), tenant_of(request)
        is_checking = batch.state in (BatchState.CHECKING, BatchState.CHECKED, BatchState.UNREADABLE)
        tabs = [] if batch.state in (BatchState.CHECKING, BatchState.UNREADABLE) else _tabs(batch)
        chosen = next((tab for tab in tabs if tab["key"] == request.GET.get("rows")), _first_of(tabs))
        page = None
        if chosen:
            page = keyset(chosen["found"], order=("number",), request=request, per_page=SHOWN)
        is_still, again = "still" in request.GET, again_of(batch)
        response = self.page(
            request,
            "admin/guests/batch.html",
            title="Check the file" if is_checking and "size" in batch.choice else words.title,
            batch=batch,
            words=words,
            may=self.may(request, action_for(batch.kind)),
            tabs=tabs,
            chosen=chosen,
            rows=[(row, *row_mark(batch, row)) for row in page.rows] if page else [],
            page=page,
            again=again,
            once=batch.done - again,
            finished=batch.done + batch.failed,
            waiting_word=waiting_word(batch),
            part_read=part_read(batch),
            to_go=time_to_go(batch, now),
            mailed_within=mailed_within(tenant, batch.mails, now=now),
            may_recall=self.may_recall(request, batch),
            bulk_rate=tenant.bulk_mails_per_hour,
            is_still=is_still,
            is_to_leave=bool(batch.last_mail_at and batch.last_mail_at > now),
            has_ended=batch.state in ENDED,
        )
        if batch.is_at_work and not is_still:
            response.headers["Refresh"] = str(AGAIN_AFTER)
        return response

    def start_page(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        return self._turn(request, batch_id, start_batch, "It is not waiting to be started.")

    def pause_page(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        return self._turn(request, batch_id, pause_batch, "It is not running.")

    def discard_page(self, request: HttpRequest, batch_id: UUID) -> HttpResponse:
        return self._turn(request, batch_id, discard_batch, "It is over already.")

    def file_page(self, request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
        """The verdicts before it is started, the results afterwards."""
        batch: Batch = self.get_object(request, str(batch_id))
        ending = "verdicts" if batch.state == BatchState.CHECKED else "results"
        return stream_csv(
            tenant_id=batch.tenant_id,
            filename=f"{batch.name.removesuffix('.csv')}-{ending}.csv",
            header=header_of(batch),
            rows=lambda: rows_of(batch),
        )

    def _turn(
        self, request: HttpRequest, batch_id: UUID, operation: Callable[..., bool], otherwise: str
    ) -> HttpResponse:
        batch: Batch = self.get_object(request, str(batch_id))
        if not self.may(request, action_for(batch.kind)):
            raise PermissionDenied
        if not operation(batch_id=batch.pk, actor=actor(request), now=clock()):
            self.message_user(request, otherwise, messages.WARNING)
        return redirect("admin:guests_batch_change", batch.pk)


def _tabs(batch: Batch) -> list[dict[str, Any]]:
    """The lists that the page's numbers lead to, each along an index."""
    words, rows = words_of(batch), BatchRow.objects.filter(batch=batch)
    bad, again, new = (rows.filter(verdict=one) for one in (Verdict.REFUSED, Verdict.AGAIN, Verdict.NEW))
    tabs = [("bad", words.cannot, batch.rows_refused, bad)]
    if batch.state == BatchState.CHECKED:
        if batch.rows_again:
            tabs.append(("again", "Again", batch.rows_again, again))
        tabs.append(("new", words.will, batch.rows_new, new))
    else:
        tabs.insert(0, ("failed", "Failed", batch.failed, rows.filter(result=Result.FAILED)))
        if done_again := again_of(batch):
            tabs.append(("again", words.done_again, done_again, again.filter(result=Result.DONE)))
        tabs.append(("new", words.done, batch.done - done_again, new.filter(result=Result.DONE)))
        if batch.waiting:
            waiting = rows.filter(result=Result.WAITING).exclude(verdict=Verdict.REFUSED)
            tabs.append(("waiting", waiting_word(batch), batch.waiting, waiting))
    tabs.append(("all", "All rows", batch.rows, rows))
    # Nobody is looked for where nobody is counted: to find out, all rows of the other kind would be read.
    return [
        {"key": key, "name": name, "count": count, "found": found if count else rows.none()}
        for key, name, count, found in tabs
    ]


def _first_of(tabs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first list that is about something that went wrong, else all rows."""
    wrong = [tab for tab in tabs if tab["key"] in ("failed", "bad") and tab["count"]]
    return next(iter(wrong or tabs[-1:]), None)
