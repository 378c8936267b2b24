"""The mails of a tenant in the portal: what was sent to whom, and what became of it (R18).

Knows a mail's subject and the guest behind it, a page's worth in four statements. It must never show what a mail says:
codes and links stand in it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from guests.admin.mail_words import KINDS, mail_mark
from guests.delivery import asked_of, who_answer
from guests.models import Guest, Invitation
from guests.operations.inviting import is_gone
from guests.operations.mailing import COPY
from outbox.kinds import reporting
from outbox.models import WAITING, OutboundMail, State
from passcodes.models import Challenge
from tenants.doors.admin import TenantModelAdmin, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import shown_time
from tenants.roles import Action

_STATES: Final = {
    "waiting": ("Waiting", WAITING),
    "handed_over": ("Handed over", (State.HANDED_OVER,)),
    "delivered": ("Delivered", (State.DELIVERED,)),
    "deferred": ("Deferred", (State.DEFERRED,)),
    "bounced": ("Bounced", (State.BOUNCED,)),
    "failed": ("Failed", (State.FAILED,)),
    "not_sent": ("Not sent", (State.SUPPRESSED, State.DROPPED)),
}
"""The filter's words: what the page calls them, and the states behind each."""


class StateFilter(admin.SimpleListFilter):
    """By how far a mail has come."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in _STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _, states = _STATES.get(self.value() or "", ("", ()))
        return queryset.filter(state__in=states) if states else queryset


@admin.register(OutboundMail)
class MailAdmin(TenantModelAdmin):
    """Every mail that is not forgotten yet, newest first."""

    view_action = Action.MAIL_VIEW
    list_title = "Mail"
    when_empty = (
        "No email has been sent in the last 30 days. Invitations and codes stand here, with what became of each."
    )
    units = ("email", "emails")
    list_display = ("queued", "kind_shown", "recipient", "state_shown", "since")
    list_display_links = None
    list_filter = (StateFilter,)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    actions = None
    AGAIN: ClassVar = '<button type="submit" class="v-small" formaction="{}">Send again</button>'

    def get_urls(self) -> list[URLPattern]:
        """The list alone: a mail has no page of its own, its guest or invitation has."""
        page = self.guarded(self.changelist_view, Action.MAIL_VIEW)
        return [path("", page, name="outbox_outboundmail_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        frame = {"tells_no_more": reporting().reader is None}
        answer = super().changelist_view(request, {**frame, **(extra_context or {})})
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            self._find_people(request, answer.context_data["cl"].result_list)
        return answer

    # --- columns ------------------------------------------------------------------------------------------------

    @admin.display(description="Queued")
    def queued(self, mail: OutboundMail) -> SafeString:
        return shown_time(mail.created_at)

    @admin.display(description="Email")
    def kind_shown(self, mail: OutboundMail) -> str:
        return KINDS.get(mail.kind, mail.kind)

    @admin.display(description="To")
    def recipient(self, mail: Any) -> SafeString:
        if not mail.to:
            return format_html("{}", "–")
        if not mail.leads_to:
            return format_html("<bdi>{}</bdi>", mail.to)
        return format_html('<a href="{}"><bdi>{}</bdi></a>', mail.leads_to, mail.to)

    @admin.display(description="State")
    def state_shown(self, mail: Any) -> SafeString:
        why = format_html('<span class="v-under">{}</span>', mail.reason) if mail.reason else ""
        again = format_html(self.AGAIN, mail.resend_url) if mail.resend_url else ""
        return format_html("{}{}{}", mail_mark(mail), why, again)

    @admin.display(description="Since")
    def since(self, mail: OutboundMail) -> SafeString:
        return shown_time(mail.state_at)

    # --- whose they are -----------------------------------------------------------------------------------------

    def _find_people(self, request: HttpRequest, mails: list[Any]) -> None:
        """Put to whom each went, where that leads and what sends it again on the rows: four statements at most."""
        sees, sends, now = self.may(request, Action.GUESTS_VIEW), self.may(request, Action.GUESTS_INVITE), clock()
        about = {mail.subject_id for mail in mails if mail.kind != "passcode"}
        codes = {mail.subject_id for mail in mails if mail.kind == "passcode"}
        invitations = {one.pk: one for one in Invitation.objects.select_related("guest").filter(pk__in=about)}
        addresses = dict(Challenge.objects.filter(pk__in=codes).values_list("pk", "address_key"))
        found = Guest.objects.filter(address_key__in=set(addresses.values()), deleted_at=None)
        guests = dict(found.values_list("address_key", "pk"))
        requests = any(mail.kind == "invitation_request" for mail in mails)
        answering = who_answer(tenant_of(request).id) if requests else {}
        for mail in mails:
            mail.to = mail.leads_to = mail.resend_url = ""
            invitation = invitations.get(mail.subject_id)
            if invitation is not None:
                mail.to = invitation.guest.address
                if mail.kind == "invitation_request":
                    asked = asked_of(invitation, answering)
                    mail.to = asked.email if asked else ""
                elif mail.kind == COPY:
                    mail.to = invitation.cc
                mail.leads_to = reverse("admin:guests_invitation_change", args=[invitation.pk]) if sees else ""
                is_lost = mail.kind == "invitation" and mail.state in (State.FAILED, State.BOUNCED)
                if is_lost and sends and not is_gone(invitation, now):
                    mail.resend_url = reverse("admin:guests_resend", args=[invitation.pk])
            elif mail.subject_id in addresses:
                mail.to = addresses[mail.subject_id]
                guest_id = guests.get(mail.to)
                if guest_id is not None and sees:
                    mail.leads_to = reverse("admin:guests_guest_change", args=[guest_id])
