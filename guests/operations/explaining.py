"""Explaining: which method an address would meet, and why, without anybody signing in (R60)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from guests.models import Guest
from guests.rules import is_domain_taken
from providers.discovery import gather_facts
from providers.rules import Alternative, Decision, SignInFacts, Verdict, decide, headline, what_would_change_it
from tenants.addresses import Address
from tenants.models import Tenant


@dataclass(frozen=True)
class Explanation:
    """The decision for one address. `guest` is None for a stranger; `obstacles` are what else to know of their way."""

    address: Address
    guest: Guest | None
    facts: SignInFacts
    decision: Decision
    alternatives: tuple[Alternative, ...]
    obstacles: tuple[str, ...]


def explain_sign_in(*, tenant: Tenant, address: Address, now: datetime) -> Explanation:
    """The method and every rule that was looked at, for a guest, a pending guest or a stranger. Changes nothing."""
    guest = Guest.objects.filter(address_key=address.key, deleted_at=None).first()
    facts = gather_facts(
        address=address,
        bound=guest.bound_method if guest else None,
        bound_provider_id=guest.method_provider_id if guest else None,
        now=now,
    )
    decision = decide(facts)
    return Explanation(
        address=address,
        guest=guest,
        facts=facts,
        decision=decision,
        alternatives=tuple(what_would_change_it(facts)),
        obstacles=(*_obstacles(tenant, address, guest), *_by_link(address, guest, decision, now)),
    )


def _by_link(address: Address, guest: Guest | None, typed: Decision, now: datetime) -> list[str]:
    """What the holder of the invitation's link meets instead, who may be told what was seen of the address (R19)."""
    if guest is None or guest.has_accepted:
        return []
    found = decide(gather_facts(address=address, bound=None, is_link_held=True, now=now))
    if (found.method, found.choices) == (typed.method, typed.choices):
        return []
    used = (one.sentence for one in found.reasons if one.verdict is Verdict.USED)
    known = next(used, found.reasons[-1].sentence)
    return [f"By the link of the invitation: {headline(found)}. {known} Who only types the address is not told (R19)."]


def _obstacles(tenant: Tenant, address: Address, guest: Guest | None) -> list[str]:
    found = []
    if guest is None:
        found.append("Nobody invited this address: no code is sent to it, and its pages look like everybody's (R19).")
    elif guest.is_blocked:
        found.append("Sign-in is blocked for this guest.")
    if (guest is None or not guest.has_accepted) and not is_domain_taken(
        address.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains
    ):
        found.append(f"This tenant does not take guests from {address.domain} (R53).")
    return found
