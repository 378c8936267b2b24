"""The page of one guest's reset: what it ends, and then the new link.

Knows how the effects are counted before anything is done (R40), and who may type a new address (R41). A link is shown
once, to who reset. It must never reset several: workers do (R43).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from guests.admin.desk import inviter_of
from guests.admin.forms import ResetForm
from guests.admin.words import method_words
from guests.models import Guest
from guests.operations.editing import profile_of
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
from tenants.refusals import Refusal
from tenants.roles import Action


class ResetPages(TenantModelAdmin):
    """The part of the guests' admin that resets."""

    def reset_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET shows the guest of `?id=`; POST resets them. Several have a page of their own."""
        ids = list(dict.fromkeys(request.GET.getlist("id")))
        if len(ids) > 1:
            return redirect(f"{reverse('admin:guests_reset_many')}?{urlencode({'id': ids}, doseq=True)}")
        now = clock()
        guest = self._chosen(request, ids[0] if ids else "", now)
        form = self._reset_form(request, guest)
        if form.is_forced:
            raise PermissionDenied
        if request.method == "POST" and form.is_valid():
            answer = self._reset(request, guest, form, now)
            if answer is not None:
                return answer
        return self.page(
            request,
            "admin/guests/reset.html",
            title="Reset redemption status",
            form=form,
            guest=guest,
            method=method_words(guest.method),
            next_method=_next_method(guest, now),
            codes=Challenge.objects.live().filter(address_key=guest.address_key).count(),
            submit=f"Reset {guest}",
        )

    def _reset_form(self, request: HttpRequest, guest: Guest) -> ResetForm:
        """Any new address for who may edit guests: whoever reads its mail is the guest from then on (R41, R42)."""
        return ResetForm(
            request.POST or None,
            address=guest.address,
            others=profile_of(guest).other_addresses,
            is_free=self.may(request, Action.GUESTS_EDIT),
        )

    def _chosen(self, request: HttpRequest, typed: str, now: datetime) -> Any:
        try:
            guest_id = UUID(typed)
        except ValueError:
            raise Http404("an id that is none") from None
        live = Count("sessions", filter=Q(sessions__ended_at__isnull=True, sessions__expires_at__gt=now))
        guest = self.get_queryset(request).filter(pk=guest_id).annotate(live=live).first()
        if guest is None:
            raise Http404("a guest of no or another tenant")
        return guest

    def _reset(self, request: HttpRequest, guest: Guest, form: ResetForm, now: datetime) -> HttpResponseBase | None:
        """The next page, or None where it was refused, with the reason on the form."""
        if form.new is not None:
            is_moved = self._is_moved(request, guest, form, form.new, now)
            return redirect("admin:guests_guest_change", guest.pk) if is_moved else None
        operation = reset_redemption_by_mail if form.is_mailed else reset_redemption
        outcome = operation(
            tenant=tenant_of(request),
            guest_id=guest.pk,
            inviter=inviter_of(request),
            actor=actor(request),
            now=now,
        )
        if isinstance(outcome, Refusal):
            self.refused(outcome, form)
            return None
        if form.is_mailed:
            self.message_user(
                request, f"The redemption status of {guest} is reset, and a new invitation is on its way."
            )
            return redirect("admin:guests_guest_changelist")
        return self.page(
            request,
            "admin/guests/reset_done.html",
            title="Redemption status reset",
            guest=outcome.guest,
            link=outcome.link,
        )

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


def _next_method(guest: Guest, now: datetime) -> str:
    try:
        facts = gather_facts(address=canonical(guest.address), bound=None, now=now)
        return METHOD_LABELS[decide(facts).method]
    except AddressRefused:
        return "–"
