"""Guests who redeemed in a way that is about to go: how many, the first by name, and their reset in batches (R32, R62).

Knows how such guests are counted without reading them all, and resets them one operation each. It must never reset
more in one request than an administrator can wait for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from guests.admin.desk import inviter_of
from guests.admin.outlook import NAMED, Change, next_methods
from guests.admin.resetting import MOST
from guests.models import Guest
from guests.operations.resetting import reset_redemption_among_many
from tenants.doors.admin import BoundedPaginator, TenantModelAdmin, actor
from tenants.doors.desk import tenant_of
from tenants.doors.words import for_administrator, shown_time
from tenants.refusals import Code, Refusal
from tenants.roles import Action

log = logging.getLogger(__name__)


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
    """All of them. `batch` is how many one request resets; `blocked` cannot be, as no mail leaves to them."""

    count: int
    shown: str
    blocked: int
    batch: int
    named: list[Holder]

    @property
    def is_more(self) -> bool:
        """Whether one batch does not reset them all."""
        return self.count - self.blocked > self.batch

    @property
    def unnamed(self) -> bool:
        return self.count > len(self.named)


@dataclass
class Batch:
    """What became of one batch: how many were reset, who was refused and why, and the refusal that ended it early."""

    done: int = 0
    refused: list[tuple[Guest, str]] = field(default_factory=list)
    stopped: str = ""


def holders(found: QuerySet[Guest], *, change: Change, now: datetime) -> Holders:
    """Count and name these guests; `change` is what becomes of the settings before they redeem again."""
    counted = BoundedPaginator(found.order_by("pk"), 1)
    named = list(found.order_by("-created_at", "id")[:NAMED])
    then = next_methods(named, change=change, now=now)
    able = found.filter(is_blocked=False).order_by()[:MOST].count()
    return Holders(
        count=counted.count,
        shown=counted.count_shown,
        # Among the first only: a count of the blocked would read every one of a million.
        blocked=Guest.objects.filter(
            pk__in=found.order_by()[: BoundedPaginator.MOST].values("pk"), is_blocked=True
        ).count(),
        batch=able,
        named=[Holder(guest, then[guest.pk]) for guest in named],
    )


class RemedyForm(forms.Form):
    """What to do with the guests, in the same step (R62)."""

    NONE, RESET = "none", "reset"

    remedy = forms.ChoiceField(choices=[(NONE, "Leave them as they are"), (RESET, "Reset them")], required=False)

    @property
    def resets(self) -> bool:
        return bool(self.cleaned_data["remedy"] == self.RESET)


class BatchPages(TenantModelAdmin):
    """The part of an admin that resets such guests."""

    def check_remedy(self, request: HttpRequest, form: RemedyForm) -> None:
        """Before anything is changed: a remedy that the roles do not allow. Raises PermissionDenied."""
        if form.resets and not self.may(request, Action.GUESTS_RESET):
            raise PermissionDenied

    def reset_batch(self, request: HttpRequest, found: QuerySet[Guest], now: datetime) -> None:
        """Reset the first of these guests, and say what was done and what is left."""
        if not self.may(request, Action.GUESTS_RESET):
            raise PermissionDenied
        batch = _reset(request, found, now)
        left = BoundedPaginator(found.order_by("pk"), 1)
        is_partly = bool(batch.stopped or batch.refused)
        self.message_user(request, _told(batch, left), messages.WARNING if is_partly else messages.SUCCESS)


def _reset(request: HttpRequest, found: QuerySet[Guest], now: datetime) -> Batch:
    """Reset the first of them, at most 100, one operation each; what was done before something fails stays done."""
    batch = Batch()
    for guest in list(found.filter(is_blocked=False).order_by("-created_at", "id")[:MOST]):
        try:
            outcome = reset_redemption_among_many(
                tenant=tenant_of(request),
                guest_id=guest.pk,
                inviter=inviter_of(request),
                actor=actor(request),
                now=now,
            )
        except DatabaseError:
            log.exception("a batch of resets ended early")
            batch.stopped = "The database did not answer then, so nothing was done to the rest. Try again."
            break
        if not isinstance(outcome, Refusal):
            batch.done += 1
        elif outcome.code is Code.WAIT:  # all that follow would be refused alike
            batch.stopped = for_administrator(outcome)
            break
        else:
            batch.refused.append((guest, for_administrator(outcome)))
    return batch


def _told(batch: Batch, left: BoundedPaginator) -> str:
    """What was done and what remains, in a sentence or two."""
    words = [f"{batch.done} guest{' is' if batch.done == 1 else 's are'} reset."]
    if batch.done:
        words.append("The new invitations are on their way.")
    if batch.refused:
        guest, why = batch.refused[0]
        others = f" and {len(batch.refused) - 1} more" if len(batch.refused) > 1 else ""
        words.append(f"{guest}{others} could not be reset: {why}")
    if batch.stopped:
        words.append(batch.stopped)
    if left.count:
        words.append(f"{left.count_shown} {'is' if left.count == 1 else 'are'} left.")
    return " ".join(words)
