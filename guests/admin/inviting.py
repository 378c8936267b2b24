"""Inviting one guest in the portal.

Knows the form and what is shown once it is sent. It must never decide whether somebody may be invited: the operation
does.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from guests.admin.desk import inviter_of
from guests.admin.forms import InviteForm
from guests.operations.inviting import invite_guest, invite_guest_by_mail
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.refusals import Refusal
from tenants.roles import Action


class InvitePages(TenantModelAdmin):
    """The part of the guests' admin that invites one."""

    INVITE_FIELDSETS = (
        (None, {"fields": ["email", "display_name"]}),
        ("After accepting", {"fields": ["application"]}),
        ("The email", {"fields": ["sends_mail", "message", "cc"]}),
    )

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.invite_page, Action.GUESTS_INVITE)
        return [path("invite/", page, name="guests_invite"), *super().get_urls()]

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
