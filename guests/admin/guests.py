"""Guests in the portal: the list, one guest's page, inviting.

Knows what an administrator sees of a guest, and calls one operation for each button. resetting.py holds the pages of a
reset.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from guests.admin.desk import inviter_of
from guests.admin.explaining import ExplainPages
from guests.admin.filters import (
    DomainFilter,
    LastSignInFilter,
    MethodFilter,
    ProviderFilter,
    StatusFilter,
    WaitingFilter,
)
from guests.admin.forms import InviteForm
from guests.admin.history import HistoryOfGuests
from guests.admin.resetting import MOST, ResetPages
from guests.admin.waiting import how_many_wait
from guests.admin.words import invitation_mark, method_words, named, status_mark
from guests.models import FederatedIdentity, Guest, GuestSession, Invitation
from guests.operations.inviting import invite_guest, invite_guest_by_mail
from guests.operations.resetting import block_guest, end_sessions, unblock_guest
from passcodes import limits
from passcodes.operations import lift_pause
from passcodes.rules import Pool
from providers.connections import name_of
from tenants.audit import Actor
from tenants.doors.admin import actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator, shown_time
from tenants.models import AuditEntry
from tenants.refusals import Refusal
from tenants.roles import Action

SHOWN = 50
"""Lines of history, sessions and invitations on a guest's page."""


