"""What a change of the settings would mean for guests who have not redeemed (R31, R62).

Knows how the newest of them would redeem before and after, by the one decision, without a statement for each and
without a look-up. It must never read them all, and says how many it looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import F

from guests.models import Guest, Status
from providers.rules import METHOD_LABELS, Answer, Decision, Method, Order, PasscodeState, SignInFacts, decide
from providers.surveying import gather_many, seen_accounts, with_account_seen
from tenants.addresses import shown_domain

LOOKED_AT: Final = 2000
"""Pending guests that are decided before and after, the newest. Reading them takes one index and no sorting."""

MOST: Final = 10_000
"""A count goes no further."""

NAMED: Final = 10
"""Guests that are named before they are only counted."""

NO_WAY_IN: Final = METHOD_LABELS[Method.NONE]
"""What stands for whom a change, and a reset after it, would leave without one."""

SHOWN: Final = 20
"""Domains whose guests would redeem otherwise that are named, those with the most."""

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
class Place:
    """A domain, and how many guests of it are meant."""

    domain: str
    guests: int

    @property
    def shown(self) -> str:
        return shown_domain(self.domain)


@dataclass(frozen=True)
class Outlook:
    """Pending guests before and after. `looked_at` of `pending` were decided, `changed` of them otherwise.

    `stranded` would meet no method any more, who would meet one now; `failing` are those and who would have to make a
    Microsoft account first, who need none now; `creating` are these alone. `domains` is how many domains are in
    question, where only their guests are looked at and counted; else 0. For the domains of `unknown` nobody has asked
    Entra ID yet. `changed_at` is where those who redeem otherwise are, `more_domains` how many domains it leaves out.
    """

    pending: int
    looked_at: int
    domains: int
    lines: list[Line]
    changed: int
    stranded: int
    failing: int
    creating: int
    unknown: int
    named: list[Shift]
    changed_at: list[Place]
    more_domains: int

    @property
    def is_all(self) -> bool:
        return self.pending <= self.looked_at

    @property
    def is_shutting_out(self) -> bool:
        """Whether somebody would not get in as they are who would now: a command waits for --yes."""
        return bool(self.stranded or self.failing)

    @property
    def pending_shown(self) -> str:
        return counted(self.pending)


class _Kind(NamedTuple):
    """What decides for a guest who has not redeemed: facts hang on these alone."""

    domain: str
    is_seen: bool


def outlook(*, change: Change, now: datetime, domains: Collection[str] | None = None) -> Outlook:
    """The newest pending guests, decided as the settings are and as `change` makes them; of `domains` alone if given.

    Ten statements, however many guests there are.
    """
    pending = Guest.objects.filter(redemption_status=Status.PENDING, deleted_at__isnull=True)
    if domains is not None:
        pending = pending.filter(domain__in=sorted(set(domains)))
    count = pending.order_by()[: MOST + 1].count()
    rows = pending.order_by("-created_at", "id")
    if domains is not None and count <= MOST:
        # Not the index's own order: PostgreSQL would walk through all pending guests for a few at some domains.
        rows = pending.order_by((F("created_at") + timedelta(0)).desc(), "id")
    kinds = _kinds(rows.values_list("pk", "domain", "address_key")[:LOOKED_AT])
    facts = gather_many(domains={kind.domain for kind in kinds.values()}, now=now)
    before, after, changed_at = Counter[str](), Counter[str](), Counter[str]()
    words: dict[_Kind, tuple[str, str]] = {}
    stranded = failing = creating = unknown = 0
    for kind, guests in Counter(kinds.values()).items():
        facts_now, facts_then = _facts(facts, kind), _facts(facts, kind, change)
        now_, then = decide(facts_now), decide(facts_then)
        words[kind] = in_words(now_, facts_now), in_words(then, facts_then)
        before[words[kind][0]] += guests
        after[words[kind][1]] += guests
        if words[kind][0] != words[kind][1]:
            changed_at[kind.domain] += guests
        if _is_stuck(then, facts_then) and not _is_stuck(now_, facts_now):
            stranded += guests
        if then.method in TO_MAKE_FIRST and now_.method not in TO_MAKE_FIRST:
            failing += guests
            creating += 0 if _is_stuck(then, facts_then) else guests
        if facts_now.entra_id.answer is Answer.UNKNOWN:
            unknown += guests
    others = [key for key, kind in kinds.items() if words[kind][0] != words[kind][1]]
    first = Guest.objects.in_bulk(others[:NAMED])
    return Outlook(
        pending=count,
        looked_at=len(kinds),
        domains=len(domains or ()),
        lines=[
            Line(method, before[method], after[method])
            for method, _ in sorted((before + after).items(), key=lambda one: (-one[1], one[0]))
        ],
        changed=len(others),
        stranded=stranded,
        failing=failing,
        creating=creating,
        unknown=unknown,
        named=[Shift(first[key], *words[kinds[key]]) for key in others[:NAMED] if key in first],
        changed_at=[Place(*one) for one in changed_at.most_common(SHOWN)],
        more_domains=max(len(changed_at) - SHOWN, 0),
    )


def with_passcodes(is_on: bool) -> Change:
    """The facts with the email one-time passcode on, or off."""
    state = PasscodeState.ENABLED if is_on else PasscodeState.DISABLED
    return lambda facts: replace(facts, passcodes=state)


def with_microsoft_account(is_enabled: bool) -> Change:
    """The facts with the Microsoft account enabled, or disabled."""
    return lambda facts: replace(facts, is_microsoft_account_enabled=is_enabled)


def with_order(order: Order) -> Change:
    """The facts with this order in its place: a partner's own order stays over the tenant's."""
    if order.partner_domain:
        return lambda facts: replace(facts, order=order)
    return lambda facts: facts if facts.order.partner_domain else replace(facts, order=order)


def next_methods(guests: Collection[Guest], *, change: Change, now: datetime) -> dict[Any, str]:
    """By guest's id, how they would redeem after `change` and a reset, in words."""
    kinds = _kinds((guest.pk, guest.domain, guest.address_key) for guest in guests)
    facts = gather_many(domains={guest.domain for guest in guests}, now=now)
    then = {key: _facts(facts, kind, change) for key, kind in kinds.items()}
    return {key: in_words(decide(found), found) for key, found in then.items()}


