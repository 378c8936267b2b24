"""The portal's page on the Microsoft account: on or off, and what becomes of the guests who have one (R3, R32).

Knows that turning it off touches nobody who has redeemed, and offers their migration in the same step. It never
resets anybody whom the administrator's roles do not let them reset.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from guests.admin.holders import BatchPages, RemedyForm, holders
from guests.admin.outlook import Change, outlook
from guests.models import Guest
from providers.connections import is_installed
from providers.kinds import BY_ID
from providers.models import RedemptionPolicy
from providers.operations import disable_microsoft_account, enable_microsoft_account
from providers.rules import Method
from tenants.doors.admin import actor, clock
from tenants.roles import Action

PAGE = "admin:guests_microsoft_account"
RESET_NEXT = "reset_next"
"""The button that resets a batch and changes no setting."""


class MicrosoftAccountForm(RemedyForm):
    """Yes or No, and what to do with the guests who have one."""

    is_enabled = forms.ChoiceField(
        choices=[("yes", "Yes"), ("no", "No")],
        error_messages={"required": "Choose Yes or No.", "invalid_choice": "Choose Yes or No."},
    )


class MicrosoftAccountPage(BatchPages):
    """The part of the redemption order's admin about the Microsoft account."""

    def microsoft_account_page(self, request: HttpRequest) -> HttpResponseBase:
        """Yes, No, Save, with the impact above it; and the next batch of resets."""
        now = clock()
        policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
        is_on = policy.is_microsoft_account_enabled
        form = MicrosoftAccountForm(
            request.POST if request.method == "POST" else None, initial={"is_enabled": "yes" if is_on else "no"}
        )
        if RESET_NEXT in request.POST:
            self.reset_batch(request, _found(), now)
            return redirect(PAGE)
        if request.method == "POST":
            if not self.may(request, Action.PROVIDERS_MANAGE):
                raise PermissionDenied
            if form.is_valid() and self._is_switched(request, form, now):
                return redirect(PAGE)
        return self._show_microsoft_account(request, form, is_on, now)

    def _is_switched(self, request: HttpRequest, form: MicrosoftAccountForm, now: datetime) -> bool:
        if form.cleaned_data["is_enabled"] == "yes":
            enable_microsoft_account(actor=actor(request), now=now)
            self.message_user(request, "Guests can redeem with a Microsoft account.")
            return True
        self.check_remedy(request, form)
        outcome = disable_microsoft_account(actor=actor(request), now=now)
        if self.refused(outcome, form):
            return False
        self.message_user(request, "The Microsoft account is disabled for new redemptions.")
        if form.resets:
            self.reset_batch(request, _found(), now)
        return True

    def _show_microsoft_account(
        self, request: HttpRequest, form: MicrosoftAccountForm, is_on: bool, now: datetime
    ) -> HttpResponseBase:
        change = _switched(not is_on)
        return self.page(
            request,
            "admin/guests/microsoft_account.html",
            title="Microsoft account",
            form=form,
            errors=form.errors,
            answer=form["is_enabled"].value(),
            remedy=form["remedy"].value() or RemedyForm.NONE,
            is_on=is_on,
            is_installed=is_installed(BY_ID[Method.MICROSOFT_ACCOUNT]),
            holders=holders(_found(), change=_switched(False), now=now),
            outlook=outlook(change=change, now=now),
            may_set=self.may(request, Action.PROVIDERS_MANAGE),
            may_reset=self.may(request, Action.GUESTS_RESET),
            list_query=f"method={Method.MICROSOFT_ACCOUNT.value}",
        )


def _found() -> QuerySet[Guest]:
    return Guest.objects.filter(method=Method.MICROSOFT_ACCOUNT.value, deleted_at__isnull=True)


def _switched(is_enabled: bool) -> Change:
    return lambda facts: replace(facts, is_microsoft_account_enabled=is_enabled)
