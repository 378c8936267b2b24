"""The pages of a reset: whom it touches and what it ends, and then what became of each.

Knows how the effects are counted before anything is done (R40). A link is shown once, to who reset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from guests.admin.desk import inviter_of
from guests.admin.forms import ResetForm
from guests.admin.words import method_words
from guests.models import Guest
from guests.operations.resetting import (
    reset_redemption,
    reset_redemption_by_mail,
    reset_redemption_to_address,
    reset_redemption_to_another_of_theirs,
)
from passcodes.models import Challenge
from providers.discovery import gather_facts
from providers.rules import METHOD_LABELS, decide
from tenants.addresses import Address, AddressRefused, canonical
from tenants.doors.admin import TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator
from tenants.refusals import Refusal

MOST = 100
"""Guests in one reset from the portal: what a page can list and a person can read."""


@dataclass(frozen=True)
class Touched:
    """One guest before the reset."""

    guest: Guest
    method: str
    next_method: str
    sessions: int

    @property
    def is_other(self) -> bool:
        return self.next_method != self.method


@dataclass(frozen=True)
class Done:
    """One guest after it: `why` is the refusal in words, `link` stands only where no mail took it."""

    guest: Guest
    why: str = ""
    link: str = ""


class ResetPages(TenantModelAdmin):
    """The part of the guests' admin that resets."""

    def reset_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET lists the guests of `?id=`; POST resets them, one operation each."""
        now = clock()
        guests = self._chosen(request, now)
        form = ResetForm(request.POST or None, guests=len(guests))
        if request.method == "POST" and form.is_valid():
            if form.new is None:
                return self._reset(request, guests, form.is_mailed, now)
            if self._is_moved(request, guests[0], form, form.new, now):
                return redirect("admin:guests_guest_change", guests[0].pk)
        touched = [self._touched(guest, now) for guest in guests]
        count = len(guests)
        return self.page(
            request,
            "admin/guests/reset.html",
            title="Reset redemption status",
            form=form if form.is_bound else ResetForm(initial={"sends_mail": "yes"}, guests=count),
            touched=touched,
            sessions=sum(one.sessions for one in touched),
            codes=Challenge.objects.live().filter(address_key__in=[guest.address_key for guest in guests]).count(),
            submit=f"Reset {guests[0]}" if count == 1 else f"Reset {count} guests",
        )

    def _chosen(self, request: HttpRequest, now: datetime) -> list[Any]:
        try:
            ids = [UUID(text) for text in request.GET.getlist("id")[: MOST + 1]]
        except ValueError:
            raise Http404("an id that is none") from None
        live = Count("sessions", filter=Q(sessions__ended_at__isnull=True, sessions__expires_at__gt=now))
        guests = list(self.get_queryset(request).filter(pk__in=ids).annotate(live=live).order_by("name_key", "id"))
        if not guests or len(guests) != len(set(ids)) or len(ids) > MOST:
            raise Http404("a guest of no or another tenant")
        return guests

    def _touched(self, guest: Any, now: datetime) -> Touched:
        try:
            facts = gather_facts(address=canonical(guest.address), bound=None, now=now)
            next_method = METHOD_LABELS[decide(facts).method]
        except AddressRefused:
            next_method = "–"
        return Touched(guest, method_words(guest.method), next_method, guest.live)

    def _is_moved(self, request: HttpRequest, guest: Guest, form: ResetForm, address: Address, now: datetime) -> bool:
        """Whether the guest is reset to the new address (R41); a refusal then stands at the field."""
        is_same_person = form.cleaned_data["keeps_addresses"]
        operation = reset_redemption_to_another_of_theirs if is_same_person else reset_redemption_to_address
        outcome = operation(
            tenant=tenant_of(request),
            guest_id=guest.pk,
            address=address,
            inviter=inviter_of(request),
            actor=actor(request),
            now=now,
        )
        if self.refused(outcome, form, "new_address"):
            return False
        self.message_user(
            request, f"The redemption status of {guest} is reset, and a new invitation is on its way to {address.key}."
        )
        return True

    def _reset(self, request: HttpRequest, guests: list[Any], is_mailed: bool, now: datetime) -> HttpResponseBase:
        operation = reset_redemption_by_mail if is_mailed else reset_redemption
        done = []
        for guest in guests:
            outcome = operation(
                tenant=tenant_of(request),
                guest_id=guest.pk,
                inviter=inviter_of(request),
                actor=actor(request),
                now=now,
            )
            if isinstance(outcome, Refusal):
                done.append(Done(guest, why=for_administrator(outcome)))
            else:
                done.append(Done(guest, link="" if is_mailed else outcome.link))
        if is_mailed and not any(one.why for one in done):
            whom = str(guests[0]) if len(guests) == 1 else f"{len(guests)} guests"
            self.message_user(request, f"The redemption status of {whom} is reset, and a new invitation is on its way.")
            return redirect("admin:guests_guest_changelist")
        if any(one.why for one in done):
            messages.warning(request, "Not every guest could be reset. The table says why.")
        return self.page(request, "admin/guests/reset_done.html", title="Redemption status reset", done=done)
