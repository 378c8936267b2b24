"""What a change of the settings would mean for guests who have not redeemed (R31, R62).

Knows how the newest of them would redeem before and after, by the one decision, without a statement for each and
without a look-up. It must never read them all: a page says how many it looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from guests.models import Guest, Status
from providers.rules import METHOD_LABELS, Answer, Decision, Method, SignInFacts, decide
from providers.surveying import gather_many
from tenants.doors.admin import BoundedPaginator

LOOKED_AT = 2000
"""Pending guests that are decided before and after, the newest. Reading them takes one index and no sorting."""

NAMED = 10
"""Guests that a page names before it only counts them."""

TO_MAKE_FIRST = (Method.CREATE_MICROSOFT_ACCOUNT, Method.NONE)
"""Decisions with which nobody gets in as they are."""

Change = Callable[[SignInFacts], SignInFacts]


@dataclass(frozen=True)
class Line:
    """One method, and how many of those looked at would redeem with it."""

    method: str
    before: int
    after: int

    @property
    def is_other(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class Shift:
    """A guest who would redeem otherwise, with both methods in words."""

    guest: Guest
    before: str
    after: str


@dataclass(frozen=True)
class Outlook:
    """Pending guests before and after. `looked_at` of `pending_shown` were decided, `changed` of them otherwise.

    `stranded` would meet no method any more, who would meet one now; `failing` are those and who would have to make a
    Microsoft account first, who need none now. `domains` is how many domains are in question,
    where only their guests are counted; else 0. For the domains of `unknown` nobody has asked Entra ID yet.
    """

    pending_shown: str
    looked_at: int
    is_all: bool
    domains: int
    lines: list[Line]
    changed: int
    stranded: int
    failing: int
    unknown: int
    named: list[Shift]
    most: int = LOOKED_AT


def outlook(*, change: Change, now: datetime, domains: Collection[str] | None = None) -> Outlook:
    """The newest pending guests, decided as the settings are and as `change` makes them; of `domains` alone if given.

    Nine statements, however many guests there are.
    """
    pending = Guest.objects.filter(redemption_status=Status.PENDING, deleted_at__isnull=True)
    newest = pending.order_by("-created_at")[:LOOKED_AT]
    looked_at = _counted(newest, domains)
    facts = gather_many(domains=looked_at, now=now)
    before, after = Counter[str](), Counter[str]()
    words: dict[str, tuple[str, str]] = {}
    changed = stranded = failing = unknown = 0
    for domain, guests in looked_at.items():
        facts_then = change(facts[domain])
        now_, then = decide(facts[domain]), decide(facts_then)
        words[domain] = in_words(now_, facts[domain]), in_words(then, facts_then)
        before[words[domain][0]] += guests
        after[words[domain][1]] += guests
        if words[domain][0] != words[domain][1]:
            changed += guests
        if _is_stuck(then, facts_then) and not _is_stuck(now_, facts[domain]):
            stranded += guests
        if then.method in TO_MAKE_FIRST and now_.method not in TO_MAKE_FIRST:
            failing += guests
        if facts[domain].entra_id.answer is Answer.UNKNOWN:
            unknown += guests
    counted = BoundedPaginator(pending.order_by("pk"), 1)
    return Outlook(
        pending_shown=counted.count_shown,
        looked_at=sum(looked_at.values()),
        is_all=counted.count <= LOOKED_AT,
        domains=len(domains or ()),
        lines=[
            Line(method, before[method], after[method])
            for method, _ in sorted((before + after).items(), key=lambda one: (-one[1], one[0]))
        ],
        changed=changed,
        stranded=stranded,
        failing=failing,
        unknown=unknown,
        named=_named(newest, words),
    )


def next_methods(guests: Collection[Guest], *, change: Change, now: datetime) -> dict[Any, str]:
    """By guest's id, how they would redeem after `change` and a reset, in words."""
    facts = gather_many(domains={guest.domain for guest in guests}, now=now)
    then = {domain: change(found) for domain, found in facts.items()}
    return {guest.pk: in_words(decide(then[guest.domain]), then[guest.domain]) for guest in guests}


def in_words(decision: Decision, facts: SignInFacts) -> str:
    """A decision in a column's width; a federation by its own name."""
    if decision.choices:
        return " or ".join(METHOD_LABELS[one] for one in decision.choices)
    if _is_stuck(decision, facts):
        return METHOD_LABELS[Method.NONE]
    if decision.method is Method.FEDERATION and facts.federation is not None:
        return facts.federation.name
    return METHOD_LABELS[decision.method]


def _is_stuck(decision: Decision, facts: SignInFacts) -> bool:
    """Whether nobody gets in so: nothing is left, or a Microsoft account where none can be used (R30-6)."""
    is_dead_end = decision.method is Method.CREATE_MICROSOFT_ACCOUNT and not facts.is_microsoft_account_installed
    return is_dead_end or decision.method is Method.NONE


def _counted(newest: QuerySet[Guest], domains: Collection[str] | None) -> dict[str, int]:
    found = Guest.objects.filter(pk__in=newest.values("pk"))
    if domains is not None:
        found = found.filter(domain__in=domains)
    return dict(found.order_by().values_list("domain").annotate(guests=Count("pk")))


def _named(newest: QuerySet[Guest], words: dict[str, tuple[str, str]]) -> list[Shift]:
    others = [domain for domain, (before, after) in words.items() if before != after]
    if not others:
        return []
    found = Guest.objects.filter(pk__in=newest.values("pk"), domain__in=others).order_by("-created_at", "id")
    return [Shift(guest, *words[guest.domain]) for guest in found[:NAMED]]
