"""The portal's page on the Microsoft account: on or off, and what becomes of the guests who have one (R3, R32).

Knows that turning it off touches nobody who has redeemed, and offers their migration in the same step. It never
resets anybody whom the administrator's roles do not let them reset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from guests.admin.holders import RESET_ALL, Holders, RemedyForm, RemedyPages, holders
from guests.admin.seen import Sight
from guests.models import Batch
from guests.operations.foreseeing import Outlook, outlook, with_microsoft_account
from guests.operations.remedying import WITH_MICROSOFT_ACCOUNT, disable_microsoft_account_and_reset
from providers.connections import is_installed
from providers.kinds import BY_ID
from providers.models import RedemptionPolicy
from providers.operations import disable_microsoft_account, enable_microsoft_account, settings_version
from providers.rules import Method
from tenants.doors.admin import actor, clock
from tenants.doors.desk import tenant_of
from tenants.roles import Action

PAGE = "admin:guests_microsoft_account"


class MicrosoftAccountForm(RemedyForm):
    """Yes or No, and what to do with the guests who have one."""

    is_enabled = forms.ChoiceField(
        choices=[("yes", "Yes"), ("no", "No")],
        error_messages={"required": "Choose Yes or No.", "invalid_choice": "Choose Yes or No."},
    )


class MicrosoftAccountPage(RemedyPages):
    """The part of the redemption order's admin about the Microsoft account."""

    def microsoft_account_page(self, request: HttpRequest) -> HttpResponseBase:
        """Yes, No, Save, with the impact above it; and the reset of those who have one."""
        policy = RedemptionPolicy.objects.first() or RedemptionPolicy()
        is_on = policy.is_microsoft_account_enabled
        form = MicrosoftAccountForm(
            request.POST if request.method == "POST" else None, initial={"is_enabled": "yes" if is_on else "no"}
        )
        impact = _Impact.of(request, not is_on, clock())
        if RESET_ALL in request.POST:
            return self._reset_holders(request, form, is_on, impact)
        if request.method == "POST":
            if not self.may(request, Action.PROVIDERS_MANAGE):
                raise PermissionDenied
            if form.is_valid():
                self.check_remedy(request, form)
                wanted = form.cleaned_data["is_enabled"] == "yes"
                shown = None if wanted is is_on else impact.sight
                if shown is None or shown.was_shown(request):
                    answer = self._switch(request, form, wanted, shown)
                    if answer is not None:
                        return answer
        return self._show_microsoft_account(request, form, is_on, impact)

    def _reset_holders(
        self, request: HttpRequest, form: MicrosoftAccountForm, is_on: bool, impact: _Impact
    ) -> HttpResponseBase:
        """Have those reset who still have one after No; the page again where that was not shown."""
        self.check_reset(request)
        answer = None
        if not is_on:
            answer = self.reset_shown(request, WITH_MICROSOFT_ACCOUNT, impact.sight, page=redirect(PAGE))
        unbound = MicrosoftAccountForm(initial=form.initial)
        return answer or self._show_microsoft_account(request, unbound, is_on, impact, is_reset_asked=True)

    def _switch(
        self, request: HttpRequest, form: MicrosoftAccountForm, wanted: bool, shown: Sight | None
    ) -> HttpResponseBase | None:
        """The next page, or None where it was refused, with the reason on the form.

        What changes nothing has shown nothing: nobody is reset with it.
        """
        version = shown.version if shown else ""
        if wanted:
            outcome: object = enable_microsoft_account(actor=actor(request), now=clock(), shown_version=version)
        elif shown and form.resets:
            outcome = disable_microsoft_account_and_reset(shown_version=version, **self.doing(request))
        else:
            outcome = disable_microsoft_account(actor=actor(request), now=clock(), shown_version=version)
        if self.refused(outcome, form):
            return None
        said = "The Microsoft account is disabled for new redemptions."
        self.message_user(request, "Guests can redeem with a Microsoft account." if wanted else said)
        return self.watch(request, outcome) if isinstance(outcome, Batch) else redirect(PAGE)

    def _show_microsoft_account(
        self,
        request: HttpRequest,
        form: MicrosoftAccountForm,
        is_on: bool,
        impact: _Impact,
        *,
        is_reset_asked: bool = False,
    ) -> HttpResponseBase:
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
            holders=impact.holders,
            outlook=impact.outlook,
            seen=impact.sight.key,
            is_asked_again=form.is_bound and not form.errors,
            is_reset_asked=is_reset_asked,
            may_set=self.may(request, Action.PROVIDERS_MANAGE),
            may_reset=self.may(request, Action.GUESTS_RESET),
            list_query=f"method={Method.MICROSOFT_ACCOUNT.value}",
        )


@dataclass(frozen=True)
class _Impact:
    """Who has one, and what becomes of pending guests after the switch is turned."""

    holders: Holders
    outlook: Outlook
    sight: Sight

    @classmethod
    def of(cls, request: HttpRequest, is_wanted: bool, now: datetime) -> _Impact:
        held = holders(WITH_MICROSOFT_ACCOUNT, change=with_microsoft_account(False), tenant=tenant_of(request), now=now)
        then = outlook(change=with_microsoft_account(is_wanted), now=now)
        sight = Sight(f"Microsoft account {is_wanted}", settings_version(), (held.count, then.changed))
        return cls(held, then, sight)