def in_words(decision: Decision, facts: SignInFacts) -> str:
    """A decision in a column's width; a federation by its own name."""
    if decision.choices:
        return " or ".join(METHOD_LABELS[one] for one in decision.choices)
    if _is_stuck(decision, facts):
        return NO_WAY_IN
    if decision.method is Method.FEDERATION and facts.federation is not None:
        return facts.federation.name
    return METHOD_LABELS[decision.method]


def counted(number: int) -> str:
    """A bounded count for people."""
    return f"{MOST:,}+" if number > MOST else f"{number:,}"


def _is_stuck(decision: Decision, facts: SignInFacts) -> bool:
    """Whether nobody gets in so: nothing is left, or a Microsoft account where none can be used (R30-6)."""
    is_dead_end = decision.method is Method.CREATE_MICROSOFT_ACCOUNT and not facts.is_microsoft_account_installed
    return is_dead_end or decision.method is Method.NONE


def _kinds(rows: Iterable[tuple[UUID, str, str]]) -> dict[UUID, _Kind]:
    """By guest's id, in the rows' order: what decides for them. They come by a link, which knows seen accounts."""
    found = list(rows)
    seen = seen_accounts(address_keys=[address_key for _, _, address_key in found])
    return {key: _Kind(domain, address_key in seen) for key, domain, address_key in found}


def _facts(facts: dict[str, SignInFacts], kind: _Kind, change: Change = lambda facts: facts) -> SignInFacts:
    """After the change: no list takes away what was seen."""
    found = change(facts[kind.domain])
    return with_account_seen(found) if kind.is_seen else found
