"""Guests who redeemed in a way that is about to go: how many, the first by name, and their reset by workers (R32, R62).

Knows how such guests are counted without reading them all, and makes the batch that resets them. It must never reset
anybody itself: a request is too short for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from guests.admin.desk import inviter_of
from guests.admin.seen import Sight
from guests.models import Batch, Guest
from guests.operations.batches.choice import Choice
from guests.operations.batches.choosing import reset_many, reset_many_by_mail
from guests.operations.foreseeing import NAMED, NO_WAY_IN, Change, next_methods
from guests.operations.inviting import Inviter
from providers.operations import settings_version
from tenants.audit import Actor
from tenants.doors.admin import BoundedPaginator, TenantModelAdmin, actor, clock
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator, shown_time
from tenants.models import Tenant
from tenants.refusals import Refusal
from tenants.roles import Action

RESET_ALL = "reset_all"
"""The button that has guests reset and changes no setting."""


@dataclass(frozen=True)
class Holder:
    """One guest, and how they would redeem after a reset."""

    guest: Guest
    next_method: str

    @property
    def last_sign_in(self) -> SafeString:
        return shown_time(self.guest.last_sign_in_at, none="Never")


@dataclass(frozen=True)
class Holders:
    """All of them. `blocked` cannot be reset, as no mail leaves to them; `mailed_within` is when all mails are out."""

    count: int
    shown: str
    blocked: int
    named: list[Holder]
    mailed_within: str

    @property
    def able(self) -> int:
        """How many can be reset."""
        return self.count - self.blocked

    @property
    def leads_nowhere(self) -> bool:
        """Whether a reset would leave everybody named without a way in, and so would mail links that lead nowhere."""
        return bool(self.named) and all(one.next_method == NO_WAY_IN for one in self.named)

    @property
    def unnamed(self) -> bool:
        return self.count > len(self.named)


def holders(choice: Choice, *, change: Change, tenant: Tenant, now: datetime) -> Holders:
    """Count and name these guests; `change` is what becomes of the settings before they redeem again."""
    found = choice.found()
    counted = BoundedPaginator(found.order_by("pk"), 1)
    named = _first(choice, counted.count)
    then = next_methods(named, change=change, now=now)
    return Holders(
        count=counted.count,
        shown=counted.count_shown,
        # Among the first only: a count of the blocked would read every one of a million.
        blocked=Guest.objects.filter(
            pk__in=found.order_by()[: BoundedPaginator.MOST].values("pk"), is_blocked=True
        ).count(),
        named=[Holder(guest, then[guest.pk]) for guest in named],
        mailed_within=("more than " if counted.count > counted.MOST else "")
        + mailed_within(tenant, counted.count, now=now),
    )


def _first(choice: Choice, count: int) -> list[Guest]:
    """The first of so many. A piece may be short, or empty, with others behind it: it is of one provider alone."""
    named, key = choice.after("", at_most=NAMED)
    while key and len(named) < min(count, NAMED):
        more, key = choice.after(key, at_most=NAMED - len(named))
        named += more
    return named


def mailed_within(tenant: Tenant, mails: int, *, now: datetime) -> str:
    """How long so many mails take at the tenant's rate for many (R17), behind those that are planned already."""
    waits = max((tenant.bulk_mails_until - now).total_seconds(), 0) if tenant.bulk_mails_until else 0
    minutes = (waits + mails * 3600 / max(tenant.bulk_mails_per_hour, 1)) / 60
    if minutes <= 1:
        return "a minute"
    if minutes < 90:
        return f"{round(minutes + 0.5)} minutes"
    return f"{round(minutes / 60 + 0.5):,} hours" if minutes < 72 * 60 else f"{round(minutes / 1440 + 0.5):,} days"


def reset_sight(choice: Choice, held: Holders) -> Sight:
    """What a page with the button has shown: these guests, so many of them, and the settings they redeem by then."""
    return Sight(f"reset {choice}", settings_version(), (held.count,))


class RemedyForm(forms.Form):
    """What to do with the guests, in the same step (R62)."""

    NONE, RESET = "none", "reset"

    remedy = forms.ChoiceField(
        choices=[(NONE, "Leave them as they are"), (RESET, "Reset them")],
        required=False,
        error_messages={"invalid_choice": "Choose whether to reset the guests or to leave them as they are."},
    )

    @property
    def resets(self) -> bool:
        return bool(self.cleaned_data["remedy"] == self.RESET)


class Doing(TypedDict):
    """Who has guests reset, as operations take it."""

    tenant: Tenant
    inviter: Inviter
    actor: Actor
    now: datetime


class RemedyPages(TenantModelAdmin):
    """The part of an admin that has such guests reset."""

    def check_remedy(self, request: HttpRequest, form: RemedyForm) -> None:
        """Before anything is changed: a remedy that the roles do not allow. Raises PermissionDenied."""
        if form.resets:
            self.check_reset(request)

    def check_reset(self, request: HttpRequest) -> None:
        """Raises PermissionDenied for who may not reset guests."""
        if not self.may(request, Action.GUESTS_RESET):
            raise PermissionDenied

    def doing(self, request: HttpRequest) -> Doing:
        """For the operation that has guests reset."""
        return {
            "tenant": tenant_of(request),
            "inviter": inviter_of(request),
            "actor": actor(request),
            "now": clock(),
        }

    def start_resets(
        self, request: HttpRequest, choice: Choice, *, is_mailed: bool = True, shown_version: str = ""
    ) -> Batch | None:
        """Have workers reset these guests, and say where their progress is seen; None, and why, where it is refused."""
        self.check_reset(request)
        outcome = (reset_many_by_mail if is_mailed else reset_many)(
            choice=choice, shown_version=shown_version, **self.doing(request)
        )
        if isinstance(outcome, Refusal):
            self.message_user(request, for_administrator(outcome), messages.WARNING)
            return None
        self.watch(request, outcome)
        return outcome

    def reset_shown(
        self, request: HttpRequest, choice: Choice, sight: Sight, *, page: HttpResponseBase
    ) -> HttpResponseBase | None:
        """Have these guests reset if that is what the page has shown, else None. `page` is next where it is refused."""
        self.check_reset(request)
        if not sight.was_shown(request):
            return None
        batch = self.start_resets(request, choice, shown_version=sight.version)
        return redirect(progress_url(batch)) if batch else page

    def watch(self, request: HttpRequest, batch: Batch) -> HttpResponseBase:
        """Say that the guests are being reset, and go to where that is seen."""
        said = 'The guests are being reset, one after another. <a href="{}">Watch how far it is</a>'
        self.message_user(request, format_html(said, progress_url(batch)))
        return redirect(progress_url(batch))


def progress_url(batch: Batch) -> str:
    """The page that shows how far a batch is."""
    return reverse("admin:guests_batch_change", args=[batch.pk])
