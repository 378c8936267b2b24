"""The page of the email one-time passcode: Yes, No, and what either would mean before Save (R4-R6, R61, R62).

Knows who is locked out, whose session ends, which pending guests would not get in, and offers the reset in the same
step; while codes are off, that of those who are left. It never resets anybody whom the administrator's roles do not
let them reset.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from guests.admin.holders import RESET_ALL, Holders, RemedyForm, RemedyPages, holders, reset_sight
from guests.admin.seen import Sight
from guests.models import Batch, Guest, GuestSession
from guests.operations.foreseeing import Outlook, next_methods, outlook, with_passcodes
from guests.operations.remedying import WITH_PASSCODE, turn_off_passcodes_and_reset
from passcodes.models import Challenge
from providers.connections import is_installed
from providers.forms import EmailPasscodeForm
from providers.kinds import BY_ID
from providers.models import EmailPasscodePolicy
from providers.operations import set_email_passcode, settings_version
from providers.rules import Method, PasscodeState
from tenants.doors.admin import BoundedPaginator, actor, clock
from tenants.doors.desk import tenant_of
from tenants.exporting import stream_csv
from tenants.roles import Action

PAGE = "admin:providers_email_passcode"
AT_ONCE = 500
"""Guests that the download reads in one go."""


@dataclass(frozen=True)
class Impact:
    """What one answer would mean. Counts are at most 10,000+, as `*_shown` says them."""

    holders: Holders
    outlook: Outlook
    sessions: int
    sessions_shown: str
    codes_shown: str
    codes: int
    sight: Sight


class PasscodePage(RemedyPages):
    """The part of the redemption order's admin about the passcode's switch."""

    def email_passcode_page(self, request: HttpRequest) -> HttpResponseBase:
        """GET shows what is stored; the first Save shows what the answer would mean, the second one stores it."""
        may_set = self.may(request, Action.PASSCODES_SET_POLICY)
        policy = EmailPasscodePolicy.objects.first()
        stored = policy.passcode_state if policy else PasscodeState.DEFAULT
        form = EmailPasscodeForm(initial={"is_on": EmailPasscodeForm.YES if stored.is_on else EmailPasscodeForm.NO})
        if RESET_ALL in request.POST:
            return self._reset_locked_out(request, form, stored)
        remedy, impact, is_asked = RemedyForm(), None, False
        if request.method == "POST":
            if not may_set:
                raise PermissionDenied
            form, remedy = EmailPasscodeForm(request.POST), RemedyForm(request.POST)
            if form.is_valid() and remedy.is_valid():
                self.check_remedy(request, remedy)
                wanted = form.state()
                impact = _impact(request, wanted.is_on, clock())
                shown = None if wanted.is_on is stored.is_on else impact.sight
                is_asked = shown is not None and not shown.was_shown(request)
                if not is_asked:
                    answer = self._store_passcode(request, form, remedy, shown)
                    if answer is not None:
                        return answer
        return self._show_passcode(
            request, form, remedy, stored, impact or _impact(request, not stored.is_on, clock()), is_asked=is_asked
        )

    def locked_out_csv(self, request: HttpRequest) -> HttpResponseBase:
        """Who redeemed with a passcode, with what they would redeem with after No and a reset."""
        return stream_csv(
            tenant_id=tenant_of(request).id,
            filename="guests-with-a-passcode.csv",
            header=("id", "name", "address", "last sign-in", "after a reset"),
            rows=lambda: _lines(clock()),
        )

    def _store_passcode(
        self, request: HttpRequest, form: EmailPasscodeForm, remedy: RemedyForm, shown: Sight | None
    ) -> HttpResponseBase | None:
        """The next page, or None where it was refused, with the reason on the form.

        What changes nothing has shown nothing: nobody is reset with it.
        """
        state = form.state()
        if shown and remedy.resets and not state.is_on:
            outcome: object = turn_off_passcodes_and_reset(shown_version=shown.version, **self.doing(request))
        else:
            version = shown.version if shown else ""
            outcome = set_email_passcode(state=state, actor=actor(request), now=clock(), shown_version=version)
        if self.refused(outcome, form):
            return None
        self.message_user(request, f"Email one-time passcode for guests is {'on' if state.is_on else 'off'}.")
        return self.watch(request, outcome) if isinstance(outcome, Batch) else redirect(PAGE)

    def _reset_locked_out(
        self, request: HttpRequest, form: EmailPasscodeForm, stored: PasscodeState
    ) -> HttpResponseBase:
        """Have those reset who wait while codes are off; the page again where that was not shown."""
        impact = _impact(request, not stored.is_on, clock())
        sight = reset_sight(WITH_PASSCODE, impact.holders)
        answer = self.reset_shown(request, WITH_PASSCODE, sight, page=redirect(PAGE)) if not stored.is_on else None
        return answer or self._show_passcode(
            request, form, RemedyForm(), stored, impact, is_asked=False, is_reset_asked=True
        )

    def _show_passcode(
        self,
        request: HttpRequest,
        form: EmailPasscodeForm,
        remedy: forms.Form,
        stored: PasscodeState,
        impact: Impact,
        *,
        is_asked: bool,
        is_reset_asked: bool = False,
    ) -> HttpResponseBase:
        may_reset = self.may(request, Action.GUESTS_RESET)
        suggested = RemedyForm.RESET if may_reset and not impact.holders.leads_nowhere else RemedyForm.NONE
        is_reset_offered = not stored.is_on and not is_asked and impact.holders.count > 0
        return self.page(
            request,
            "admin/guests/email_passcode.html",
            title="Email one-time passcode",
            form=form,
            errors={**form.errors, **remedy.errors} if form.is_bound else {},
            may_set=self.may(request, Action.PASSCODES_SET_POLICY),
            may_reset=may_reset,
            is_on=stored.is_on,
            is_default=stored is PasscodeState.DEFAULT,
            is_last=not is_installed(BY_ID[Method.MICROSOFT_ACCOUNT]),
            is_asked=is_asked,
            is_reset_asked=is_reset_asked,
            reset_seen=reset_sight(WITH_PASSCODE, impact.holders).key if is_reset_offered else "",
            answer=form["is_on"].value(),
            remedy=remedy["remedy"].value() or suggested,
            impact=impact,
            holders=impact.holders,
            outlook=impact.outlook,
            list_query=f"method={Method.PASSCODE.value}",
        )


def _impact(request: HttpRequest, is_on: bool, now: datetime) -> Impact:
    """What turning it on, or off, would mean now. Bounded counts: the same few statements for any number of guests."""
    held = holders(WITH_PASSCODE, change=with_passcodes(False), tenant=tenant_of(request), now=now)
    then = outlook(change=with_passcodes(is_on), now=now)
    live = GuestSession.objects.filter(ended_at__isnull=True, expires_at__gt=now, method=Method.PASSCODE.value)
    sessions = BoundedPaginator(live.order_by("pk"), 1)
    codes = BoundedPaginator(Challenge.objects.live().filter(is_decoy=False).order_by("pk"), 1)
    counts = (held.count, sessions.count, then.changed, then.failing)
    return Impact(
        holders=held,
        outlook=then,
        sessions=sessions.count,
        sessions_shown=sessions.count_shown,
        codes=codes.count,
        codes_shown=codes.count_shown,
        sight=Sight(f"passcode {is_on}", settings_version(), counts),
    )


def _lines(now: datetime) -> Iterator[Sequence[object]]:
    return chain.from_iterable(_pieces(now))


def _pieces(now: datetime) -> Iterator[list[Sequence[object]]]:
    key, is_more = "", True
    while is_more:
        guests, key = WITH_PASSCODE.after(key, at_most=AT_ONCE)
        then = next_methods(guests, change=with_passcodes(False), now=now)
        yield [_line(one, then[one.pk]) for one in guests]
        is_more = bool(key)


def _line(guest: Guest, then: str) -> Sequence[object]:
    return guest.pk, guest.name, guest.address, guest.last_sign_in_at, then
