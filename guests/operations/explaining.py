"""Explaining: which method an address would meet, and why, without anybody signing in (R60).

Knows what else stands between a person and a session: a block, the tenant's domains, a link that is gone, a pause after
wrong codes. It must never begin a flow, nor spend anything of R17's budgets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from guests.models import Ended, Guest, Invitation
from guests.operations.deleting import restorable
from guests.operations.inviting import is_gone
from guests.rules import is_domain_taken
from passcodes.limits import is_paused
from providers.discovery import gather_facts
from providers.operations.settings import stored_settings
from providers.rules import (
    Alternative,
    Decision,
    Method,
    Reason,
    Row,
    Setting,
    SignInFacts,
    Verdict,
    decide,
    headline,
    rows_of,
    what_would_change_it,
)
from tenants.addresses import Address
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code

OUTCOMES: Final = {
    Code.BLOCKED.value: "Cannot sign in: sign-in is blocked (E-BLOCKED)",
    Code.DOMAIN.value: "Cannot sign in: the tenant does not take the domain (E-DOMAIN)",
    Code.WAIT.value: "Codes are paused for the address (E-WAIT)",
}
"""What comes of it where something else than the method stands in the way."""

WAYS_BACK: Final = {
    Code.BLOCKED.value: (Setting.BLOCK, "Unblocking the guest"),
    Code.DOMAIN.value: (Setting.GUEST_DOMAINS, "Taking guests from {domain}"),
    Code.WAIT.value: (Setting.PAUSE, "Lifting the pause"),
}
"""What takes each of these away. Another method lets nobody in who is blocked, so it is not offered beside them."""


@dataclass(frozen=True)
class Former:
    """A guest who had the address and is not in the directory any more. `has_left` says that they went themself."""

    guest: Guest
    has_left: bool


@dataclass(frozen=True)
class Explanation:
    """The decision for one address and what else was asked: `rows` are all rules in order, each with its verdict.

    `guest` is None for a stranger, `former` who a stranger was within 30 days; `obstacles` are what else to know of
    their way.
    """

    address: Address
    guest: Guest | None
    former: Former | None
    facts: SignInFacts
    decision: Decision
    rows: tuple[Row, ...]
    alternatives: tuple[Alternative, ...]
    obstacles: tuple[str, ...]

    @property
    def refusing(self) -> Row | None:
        """The first row that keeps them out."""
        return next((row for row in self.rows if row.is_refusing), None)

    @property
    def error(self) -> str | None:
        """The code that says so, None where they get in."""
        return self.refusing.code if self.refusing else None

    @property
    def headline(self) -> str:
        """The outcome in a few words; who is no guest meets it as one."""
        if self.error in OUTCOMES:
            return OUTCOMES[self.error]
        if self.guest is not None or self.error:
            return headline(self.decision)
        return f"{headline(self.decision)}, once invited{' again' if self.former else ''}"


def explain_sign_in(*, tenant: Tenant, address: Address, now: datetime) -> Explanation:
    """The method and every rule that was looked at, for a guest, a pending guest or a stranger. Changes nothing."""
    guest = Guest.objects.filter(address_key=address.key, deleted_at=None).first()
    facts = gather_facts(
        address=address,
        bound=guest.bound_method if guest else None,
        bound_provider_id=guest.method_provider_id if guest else None,
        now=now,
    )
    decision, former = decide(facts), None if guest else _former(address)
    newest = _newest_invitation(guest, now) if guest and not guest.has_accepted else None
    before = (*_blocked(guest), *_domain(tenant, address, guest), *_link(newest, now))
    is_shut_out = any(row.is_refusing for row in before)
    rows = (*before, *rows_of(decision), *_pause(guest, newest, decision, now))
    return Explanation(
        address=address,
        guest=guest,
        former=former,
        facts=facts,
        decision=decision,
        rows=rows,
        alternatives=_ways_back(rows, decision, address)
        or what_would_change_it(facts, stored_settings().orders.values()),
        obstacles=(
            *_uninvited(guest, former),
            *(_by_link(address, decision, now) if _is_live(newest, now) and not is_shut_out else ()),
        ),
    )


def _former(address: Address) -> Former | None:
    guest = restorable().filter(address_key=address.key).order_by("-deleted_at").first()
    if guest is None:
        return None
    told = AuditEntry.objects.filter(subject_id=guest.id, action__in=("guest.deleted", "guest.left"))
    last = told.order_by("-id").values_list("action", flat=True).first()
    return Former(guest, has_left=last == "guest.left")


def _newest_invitation(guest: Guest, now: datetime) -> Invitation | None:
    """The newest whose link works, else the newest of all."""
    newest = Invitation.objects.filter(guest=guest).order_by("-created_at")
    live = next((one for one in newest.filter(ended_at__isnull=True) if not is_gone(one, now)), None)
    return live or newest.first()


def _is_live(invitation: Invitation | None, now: datetime) -> bool:
    return invitation is not None and not is_gone(invitation, now)


def _blocked(guest: Guest | None) -> Iterator[Row]:
    if guest is None:
        return
    if guest.is_blocked:
        reason = Reason("R21", Verdict.REFUSED, "Sign-in is blocked for this guest. Unblock them on their page.")
        yield Row("Sign-in blocked?", reason, Code.BLOCKED.value)
    else:
        yield Row("Sign-in blocked?", Reason("R21", Verdict.NO, "Sign-in is not blocked for this guest."))


def _domain(tenant: Tenant, address: Address, guest: Guest | None) -> Iterator[Row]:
    """Who has redeemed stays (R53)."""
    if guest is not None and guest.has_accepted:
        return
    if is_domain_taken(address.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
        reason = Reason("R53", Verdict.NO, f"This tenant takes guests from {address.domain}.")
        yield Row("Domain refused?", reason)
    else:
        reason = Reason("R53", Verdict.REFUSED, f"This tenant does not take guests from {address.domain}.")
        yield Row("Domain refused?", reason, Code.DOMAIN.value)


def _link(newest: Invitation | None, now: datetime) -> Iterator[Row]:
    """A link that is gone keeps nobody out: a pending guest may redeem by their address, too (R38)."""
    if newest is None:
        return
    if _is_live(newest, now):
        until = (
            f"until {newest.expires_at:%Y-%m-%d %H:%M} UTC" if newest.expires_at else "until it is redeemed or ended"
        )
        yield Row("An invitation’s link?", Reason("R52", Verdict.APPLIES, f"It works {until}."))
        return
    why = "expired"
    if newest.ended_at is not None:
        why = f"ended: {Ended(newest.ended_why).label.lower()}" if newest.ended_why else "ended"
    sentence = (
        f"None works any more, the last one {why}. Invite the guest again; until then they get in only by typing their "
        "address at the front door or an application (R38)."
    )
    yield Row("An invitation’s link?", Reason("R52", Verdict.NO, sentence), Code.LINK_GONE.value)


def _pause(guest: Guest | None, newest: Invitation | None, decision: Decision, now: datetime) -> Iterator[Row]:
    """Asked where a code is what they would meet."""
    if guest is None or decision.method is not Method.PASSCODE:
        return
    if not is_paused(tenant_id=guest.tenant_id, address_key=guest.address_key):
        yield Row("Codes paused for the address?", Reason("R17", Verdict.NO, "Codes are not paused for this address."))
        return
    known = "A browser that they signed in with before still lets them in"
    if _is_live(newest, now):
        known = "The link of the invitation still lets them in"
    sentence = (
        f"Strangers typed 100 wrong codes in a row, so no browser may try one that is not known. {known} and ends the "
        "pause; or lift it on their page."
    )
    yield Row("Codes paused for the address?", Reason("R17", Verdict.REFUSED, sentence), Code.WAIT.value)


def _ways_back(rows: tuple[Row, ...], decision: Decision, address: Address) -> tuple[Alternative, ...]:
    """One for each of WAYS_BACK's codes that keeps them out; to the method only where nothing else does."""
    codes = [row.code for row in rows if row.is_refusing]
    method = decision.method if len(codes) == 1 else None
    found = [WAYS_BACK[code] for code in codes if code in WAYS_BACK]
    return tuple(Alternative(change.format(domain=address.domain), method, setting) for setting, change in found)


def _uninvited(guest: Guest | None, former: Former | None) -> Iterator[str]:
    if guest is not None:
        return
    why = "Nobody invited this address"
    if former is not None:
        why = "The guest of this address left" if former.has_left else "The guest of this address was deleted"
    yield (
        f"{why}: no code is sent to it, and its pages look like everybody’s (R19). Only an application that is open "
        "for sign-up sends one (R39a)."
    )


def _by_link(address: Address, typed: Decision, now: datetime) -> Iterator[str]:
    """What the holder of the invitation's link meets instead, who may be told what was seen of the address (R19)."""
    found = decide(gather_facts(address=address, bound=None, is_link_held=True, now=now))
    if (found.method, found.choices) == (typed.method, typed.choices):
        return
    used = (one.sentence for one in found.reasons if one.verdict is Verdict.USED)
    known = next(used, found.reasons[-1].sentence)
    yield f"By the link of the invitation: {headline(found)}. {known} Who only types the address is not told (R19)."
