"""Invitations in the portal: the list, one invitation, sending it again, revoking it.

Knows what became of the link and of its mail. It must never show the link of an earlier invitation: whoever reads the
page would hold what only the guest should.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from guests.admin.history import HistoryOfGuests
from guests.admin.mail_words import mail_mark, newest_mails
from guests.admin.steps import AgeFilter
from guests.admin.timeline import timeline, told_of_invitation
from guests.admin.words import invitation_mark, named
from guests.models import Guest, Invitation
from guests.operations.inviting import is_gone
from guests.operations.mailing import COPY, KIND
from guests.operations.resending import remind_guest, resend_invitation, revoke_invitation
from outbox.kinds import reporting
from outbox.models import OutboundMail
from tenants.doors.admin import actor, clock
from tenants.doors.desk import desk, tenant_of
from tenants.doors.words import for_administrator, shown_time
from tenants.refusals import Refusal
from tenants.roles import Action

MOST_NOT_DELIVERED = 10_000
"""Mails looked through for the filter."""


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


class MailFilter(admin.SimpleListFilter):
    """By whether the newest mail with the link came to nothing."""

    title = "email"
    parameter_name = "mail"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("not_delivered", "Not delivered")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "not_delivered":
            return queryset
        of_invitations = OutboundMail.objects.filter(kind="invitation")
        later = of_invitations.filter(subject_id=OuterRef("subject_id"), created_at__gt=OuterRef("created_at"))
        lost = of_invitations.not_sent().filter(~Exists(later)).order_by("-created_at", "-id")
        return queryset.filter(pk__in=lost.values("subject_id")[:MOST_NOT_DELIVERED])


@admin.register(Invitation)
class InvitationAdmin(HistoryOfGuests):
    """Every invitation, newest first."""

    view_action = Action.GUESTS_VIEW
    list_title = "Invitations"
    when_empty = (
        "No invitation yet. Each one that is made stands here, with the way of its email and whether its link is open."
    )
    list_display = ("guest_shown", "link_shown", "mailed", "inviter", "invited")
    list_filter = (LinkFilter, MailFilter, AgeFilter)
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
                "<uuid:invitation_id>/remind/",
                self.guarded(require_POST(self.remind_page), Action.GUESTS_INVITE),
                name="guests_remind_one",
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
        answer = super().changelist_view(request, {**frame, **(extra_context or {})})
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            rows = answer.context_data["cl"].result_list
            mails = newest_mails([row.pk for row in rows])
            for row in rows:
                row.newest_mail = mails.get(row.pk)
        return answer

    # --- columns ------------------------------------------------------------------------------------------------

    @admin.display(description="Guest")
    def guest_shown(self, invitation: Invitation) -> SafeString:
        return named(invitation.guest)

    @admin.display(description="Link")
    def link_shown(self, invitation: Invitation) -> SafeString:
        return invitation_mark(invitation, clock())

    @admin.display(description="Last mailed")
    def mailed(self, invitation: Invitation) -> SafeString:
        if invitation.last_mailed_at is None:
            return format_html("{}", "Not mailed")
        newest: OutboundMail | None = getattr(invitation, "newest_mail", None)
        state = mail_mark(newest) if newest is not None else ""
        return format_html('{}<span class="v-under">{}</span>', shown_time(invitation.last_mailed_at), state)

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
        about = OutboundMail.objects.filter(kind__in=[KIND, COPY], subject_id=invitation.pk)
        mails = list(about.order_by("-created_at", "-id")[:20])
        is_live = not is_gone(invitation, now)
        may_resend = is_live and self.may(request, Action.GUESTS_INVITE)
        return self.page(
            request,
            "admin/guests/invitation.html",
            title=f"Invitation of {invitation.guest}",
            invitation=invitation,
            mark=invitation_mark(invitation, now),
            mails=[
                (mail, mail_mark(mail), invitation.cc if mail.kind == COPY else invitation.guest.address)
                for mail in mails
            ],
            lines=timeline(self.as_may_be_read(request, told_of_invitation(invitation)), mails, invitation.guest),
            tells_no_more=reporting().reader is None,
            may_resend=may_resend,
            may_remind=may_resend and invitation.accepted_at is None and invitation.last_mailed_at is not None,
            may_revoke=is_live and self.may(request, Action.INVITATIONS_REVOKE),
        )

    def resend_page(self, request: HttpRequest, invitation_id: UUID) -> HttpResponse:
        row = self.get_object(request, str(invitation_id))
        outcome = resend_invitation(tenant=tenant_of(request), invitation_id=row.pk, actor=actor(request), now=clock())
        return self._told(
            request, row, outcome, f"The invitation goes to {row.guest.address} again, with the same link."
        )

    def remind_page(self, request: HttpRequest, invitation_id: UUID) -> HttpResponse:
        row = self.get_object(request, str(invitation_id))
        outcome = remind_guest(tenant=tenant_of(request), invitation_id=row.pk, actor=actor(request), now=clock())
        return self._told(request, row, outcome, f"A reminder goes to {row.guest.address}, with the same link.")

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