@admin.register(Guest)
class GuestAdmin(ResetPages, ExplainPages, HistoryOfGuests):
    """The directory."""

    view_action = Action.GUESTS_VIEW
    list_title = "Guests"
    list_display = ("guest", "status", "method_shown", "last_sign_in", "invited")
    list_filter = (StatusFilter, MethodFilter, ProviderFilter, DomainFilter, LastSignInFilter, WaitingFilter)
    search_fields = ("address_key", "name_key", "user_principal_name")
    search_help_text = "Name, address or user principal name, as it begins"
    ordering = ("-created_at", "id")
    sortable_by = ("guest", "last_sign_in", "invited")
    actions = ("reset_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at__isnull=True)

    def folded(self, search_term: str) -> str:
        return search_term.strip().casefold()

    def get_urls(self) -> list[URLPattern]:
        deeds = (
            ("end-sessions", self.end_sessions_page, Action.GUESTS_END_SESSIONS),
            ("block", self.block_page, Action.GUESTS_BLOCK),
            ("unblock", self.unblock_page, Action.GUESTS_BLOCK),
            ("lift-pause", self.lift_pause_page, Action.GUESTS_RESET),
        )
        return [
            path("invite/", self.guarded(self.invite_page, Action.GUESTS_INVITE), name="guests_invite"),
            path("reset/", self.guarded(self.reset_page, Action.GUESTS_RESET), name="guests_reset"),
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

    # --- columns ------------------------------------------------------------------------------------------------

    @admin.display(description="Guest", ordering="name_key")
    def guest(self, guest: Guest) -> SafeString:
        return named(guest)

    @admin.display(description="Redemption status")
    def status(self, guest: Guest) -> SafeString:
        return status_mark(guest)

    @admin.display(description="Method")
    def method_shown(self, guest: Guest) -> str:
        return method_words(guest.method)

    @admin.display(description="Last sign-in", ordering="last_sign_in_at")
    def last_sign_in(self, guest: Guest) -> SafeString:
        return shown_time(guest.last_sign_in_at, none="Never")

    @admin.display(description="Invited", ordering="created_at")
    def invited(self, guest: Guest) -> SafeString:
        return shown_time(guest.created_at, "j M")

    # --- the list -----------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        is_inviter = self.may(request, Action.GUESTS_INVITE)
        frame = {"may_invite": is_inviter, "waiting": how_many_wait()}
        return super().changelist_view(request, {**frame, **(extra_context or {})})

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return self.may(request, Action.GUESTS_RESET)

    @admin.action(description="Reset redemption status", permissions=["reset"])
    def reset_chosen(self, request: HttpRequest, chosen: QuerySet[Guest]) -> HttpResponse | None:
        """To the page that says whom it touches; nothing is reset here."""
        ids = [str(guest_id) for guest_id in chosen.values_list("pk", flat=True)[: MOST + 1]]
        if len(ids) > MOST:
            self.message_user(request, f"Choose at most {MOST} guests at a time.", messages.ERROR)
            return None
        return redirect(f"{reverse('admin:guests_reset')}?{urlencode({'id': ids}, doseq=True)}")

    # --- one guest ----------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        return self.guarded(self.guest_page, Action.GUESTS_VIEW)(request, self.get_object(request, object_id))

    def guest_page(self, request: HttpRequest, guest: Guest) -> HttpResponseBase:
        now = clock()
        sessions = GuestSession.objects.filter(guest=guest, ended_at__isnull=True, expires_at__gt=now)
        invitations = Invitation.objects.filter(guest=guest).order_by("-created_at")[:SHOWN]
        return self.page(
            request,
            "admin/guests/guest.html",
            title=str(guest),
            guest=guest,
            mark=status_mark(guest),
            method=method_words(guest.method),
            identities=[
                (one, name_of(kind_id=one.kind, provider_id=one.provider_id))
                for one in FederatedIdentity.objects.filter(guest=guest).order_by("linked_at")
            ],
            sessions=sessions.order_by("-started_at")[:SHOWN],
            invitations=[(one, invitation_mark(one, now)) for one in invitations],
            entries=self.entries_about(request, AuditEntry.objects.filter(subject_id=guest.pk)),
            may={
                "reset": self.may(request, Action.GUESTS_RESET),
                "explain": self.may(request, Action.SIGN_IN_EXPLAIN),
                "block": self.may(request, Action.GUESTS_BLOCK),
                "lift_pause": self.may(request, Action.GUESTS_RESET) and _is_paused(guest),
                "end_sessions": self.may(request, Action.GUESTS_END_SESSIONS),
            },
        )

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

    # --- inviting -----------------------------------------------------------------------------------------------

    INVITE_FIELDSETS = (
        (None, {"fields": ["email", "display_name"]}),
        ("After accepting", {"fields": ["application"]}),
        ("The email", {"fields": ["sends_mail", "message", "cc"]}),
    )

    def invite_page(self, request: HttpRequest) -> HttpResponseBase:
        """One form, one guest. The link is shown where no mail takes it."""
        destinations: list[tuple[str, str, str]] = self.admin_site.destinations()  # type: ignore[attr-defined]  # ours
        form = InviteForm(request.POST or None, destinations=destinations)
        if request.method == "POST" and form.is_valid():
            is_mailed = form.cleaned_data["sends_mail"]
            outcome = (invite_guest_by_mail if is_mailed else invite_guest)(
                tenant=tenant_of(request),
                address=form.cleaned_data["email"],
                details=form.details(),
                inviter=inviter_of(request),
                actor=actor(request),
                now=clock(),
            )
            if not self.refused(outcome, form, "email") and not isinstance(outcome, Refusal):
                if not is_mailed:
                    return self.page(
                        request, "admin/guests/invited.html", title=f"{outcome.guest} is invited", invited=outcome
                    )
                self.message_user(request, f"{outcome.guest} is invited. The email is on its way.")
                if "_addanother" in request.POST:
                    return redirect("admin:guests_invite")
                return redirect("admin:guests_guest_change", outcome.guest.pk)
        return self.form_page(
            request,
            form,
            title="Invite a guest",
            submit="Invite",
            fieldsets=self.INVITE_FIELDSETS,
            buttons=[("_addanother", "Invite and add another")],
            cancel_url=reverse("admin:guests_guest_changelist"),
        )


def _is_paused(guest: Guest) -> bool:
    """Whether strangers' wrong codes in a row have used up the last of their tries (R17)."""
    streak = [
        price
        for price in limits.failures(tenant_id=guest.tenant_id, address_key=guest.address_key, pool=Pool.STRANGER)
        if price.name == limits.PAUSE
    ]
    return bool(limits.names_of_spent(streak))
