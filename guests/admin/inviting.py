"""Inviting one guest in the portal.

Knows the form, the mail shown before it is sent and what is said of somebody who is a guest already. It must never
decide whether somebody may be invited: the operation does.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from guests.admin.desk import inviter_of
from guests.admin.forms import InviteForm
from guests.admin.words import redeemed_mark, status_mark
from guests.models import Guest
from guests.operations.deleting import restorable
from guests.operations.inviting import Inviter, invite_guest, invite_guest_by_mail, inviting_refusal
from guests.operations.previewing import preview_invitation
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator
from tenants.inviters import BY_ROLE
from tenants.models import Tenant
from tenants.refusals import Code, Refusal
from tenants.roles import Action

CANNOT = "This address can’t be invited by you. Ask a Global Administrator to invite it."
"""All that somebody reads who may not see guests: who is one, administers or is blocked is not theirs to know."""


@dataclass(frozen=True)
class Known:
    """The guest whose address was typed, or the one who had it and can be restored. `token` changes with what there is
    to say; `is_kept` is what they were told, where the inviter's role changes nothing of it."""

    guest: Guest
    mark: SafeString
    token: str
    is_kept: bool

    @property
    def submit(self) -> str:
        """The button's words."""
        return "Invite as a new guest" if self.guest.deleted_at else "Invite again"


class InvitePages(TenantModelAdmin):
    """The part of the guests' admin that invites one."""

    INVITE_FIELDSETS = (
        (None, {"fields": ["email", "display_name"]}),
        ("After accepting", {"fields": ["application", "sponsors"]}),
        ("The email", {"fields": ["sends_mail", "message", "cc"]}),
    )

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.invite_page, Action.GUESTS_INVITE)
        return [path("invite/", page, name="guests_invite"), *super().get_urls()]

    def invite_page(self, request: HttpRequest) -> HttpResponseBase:
        """One form, one guest. Nobody is invited before what happens to a guest who is here already was said."""
        tenant, inviter = tenant_of(request), inviter_of(request)
        refusal = inviting_refusal(tenant, inviter)
        if refusal is not None:
            return self._closed(request, refusal)
        form = self._form(request, inviter)
        known = None
        if request.method == "POST" and "_edit" not in request.POST and form.is_valid():
            known = _known(form, inviter) if self._sees_guests(request) else None
            if "_preview" in request.POST:
                return self._preview(request, form, known, tenant, inviter)
            if known is None or form.cleaned_data["known"] == known.token:
                answer = self._invite(request, form, tenant, inviter)
                if answer is not None:
                    return answer
        return self.form_page(
            request,
            form,
            title="Invite a guest",
            submit=known.submit if known else "Invite",
            may_restore=self.may(request, Action.GUESTS_DELETE),
            template="admin/guests/invite.html",
            fieldsets=self.INVITE_FIELDSETS,
            buttons=[("_addanother", "Invite and add another"), ("_preview", "See the email first")],
            cancel_url=reverse("admin:guests_guest_changelist" if self._sees_guests(request) else "admin:index"),
            known=known,
        )

    def _form(self, request: HttpRequest, inviter: Inviter) -> InviteForm:
        destinations: list[tuple[str, str, str]] = self.admin_site.destinations()  # type: ignore[attr-defined]  # ours
        form = InviteForm(
            request.POST or None, destinations=destinations, initial={"sponsors": inviter.address, "sends_mail": True}
        )
        if "_edit" in request.POST:
            return InviteForm(destinations=destinations, initial=form.as_typed())
        return form

    def _invite(
        self, request: HttpRequest, form: InviteForm, tenant: Tenant, inviter: Inviter
    ) -> HttpResponseBase | None:
        """The page after it; None, and the reason on the form, where the operation refuses."""
        is_mailed = form.cleaned_data["sends_mail"]
        outcome = (invite_guest_by_mail if is_mailed else invite_guest)(
            tenant=tenant,
            address=form.cleaned_data["email"],
            details=form.details(),
            inviter=inviter,
            actor=actor(request),
            now=clock(),
        )
        sees_guests = self._sees_guests(request)
        if isinstance(outcome, Refusal):
            if not sees_guests and outcome.code in (Code.INPUT, Code.BLOCKED):
                outcome = Refusal(Code.INPUT, reason=CANNOT)
            self.refused(outcome, form, None if outcome.code == Code.WAIT else "email")
            return None
        typed = form.cleaned_data["email"].to_send
        if not is_mailed:
            return self.page(
                request,
                "admin/guests/invited.html",
                title=f"{outcome.guest if sees_guests else typed} is invited",
                invited=outcome,
                typed=typed,
                may_view=sees_guests,
            )
        said = f"{outcome.guest} is invited. The email" if sees_guests else f"The invitation to {typed}"
        self.message_user(request, f"{said} is on its way.")
        if "_addanother" in request.POST or not sees_guests:
            return redirect("admin:guests_invite")
        return redirect("admin:guests_guest_change", outcome.guest.pk)

    def _preview(
        self, request: HttpRequest, form: InviteForm, known: Known | None, tenant: Tenant, inviter: Inviter
    ) -> HttpResponseBase:
        """The mail as it would leave now. Nothing is stored; the form travels along."""
        message, copy = preview_invitation(
            tenant=tenant, address=form.cleaned_data["email"], details=form.details(), inviter=inviter, now=clock()
        )
        typed: dict[str, Any] = form.as_typed() | {"known": known.token if known else ""}
        return self.page(
            request,
            "admin/guests/invite_preview.html",
            title="See the email first",
            message=message,
            copy=copy,
            sender=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            is_mailed=form.cleaned_data["sends_mail"],
            typed=InviteForm(destinations=form.offered, initial=typed),
            known=known,
            may_restore=self.may(request, Action.GUESTS_DELETE),
        )

    def _closed(self, request: HttpRequest, refusal: Refusal) -> HttpResponseBase:
        answer = self.page(
            request,
            "admin/guests/inviting_closed.html",
            title="Invite a guest",
            reason=for_administrator(refusal),
            may_change=self.may(request, Action.SETTINGS_CHANGE),
        )
        answer.status_code = HTTPStatus.FORBIDDEN
        return answer

    def _sees_guests(self, request: HttpRequest) -> bool:
        """Where every administrator may invite, some of them see no guests."""
        return self.may(request, Action.GUESTS_VIEW)


def _known(form: InviteForm, inviter: Inviter) -> Known | None:
    key = form.cleaned_data["email"].key
    guest = Guest.objects.filter(address_key=key, deleted_at=None).first()
    if guest is None:
        guest = restorable().filter(address_key=key).order_by("-deleted_at").first()
    if guest is None:
        return None
    token = f"{guest.pk}:{'deleted' if guest.deleted_at else guest.redemption_status}"
    mark = redeemed_mark(guest) if guest.deleted_at else status_mark(guest)
    return Known(guest, mark, token, is_kept=inviter.kind not in BY_ROLE)
