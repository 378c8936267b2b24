"""The page before guests are reminded: who has not accepted for how long, and how long the mails take (R52).

It must never mail anybody itself: workers do, at the rate for many.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.html import format_html

from guests.admin.desk import inviter_of
from guests.admin.holders import mailed_within, progress_url
from guests.admin.seen import Sight
from guests.models import Invitation
from guests.operations.batches.choosing import LONGEST_WAIT, remind_many
from guests.operations.batches.reminding import old_ones, to_remind
from guests.operations.foreseeing import NAMED
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator
from tenants.refusals import Refusal
from tenants.roles import Action

LOOKED_AT = 2_000
"""Old invitations that the page looks at, the newest; workers look at all of them."""

USUAL = 30


class RemindForm(forms.Form):
    """Days since the invitation."""

    days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_WAIT.days,
        label="Pending for more than",
        help_text="Days since the invitation.",
        error_messages={
            "required": "Enter a number of days, such as 30.",
            "invalid": "Enter a whole number of days, such as 30.",
            "min_value": "Enter at least 1 day.",
            "max_value": f"Enter at most {LONGEST_WAIT.days:,} days: no invitation is older.",
        },
    )


class RemindPages(TenantModelAdmin):
    """The part of the guests' admin that reminds."""

    def get_urls(self) -> list[URLPattern]:
        page = self.guarded(self.remind_page, Action.GUESTS_INVITE_MANY)
        return [path("remind/", page, name="guests_remind"), *super().get_urls()]

    def remind_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET with `?days=` names who would be reminded; POST has workers mail them, once that was seen."""
        now = clock()
        form = RemindForm({"days": request.POST.get("days") or request.GET.get("days") or USUAL})
        days = form.cleaned_data["days"] if form.is_valid() else None
        count, is_more, named = _due(now, days) if days else (0, False, list[Invitation]())
        sight = Sight(f"remind {days}", "", (count,))
        if request.method == "POST" and days and sight.was_shown(request):
            outcome = remind_many(
                tenant=tenant_of(request), days=days, inviter=inviter_of(request), actor=actor(request), now=now
            )
            if isinstance(outcome, Refusal):
                self.message_user(request, for_administrator(outcome), messages.ERROR)
                return redirect("admin:guests_remind")
            url = progress_url(outcome)
            self.message_user(
                request, format_html('The reminders are being sent. <a href="{}">Watch how far it is</a>', url)
            )
            return redirect(url)
        return self.page(
            request,
            "admin/guests/remind.html",
            title="Remind guests",
            form=form,
            errors=form.errors,
            days=days,
            count=count,
            shown=number_format(count, force_grouping=True) + ("+" if is_more else ""),
            named=[(one.guest, one.created_at) for one in named],
            mailed_within=mailed_within(tenant_of(request), count, now=now),
            seen=sight.key,
            is_asked_again=request.method == "POST" and not form.errors,
        )


def _due(now: datetime, days: int) -> tuple[int, bool, list[Invitation]]:
    """How many of the newest old invitations would be reminded of, whether there are more, and the first of them."""
    before = now - timedelta(days=days)
    newest = old_ones(before=before).order_by("-created_at", "id")
    due = to_remind(before=before).filter(pk__in=newest[:LOOKED_AT].values("pk"))
    is_more = newest[LOOKED_AT : LOOKED_AT + 1].exists()
    return due.count(), is_more, list(due.select_related("guest").order_by("-created_at", "id")[:NAMED])
