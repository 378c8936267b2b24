"""What the first page says about a tenant over a period, each number with the list that makes it.

Knows which figures stand in which picture, and the sentence over it. It counts nothing that has no bound: sums over
many rows come from guests/operations/figures.py. A part that the roles do not allow is None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.formats import date_format

from config.dashboard import charts
from config.dashboard.charts import Bars, Columns, Count, Funnel
from config.dashboard.lists import Lists
from config.dashboard.needs import Need, needs_of
from guests.models import Guest
from guests.models.steps import CODE_SENT, INVITED, OPENED, REDEEMED
from guests.operations.figures import (
    BOUNCED,
    COHORT,
    DELIVERED,
    FAILED,
    HANDED_OVER,
    METHOD,
    PENDING,
    PERIODS,
    PROVIDER,
    REFUSED,
    SIGNED_IN,
    Figures,
    day_of,
    figures_of,
    first_day,
)
from outbox.models import OutboundMail
from providers.models import IdentityProvider
from providers.rules import METHOD_LABELS, Method
from tenants.catalogue import CATALOGUE
from tenants.models import AuditEntry
from tenants.refusals import Code
from tenants.roles import Action

USUAL = 30
LATELY = 6
MOST_PROVIDERS = 200
A_FEW = 5
"""Guests from whose number on the funnel says where most are lost."""

STEPS = {INVITED: "Invited", OPENED: "Opened the link", CODE_SENT: "Code sent", REDEEMED: "Redeemed"}
LOST_AT = {
    OPENED: "between the email and the link",
    CODE_SENT: "between the link and the code",
    REDEEMED: "between the code and the consent",
}
AGE_NAMES = {"day": "Up to a day", "week": "Up to a week", "month": "Up to 30 days", "older": "Older"}


@dataclass(frozen=True)
class Drawn:
    """A picture with the sentence over it; no picture where there is nothing to draw."""

    says: str
    picture: Bars | None = None
    under: Count | None = None


@dataclass(frozen=True)
class FunnelPart:
    """How far those came who were first invited in the period."""

    says: str
    picture: Funnel | None


@dataclass(frozen=True)
class MailPart:
    """The mail of the period. `waiting` is counted while one waits, to 10,000."""

    counts: tuple[Count, ...]
    waiting: str
    waiting_url: str
    median: str
    picture: Columns | None


@dataclass(frozen=True)
class RefusalsPart:
    """Why people did not get in: (code, what it means, how often)."""

    says: str
    rows: tuple[tuple[Code, Count], ...]


@dataclass(frozen=True)
class Overview:
    """What the first page shows."""

    days: int
    periods: tuple[int, ...]
    first: date
    last: date
    as_of: datetime | None
    history_days: int | None
    """How many days the history goes back, where that is less than the period; who may not read it is not told."""
    is_new: bool
    may_see_ways_in: bool
    may_change_settings: bool
    needs: tuple[Need, ...]
    funnel: FunnelPart | None
    methods: Drawn | None
    ages: Drawn | None
    mail: MailPart | None
    refusals: RefusalsPart | None
    history: tuple[AuditEntry, ...]


def overview(may: Callable[[str], bool], *, asked_for: str, history_days: int | None, now: datetime) -> Overview:
    """The numbers of the open tenant that these roles may see. `asked_for` is the period as the address has it;
    `history_days` are those for which the tenant keeps its history, None for ever (R64).
    """
    days = next((one for one in PERIODS if str(one) == asked_for), USUAL)
    last = day_of(now)
    first = first_day(days, last)
    is_short = history_days is not None and history_days < days
    kept_from = first_day(history_days, last) if history_days is not None and is_short else None
    figures, lists = figures_of(first=first, last=last), Lists(may, days, first, kept_from)
    providers = list(IdentityProvider.objects.order_by("name")[:MOST_PROVIDERS])
    sees_guests, sees_history = may(Action.GUESTS_VIEW), may(Action.AUDIT_VIEW)
    return Overview(
        days=days,
        periods=PERIODS,
        first=first,
        last=last,
        as_of=figures.as_of,
        history_days=history_days if is_short and sees_history else None,
        is_new=sees_guests and not figures.total(COHORT + INVITED) and not Guest.objects.exists(),
        may_see_ways_in=may(Action.PROVIDERS_VIEW),
        may_change_settings=may(Action.SETTINGS_CHANGE),
        needs=needs_of(may, lists=lists, figures=figures, providers=providers, now=now),
        funnel=_funnel(figures, lists) if sees_guests else None,
        methods=_methods(figures, lists, providers) if sees_guests else None,
        ages=_ages(figures, lists) if sees_guests else None,
        mail=_mail(figures, lists, first=first, days=days) if may(Action.MAIL_VIEW) else None,
        refusals=_refusals(figures, lists) if sees_history else None,
        history=tuple(AuditEntry.objects.order_by("-id")[:LATELY]) if sees_history else (),
    )


def _funnel(figures: Figures, lists: Lists) -> FunnelPart:
    counts = [Count(name, figures.total(COHORT + step), lists.invited(step)) for step, name in STEPS.items()]
    invited, redeemed = counts[0].count, counts[-1].count
    if not invited:
        return FunnelPart("Nobody was invited for the first time in these days.", None)
    lost = [
        Count(step, before.count - here.count, lists.lost(step))
        for step, before, here in zip(LOST_AT, counts, counts[1:], strict=False)
    ]
    most = max(lost, key=lambda one: one.count)
    # Of a handful nothing is "most": they were invited a moment ago.
    where = f" Most are lost {LOST_AT[most.name]}." if most.count and invited >= A_FEW else ""
    guests = "guest" if invited == 1 else "guests"
    says = f"{charts.shown(redeemed)} of {charts.shown(invited)} {guests} redeemed"
    return FunnelPart(f"{says} ({charts.share(redeemed, invited)}).{where}", charts.funnel(counts, lost))


def _methods(figures: Figures, lists: Lists, providers: list[IdentityProvider]) -> Drawn:
    counts = [
        Count(METHOD_LABELS[Method(method)], count, lists.guests(method=method))
        for method, count in figures.as_it_is(METHOD).items()
        if method in list(Method)
    ]
    names = {str(one.pk): one.name for one in providers}
    federated = figures.as_it_is(PROVIDER)
    counts += [Count(names[key], count, lists.guests(provider=key)) for key, count in federated.items() if key in names]
    removed = sum(count for key, count in federated.items() if key not in names)
    if removed:
        counts.append(Count("Removed providers", removed, lists.guests(waiting="yes", method=Method.FEDERATION.value)))
    signed_in = Count("Sign-ins", figures.total(SIGNED_IN), lists.history(action="guest.signed_in", outcome="success"))
    if not counts:
        return Drawn("Nobody has redeemed an invitation yet.", under=signed_in)
    everybody = sum(one.count for one in counts)
    passcode = figures.as_it_is(METHOD).get(Method.PASSCODE.value, 0)
    guests = "guest signs" if everybody == 1 else "guests sign"
    says = f"{charts.shown(passcode)} of {charts.shown(everybody)} {guests} in with a code."
    return Drawn(says, charts.bars(sorted(counts, key=lambda one: (-one.count, one.name))), under=signed_in)


def _ages(figures: Figures, lists: Lists) -> Drawn:
    found = figures.as_it_is(PENDING)
    counts = [Count(name, found.get(age, 0), lists.invitations(age=age)) for age, name in AGE_NAMES.items()]
    return Drawn("", charts.bars(counts)) if found else Drawn("No invitation is waiting to be accepted.")


def _mail(figures: Figures, lists: Lists, *, first: date, days: int) -> MailPart:
    bad = figures.total(BOUNCED) + figures.total(FAILED)
    counts = [Count("Handed over", figures.total(HANDED_OVER), lists.mails(HANDED_OVER))]
    if figures.total(DELIVERED):  # only where the mail provider reports it
        counts.append(Count("Delivered", figures.total(DELIVERED), lists.mails(DELIVERED)))
    counts.append(Count("Bounced or failed", bad, lists.mails_not_sent()))
    waiting = OutboundMail.objects.waiting().order_by()[: charts.MOST + 1].count()
    seconds = figures.median_seconds
    return MailPart(
        counts=tuple(counts),
        waiting=charts.at_most(waiting),
        waiting_url=lists.outbox(state="waiting") if waiting else "",
        median="–" if seconds is None else _duration(seconds),
        picture=_mail_by_day(figures, lists, first=first, days=days) if figures.mail else None,
    )


def _mail_by_day(figures: Figures, lists: Lists, *, first: date, days: int) -> Columns:
    drawn = []
    for day in (first + timedelta(days=n) for n in range(days)):
        told = figures.mail.get(day, {})
        bad = told.get(BOUNCED, 0) + told.get(FAILED, 0)
        drawn.append(
            (
                day,
                Count("Handed over", told.get(HANDED_OVER, 0), lists.mails(HANDED_OVER, day)),
                Count("Bounced or failed", bad, lists.mails_not_sent(day)),
            )
        )
    return charts.columns(drawn, _mail_told(drawn))


def _mail_told(days: list[tuple[date, Count, Count]]) -> str:
    """The picture of the mail in words."""
    least, most = min(good.count for _, good, _ in days), max(good.count for _, good, _ in days)
    range_ = charts.shown(most) if least == most else f"Between {charts.shown(least)} and {charts.shown(most)}"
    bad = [(day, count) for day, _, count in days if count.count]
    said = f"{range_} emails a day were handed over."
    if not bad:
        return f"{said} None bounced or failed."
    worst = sorted(bad, key=lambda one: -one[1].count)[:3]
    on = ", ".join(f"{count.shown} on {date_format(day, 'j F')}" for day, count in worst)
    return f"{said} {charts.shown(sum(count.count for _, count in bad))} bounced or failed: {on}."


def _refusals(figures: Figures, lists: Lists) -> RefusalsPart:
    found = {Code(code): count for code, count in figures.starting(REFUSED).items() if code in list(Code)}
    rows = tuple(
        (code, Count(CATALOGUE[code].administrator.rstrip("."), count, lists.refusals(code.value)))
        for code, count in sorted(found.items(), key=lambda one: (-one[1], one[0]))
    )
    everything = sum(found.values())
    if not everything:
        return RefusalsPart("Nobody was refused in these days.", rows)
    return RefusalsPart(f"{charts.shown(everything)} {'refusal' if everything == 1 else 'refusals'}.", rows)


def _duration(seconds: float) -> str:
    """`1.4 s`, `12 s`, `3 min`, `2 h`."""
    if seconds < 9.95:
        return f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    if seconds < 90:
        return f"{round(seconds)}\N{NO-BREAK SPACE}s"
    if seconds < 5400:
        return f"{round(seconds / 60)}\N{NO-BREAK SPACE}min"
    return f"{round(seconds / 3600)}\N{NO-BREAK SPACE}h"
