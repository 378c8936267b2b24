"""What somebody should look at now, in the first page's "Needs you".

Knows what counts as such, and the page where it is mended. It must never list what the roles do not open, nor count
guests: their numbers come from guests/operations/figures.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format

from config.dashboard.charts import shown
from config.dashboard.lists import Lists
from guests.models import Batch, BatchKind, BatchState
from guests.operations.batches.leave import action_for
from guests.operations.figures import BOUNCED, FAILED, PENDING, WAITING, Figures, day_of
from providers.models import IdentityProvider
from tenants.roles import Action

SOON = timedelta(days=30)
"""How long before its last certificate ends a provider is named: time to get new metadata from a partner."""

MOST_BATCHES = 5

IDLE = {BatchState.CHECKED: "is checked and not started.", BatchState.UNREADABLE: "cannot be read."}
"""What is said of bulk work that waits for somebody. One that stopped says why itself."""


@dataclass(frozen=True)
class Need:
    """One sentence, part of which is a link, and what can be done about it at once."""

    text: str
    url: str
    after: str
    before: str = ""
    deed: str = ""
    deed_url: str = ""


def needs_of(
    may: Callable[[str], bool], *, lists: Lists, figures: Figures, providers: list[IdentityProvider], now: datetime
) -> tuple[Need, ...]:
    """What these roles can see to, the oldest trouble first."""
    return (
        *_invitations(may, lists, figures),
        *_waiting(may, lists, figures),
        *_certificates(may, providers, now),
        *_mails(may, lists, figures, now),
        *_batches(may),
    )


def _invitations(may: Callable[[str], bool], lists: Lists, figures: Figures) -> Iterator[Need]:
    old = figures.as_it_is(PENDING).get("older", 0)
    if not old or not may(Action.GUESTS_VIEW):
        return
    text, have = ("1 invitation", "has") if old == 1 else (f"{shown(old)} invitations", "have")
    is_reminding = may(Action.GUESTS_INVITE_MANY)
    yield Need(
        text,
        lists.invitations(age="older"),
        f"{have} waited for more than 30 days.",
        deed=("Remind them" if old > 1 else "Remind the guest") if is_reminding else "",
        deed_url=f"{reverse('admin:guests_remind')}?days=30" if is_reminding else "",
    )


def _waiting(may: Callable[[str], bool], lists: Lists, figures: Figures) -> Iterator[Need]:
    count = figures.now.get(WAITING, 0)
    if count and may(Action.GUESTS_VIEW):
        text, wait = ("1 guest", "waits") if count == 1 else (f"{shown(count)} guests", "wait")
        after = f"{wait} for a reset: the provider they signed in with was removed."
        yield Need(text, lists.guests(waiting="yes"), after)


def _certificates(may: Callable[[str], bool], providers: list[IdentityProvider], now: datetime) -> Iterator[Need]:
    if not may(Action.PROVIDERS_VIEW):
        return
    for provider in providers:
        ends_at = provider.certificates_end_at
        if not provider.is_enabled or ends_at is None or ends_at >= now + SOON:
            continue
        url = reverse("admin:providers_identityprovider_change", args=[provider.pk])
        left = (ends_at - now).days
        when = f"expires in {left} days" if left > 1 else f"expires on {date_format(ends_at, 'j F')}"
        yield Need(provider.name, url, f"{when if ends_at > now else 'has expired'}.", before="The certificate of")


def _mails(may: Callable[[str], bool], lists: Lists, figures: Figures, now: datetime) -> Iterator[Need]:
    if not may(Action.MAIL_VIEW):
        return
    days = (day_of(now), day_of(now) - timedelta(days=1))
    bad = sum(figures.mail.get(day, {}).get(name, 0) for day in days for name in (BOUNCED, FAILED))
    if bad:
        text = "1 email" if bad == 1 else f"{shown(bad)} emails"
        yield Need(text, lists.mails_not_sent_since(min(days)), "bounced or failed since yesterday.")


def _batches(may: Callable[[str], bool]) -> Iterator[Need]:
    kinds = [kind for kind in BatchKind if may(action_for(kind))]
    if not kinds:
        return
    is_stopped = Q(state=BatchState.PAUSED) & ~Q(problem="")
    idle = Batch.objects.filter(is_stopped | Q(state__in=IDLE), kind__in=kinds)
    for batch in idle.order_by("-created_at", "id")[:MOST_BATCHES]:
        said = IDLE.get(BatchState(batch.state)) or f"stopped: {batch.problem[:1].lower()}{batch.problem[1:]}"
        if batch.state == BatchState.UNREADABLE and batch.kind != BatchKind.INVITATIONS:
            said = "stopped before it began."  # there is no file that could be read
        yield Need(batch.name, reverse("admin:guests_batch_change", args=[batch.pk]), said)
