"""One guest's page in the portal, and the buttons on it.

Knows what an administrator sees of one guest, and calls one operation for each button. editing.py reads the form on it,
record.py and timeline.py tell what became of the guest; it must never write a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from guests.admin.editing import ADMINISTRATORS, EditForm, EditPages, suggested_sponsors
from guests.admin.history import HistoryOfGuests
from guests.admin.record import agreed_by, redemptions_of
from guests.admin.timeline import LOGS, mails_of_guest, timeline, told_of_guest
from guests.admin.words import invitation_mark, method_words, status_mark
from guests.browsers import browser_words
from guests.models import FederatedIdentity, Guest, GuestSession, Invitation
from guests.operations.editing import sponsors_of
from guests.operations.ending import end_session
from guests.operations.resetting import block_guest, end_sessions, unblock_guest
from passcodes import limits
from passcodes.operations import lift_pause
from providers.connections import name_of
from tenants.audit import Actor
from tenants.doors.admin import actor, clock
from tenants.doors.words import for_administrator
from tenants.refusals import Refusal
from tenants.roles import Action

SHOWN = 50
"""Lines of sessions and invitations on a guest's page."""


class OneGuestPages(EditPages, HistoryOfGuests):
    """The part of the guests' admin that shows one guest."""

    def get_urls(self) -> list[URLPattern]:
        deeds = (
            ("end-session", self.end_session_page, Action.GUESTS_END_SESSIONS),
            ("end-sessions", self.end_sessions_page, Action.GUESTS_END_SESSIONS),
            ("block", self.block_page, Action.GUESTS_BLOCK),
            ("unblock", self.unblock_page, Action.GUESTS_BLOCK),
            ("lift-pause", self.lift_pause_page, Action.GUESTS_RESET),
        )
        return [
            *(
                path(
                    f"<uuid:guest_id>/{name}/",
                    self.guarded(require_POST(page), action),
                    name=f"guests_{name.replace('-', '_')}",
                )
                for name, page, action in deeds
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        action = Action.GUESTS_EDIT if request.method == "POST" else Action.GUESTS_VIEW
        return self.guarded(self.guest_page, action)(request, self.get_object(request, object_id))

    def guest_page(self, request: HttpRequest, guest: Guest) -> HttpResponseBase:
        """GET shows the guest; POST saves the form at its top, for who may edit."""
        form = None
        if self.may(request, Action.GUESTS_EDIT):
            form = EditForm(request.POST if request.method == "POST" else None, guest=guest)
            if form.is_bound and self.is_edited(request, guest, form):
                return redirect("admin:guests_guest_change", guest.pk)
        now, log = clock(), request.GET.get("log", "")
        sessions = GuestSession.objects.filter(guest=guest, ended_at__isnull=True, expires_at__gt=now)
        invitations = list(Invitation.objects.filter(guest=guest).order_by("-created_at")[:SHOWN])
        told = self.as_may_be_read(request, told_of_guest(guest, log))
        return self.page(
            request,
            "admin/guests/guest.html",
            title=str(guest),
            guest=guest,
            form=form,
            errors=form.errors if form else {},
            suggested=suggested_sponsors(request) if form else [],
            suggested_id=ADMINISTRATORS,
            sponsors=sponsors_of(guest),
            mark=status_mark(guest),
            method=method_words(guest.method),
            identities=[
                (one, name_of(kind_id=one.kind, provider_id=one.provider_id))
                for one in FederatedIdentity.objects.filter(guest=guest).order_by("linked_at")
            ],
            sessions=[
                (one, browser_words(one.browser), method_words(one.method))
                for one in sessions.order_by("-started_at")[:SHOWN]
            ],
            agreed=agreed_by(guest),
            redemptions=redemptions_of(guest),
            invitations=[(one, invitation_mark(one, now)) for one in invitations],
            lines=timeline(told, mails_of_guest((one.pk for one in invitations), log), guest),
            logs=[(name, words, name == log) for name, words in LOGS.items()],
            may={
                "reset": self.may(request, Action.GUESTS_RESET),
                "explain": self.may(request, Action.SIGN_IN_EXPLAIN),
                "block": self.may(request, Action.GUESTS_BLOCK),
                "delete": self.may(request, Action.GUESTS_DELETE),
                "history": self.may(request, Action.AUDIT_VIEW),
                "lift_pause": self.may(request, Action.GUESTS_RESET) and _is_paused(guest),
                "end_sessions": self.may(request, Action.GUESTS_END_SESSIONS),
            },
        )

    def end_session_page(self, request: HttpRequest, guest_id: UUID) -> HttpResponse:
        guest = self.get_object(request, str(guest_id))
        try:
            session_id = UUID(request.POST.get("session", ""))
        except ValueError:
            session_id = UUID(int=0)  # nobody's
        if end_session(guest_id=guest.pk, session_id=session_id, actor=actor(request), now=clock()):
            self.message_user(request, f"The session of {guest} is ended.")
        else:
            self.message_user(request, "That session had ended already.", messages.WARNING)
        return redirect("admin:guests_guest_change", guest.pk)

    def end_sessions_page(self, request: HttpRequest, guest_id: UUID) -> HttpResponse:
        guest = self.get_object(request, str(guest_id))
        ended = end_sessions(guest_id=guest.pk, actor=actor(request), now=clock())
        self.message_user(request, f"{ended} session{'' if ended == 1 else 's'} of {guest} ended.")
        return redirect("admin:guests_guest_change", guest.pk)

    def block_page(self, request: HttpRequest, guest_id: UUID) -> HttpResponse:
        return self._do(request, guest_id, block_guest, "{} is blocked and signed out everywhere.")

    def unblock_page(self, request: HttpRequest, guest_id: UUID) -> HttpResponse:
        return self._do(request, guest_id, unblock_guest, "{} may sign in again.")

    def lift_pause_page(self, request: HttpRequest, guest_id: UUID) -> HttpResponse:
        guest = self.get_object(request, str(guest_id))
        if _is_paused(guest):
            lift_pause(address_key=guest.address_key, actor=actor(request), now=clock())
        self.message_user(request, f"Codes for {guest} may be tried again.")
        return redirect("admin:guests_guest_change", guest.pk)

    def _do(
        self, request: HttpRequest, guest_id: UUID, operation: Callable[..., Guest | Refusal], done: str
    ) -> HttpResponse:
        guest = self.get_object(request, str(guest_id))
        who: Actor = actor(request)
        outcome = operation(guest_id=guest.pk, actor=who, now=clock())
        if isinstance(outcome, Refusal):
            self.message_user(request, for_administrator(outcome), messages.ERROR)
        else:
            self.message_user(request, done.format(guest))
        return redirect("admin:guests_guest_change", guest.pk)


def _is_paused(guest: Guest) -> bool:
    return limits.is_paused(tenant_id=guest.tenant_id, address_key=guest.address_key)
