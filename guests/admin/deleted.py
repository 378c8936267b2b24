"""Deleting a guest in the portal, the list of deleted guests, and bringing one back (R55).

Knows what the page says before a guest is deleted. It must never show a guest who is past restoring.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from guests.admin.words import method_words, redeemed_mark
from guests.models import Guest, GuestSession, Invitation
from guests.operations.deleting import KEEP_DELETED, delete_guest, restorable, restore_guest
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.paging import keyset
from tenants.doors.words import for_administrator
from tenants.refusals import Refusal
from tenants.roles import Action


class DeletedPages(TenantModelAdmin):
    """The part of the guests' admin that deletes and restores."""

    def get_urls(self) -> list[URLPattern]:
        restore = self.guarded(require_POST(self.restore_page), Action.GUESTS_DELETE)
        return [
            path("deleted/", self.guarded(self.deleted_page, Action.GUESTS_VIEW), name="guests_deleted"),
            path("<uuid:guest_id>/restore/", restore, name="guests_restore"),
            *super().get_urls(),
        ]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        return self.guarded(self.delete_page, Action.GUESTS_DELETE)(request, self.get_object(request, object_id))

    def delete_page(self, request: HttpRequest, guest: Guest) -> HttpResponseBase:
        """GET says what ends and what stays; POST deletes."""
        now = clock()
        if request.method == "POST":
            outcome = delete_guest(guest_id=guest.pk, actor=actor(request), now=now)
            if isinstance(outcome, Refusal):
                self.message_user(request, for_administrator(outcome), messages.ERROR)
                return redirect("admin:guests_guest_changelist")
            self.message_user(request, f"{outcome} is deleted and signed out everywhere.")
            return redirect("admin:guests_deleted")
        live = GuestSession.objects.filter(guest=guest, ended_at__isnull=True, expires_at__gt=now)
        return self.page(
            request,
            "admin/guests/delete.html",
            title=f"Delete {guest}",
            parent=guest,
            guest=guest,
            sessions=live.count(),
            links=Invitation.objects.filter(guest=guest, ended_at__isnull=True).count(),
            until=now + KEEP_DELETED,
        )

    def deleted_page(self, request: HttpRequest) -> HttpResponseBase:
        """Guests who can be brought back, the last deleted first."""
        page = keyset(restorable(), order=("-deleted_at", "id"), request=request)
        return self.page(
            request,
            "admin/guests/deleted.html",
            title="Deleted guests",
            page=page,
            rows=[_row(guest) for guest in page.rows],
            days=KEEP_DELETED.days,
            may_restore=self.may(request, Action.GUESTS_DELETE),
        )

    def restore_page(self, request: HttpRequest, guest_id: UUID) -> HttpResponse:
        if not Guest.objects.filter(id=guest_id).exists():
            raise Http404("a guest of no or another tenant")
        outcome = restore_guest(guest_id=guest_id, actor=actor(request), now=clock())
        if isinstance(outcome, Refusal):
            self.message_user(request, for_administrator(outcome), messages.ERROR)
            return redirect("admin:guests_deleted")
        again = "" if outcome.has_accepted else " Their links ended: invite them again."
        self.message_user(request, f"{outcome} is restored.{again}")
        return redirect("admin:guests_guest_change", outcome.pk)


def _row(guest: Guest) -> tuple[Guest, object, str, datetime]:
    """The guest, what they were, how they signed in, and until when they can be restored."""
    if guest.deleted_at is None:
        raise TypeError("the list holds deleted guests only")
    return guest, redeemed_mark(guest), method_words(guest.method), guest.deleted_at + KEEP_DELETED
