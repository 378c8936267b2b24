"""The page before the invitations of one file are revoked: how many, and what stays (R52, R54).

It must never revoke one itself: workers do.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path

from guests.admin.batch_words import counted
from guests.admin.desk import inviter_of
from guests.admin.holders import progress_url
from guests.models import Batch, BatchState
from guests.operations.batches.choosing import revoke_batch
from guests.operations.batches.recalling import Recall, may_be_recalled, what_would_be_revoked
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator
from tenants.roles import Action


class RecallPages(TenantModelAdmin):
    """The part of the batches' admin that takes a file back."""

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.recall_page, Action.INVITATIONS_REVOKE)
        return [path("<uuid:batch_id>/revoke/", page, name="guests_batch_revoke"), *super().get_urls()]

    def may_recall(self, request: HttpRequest, batch: Batch) -> bool:
        """Whether the batch's page offers it."""
        return may_be_recalled(batch) and self.may(request, Action.INVITATIONS_REVOKE)

    def recall_page(self, request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
        """GET says what would be revoked; POST has workers revoke it."""
        batch: Batch = self.get_object(request, str(batch_id))
        if request.method == "POST":
            outcome = revoke_batch(
                batch_id=batch.pk,
                tenant=tenant_of(request),
                inviter=inviter_of(request),
                actor=actor(request),
                now=clock(),
            )
            if isinstance(outcome, Batch):
                self.message_user(request, "The invitations are being revoked. This page shows how far it is.")
                return redirect(progress_url(outcome))
            self.message_user(request, for_administrator(outcome), messages.WARNING)
            return redirect(progress_url(batch))
        recall = what_would_be_revoked(batch) if may_be_recalled(batch) else Recall(0, 0, 0, 0, is_more=False)
        more = "+" if recall.is_more else ""
        return self.page(
            request,
            "admin/guests/batch_revoke.html",
            title="Revoke these invitations",
            batch=batch,
            may_be=may_be_recalled(batch),
            recall=recall,
            invitations=counted(recall.invitations) + more,
            accepted=counted(recall.accepted) + more,
            mails=counted(recall.mails) + more,
            is_going_on=batch.state in (BatchState.RUNNING, BatchState.PAUSED),
        )
