"""Invitations in the portal: the list, one invitation, sending it again, revoking it.

Knows what became of the link and of its mail. It must never show the link of an earlier invitation: whoever reads the
page would hold what only the guest should.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from guests.admin.history import HistoryOfGuests
from guests.admin.steps import AgeFilter
from guests.admin.words import invitation_mark, mark, named
from guests.models import Guest, Invitation
from guests.operations.inviting import is_gone
from guests.operations.resending import resend_invitation, revoke_invitation
from outbox.models import OutboundMail, State
from tenants.doors.admin import actor, clock
from tenants.doors.desk import desk, tenant_of
from tenants.doors.words import for_administrator, shown_time
from tenants.models import AuditEntry
from tenants.refusals import Refusal
from tenants.roles import Action

MAIL_MARKS = {
    State.HANDED_OVER: "ok",
    State.DELIVERED: "ok",
    State.BOUNCED: "no",
    State.FAILED: "no",
    State.SUPPRESSED: "off",
    State.DROPPED: "off",
}


class LinkFilter(admin.SimpleListFilter):
    """By what the link answers now."""

    title = "link"
    parameter_name = "link"
    LOOKUPS: ClassVar = [
        ("open", "Open"),
        ("accepted", "Accepted"),
        ("expired", "Expired"),
        ("ended", "Revoked or reset"),
    ]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return self.LOOKUPS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = clock()
        in_time = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        ways = {
            "open": Q(ended_at__isnull=True, accepted_at__isnull=True) & in_time,
            "accepted": Q(ended_at__isnull=True, accepted_at__isnull=False) & in_time,
            "expired": Q(ended_at__isnull=True, expires_at__lte=now),
            "ended": Q(ended_at__isnull=False),
        }
        wanted = ways.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


@admin.register(Invitation)
class InvitationAdmin(HistoryOfGuests):
    """Every invitation, newest first."""

    view_action = Action.GUESTS_VIEW
    list_title = "Invitations"
    list_display = ("guest_shown", "link_shown", "mailed", "inviter", "invited")
    list_filter = (LinkFilter, AgeFilter)
    list_select_related = ("guest",)
    search_fields = ("guest__address_key", "guest__name_key")
    search_help_text = "The guest’s name or address, as it begins"
    ordering = ("-created_at", "id")
    sortable_by = ()
    actions = None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Through the guests' own indexes and from there to their invitations: the other way reads every one."""
        term = search_term.strip().casefold()
        if not term:
            return queryset, False
        begins = Q(address_key__starts_with=term) | Q(name_key__starts_with=term)
        return queryset.filter(guest__in=Guest.objects.filter(begins, deleted_at__isnull=True).values("pk")), False

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<uuid:invitation_id>/resend/",
                self.guarded(require_POST(self.resend_page), Action.GUESTS_INVITE),
                name="guests_resend",
            ),
            path(
                "<uuid:invitation_id>/revoke/",
                self.guarded(require_POST(self.revoke_page), Action.INVITATIONS_REVOKE),
                name="guests_revoke",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        is_inviter = desk(request).may_invite
        frame = {"may_invite": is_inviter, "may_remind": self.may(request, Action.GUESTS_INVITE_MANY)}
        return super().changelist_view(request, {**frame, **(extra_context or {})})

    # --- columns ------------------------------------------------------------------------------------------------

    @admin.display(description="Guest")
    def guest_shown(self, invitation: Invitation) -> SafeString:
        return named(invitation.guest)

    @admin.display(description="Link")
    def link_shown(self, invitation: Invitation) -> SafeString:
        return invitation_mark(invitation, clock())

    @admin.display(description="Last mailed")
    def mailed(self, invitation: Invitation) -> SafeString:
        return shown_time(invitation.last_mailed_at, none="Not mailed")

    @admin.display(description="Invited by")
    def inviter(self, invitation: Invitation) -> SafeString:
        return format_html(
            '{}<span class="v-under">{}</span>', invitation.inviter_name, invitation.resource_name or "My Apps"
        )

    @admin.display(description="Invited")
    def invited(self, invitation: Invitation) -> SafeString:
        return shown_time(invitation.created_at, "j M, H:i")

    # --- one invitation -----------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        row = self.get_object(request, object_id)
        return self.guarded(self.invitation_page, Action.GUESTS_VIEW)(request, row)

    def invitation_page(self, request: HttpRequest, invitation: Invitation) -> HttpResponseBase:
        now = clock()
        mails = OutboundMail.objects.about("invitation", invitation.pk)[:20]
        entries = AuditEntry.objects.filter(subject_id=invitation.guest_id, details__invitation=str(invitation.pk))
        is_live = not is_gone(invitation, now)
        return self.page(
            request,
            "admin/guests/invitation.html",
            title=f"Invitation of {invitation.guest}",
            invitation=invitation,
            mark=invitation_mark(invitation, now),
            mails=[(mail, mark(MAIL_MARKS.get(State(mail.state), "wait"), mail.get_state_display())) for mail in mails],
            entries=self.entries_about(request, entries),
            may_resend=is_live and self.may(request, Action.GUESTS_INVITE),
            may_revoke=is_live and self.may(request, Action.INVITATIONS_REVOKE),
        )

    def resend_page(self, request: HttpRequest, invitation_id: UUID) -> HttpResponse:
        row = self.get_object(request, str(invitation_id))
        outcome = resend_invitation(tenant=tenant_of(request), invitation_id=row.pk, actor=actor(request), now=clock())
        return self._told(
            request, row, outcome, f"The invitation goes to {row.guest.address} again, with the same link."
        )

    def revoke_page(self, request: HttpRequest, invitation_id: UUID) -> HttpResponse:
        row = self.get_object(request, str(invitation_id))
        outcome = revoke_invitation(invitation_id=row.pk, actor=actor(request), now=clock())
        return self._told(request, row, outcome, "The invitation is revoked. Its link no longer works.")

    def _told(self, request: HttpRequest, row: Invitation, outcome: Invitation | Refusal, done: str) -> HttpResponse:
        if isinstance(outcome, Refusal):
            self.message_user(request, for_administrator(outcome), messages.ERROR)
        else:
            self.message_user(request, done)
        return redirect("admin:guests_invitation_change", row.pk)
