"""Beginning to sign in: a link is opened, an address is typed, and a code is asked for (R10, R16-R19, R38)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from guests import limits, tickets
from guests.models import Guest, Invitation, SignInFlow, Way
from guests.operations.flows import Asker, Beginning, Landing, begin_flow, is_taken, refuse_to_begin
from guests.operations.inviting import is_gone
from passcodes.rules import Pool
from providers.discovery import gather_facts
from providers.rules import Decision, Method, RefusedAs, decide
from tenants import budgets
from tenants.addresses import Address, canonical
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


@dataclass(frozen=True)
class Skips:
    """What the guest said on the way: methods they have no account at, and the one they chose (R30-1, R34)."""

    skipped: frozenset[Method] = frozenset()
    chosen: Method | None = None


@dataclass(frozen=True)
class Opened:
    """A live link, whom it is for and which method they will meet."""

    invitation: Invitation
    guest: Guest
    address: Address
    decision: Decision


@dataclass(frozen=True)
class Elsewhere:
    """Not a passcode: the method to go on with, and whether the page may say more because a live link is held."""

    address: Address
    decision: Decision
    opened: Opened | None = None
    guest: Guest | None = None
    pool: Pool = Pool.KNOWN


@dataclass(frozen=True)
class Looked:
    """A typed address: whose it is, and the method that its page shows.

    `refused` says why the guest's own method leads nowhere while the page shows what any address of the domain gets.
    """

    guest: Guest | None
    pool: Pool
    decision: Decision
    refused: Code | None = None


def begin_with_invitation(
    *, tenant: Tenant, ticket: str, skips: Skips, asker: Asker, now: datetime
) -> SignInFlow | Elsewhere | Refusal:
    """Send a code to the invited address. The link's holder is in the known pool (R17)."""
    invitation = invitation_of(ticket=ticket)
    opened = look_at_link(tenant, invitation, skips, now)
    if isinstance(opened, Refusal):
        return _told(opened, invitation, asker, now)
    if opened.decision.refused_as is not None:
        return _told(_refusal_of(opened.decision), opened.invitation, asker, now)
    if opened.decision.method is not Method.PASSCODE:
        return Elsewhere(opened.address, opened.decision, opened)
    beginning = Beginning(
        address=opened.address,
        guest=opened.guest,
        invitation=opened.invitation,
        pool=Pool.KNOWN,
        way=Way.INVITATION,
        landing=Landing(opened.invitation.redirect_url),
        decision=opened.decision,
    )
    return begin_flow(tenant=tenant, beginning=beginning, asker=asker, now=now)


def invitation_of(*, ticket: str) -> Invitation | None:
    """The invitation that this link belongs to, live or not, with its guest. One statement."""
    if not tickets.is_ticket(ticket):
        return None
    return Invitation.objects.select_related("guest").filter(ticket_hash=tickets.ticket_hash(ticket)).first()


def look_at_link(tenant: Tenant, invitation: Invitation | None, skips: Skips, now: datetime) -> Opened | Refusal:
    """What the link of this invitation, or of none, leads to. Reads only.

    Refuses E-LINK-GONE for what is unknown, damaged, another tenant's, revoked, reset or expired, and E-DOMAIN.
    """
    live = live_one(invitation, now)
    if live is None:
        return Refusal(Code.LINK_GONE, reason=_why_gone(invitation))
    guest = live.guest
    if not guest.has_accepted and not is_taken(tenant=tenant, guest=guest):
        return Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {guest.domain}.")
    address = canonical(guest.address)
    return Opened(live, guest, address, _decide(address, guest, skips, now, is_link_held=True))


def live_one(invitation: Invitation | None, now: datetime) -> Invitation | None:
    """The invitation, while its link still opens something."""
    if invitation is None or is_gone(invitation, now) or invitation.guest.deleted_at is not None:
        return None
    return invitation


def begin_with_address(
    *, tenant: Tenant, address: Address, way: Way, landing: Landing, skips: Skips, asker: Asker, now: datetime
) -> SignInFlow | Elsewhere | Refusal:
    """Send a code to a typed address if it is a guest's; anybody else gets the very same pages (R19).

    Refuses E-OTP-OFF alike for every address while passcodes are off (R5), and E-WAIT.
    """
    looked = look_at_address(tenant=tenant, address=address, skips=skips, asker=asker, now=now)
    if isinstance(looked, Refusal):
        return looked
    guest, decision = looked.guest, looked.decision
    if decision.is_passcode_missed or decision.refused_as is not None:
        missed = Refusal(Code.OTP_OFF, reason="Email one-time passcode is off.")
        return refuse_to_begin(
            missed if decision.is_passcode_missed else _refusal_of(decision),
            address_key=address.key,
            guest_id=guest.id if guest else None,
            way=way,
            asker=asker,
            now=now,
        )
    if decision.method is not Method.PASSCODE:
        return Elsewhere(address, decision, guest=guest, pool=looked.pool)
    beginning = Beginning(
        address=address,
        guest=guest,
        pool=looked.pool,
        way=way,
        landing=landing,
        decision=decision,
        refused=looked.refused,
    )
    return begin_flow(tenant=tenant, beginning=beginning, asker=asker, now=now)


def look_at_address(*, tenant: Tenant, address: Address, skips: Skips, asker: Asker, now: datetime) -> Looked | Refusal:
    """What a typed address meets. A guest's own method shows (R3), unless it leads nowhere.

    Then only the browser that they signed in with before is told; a stranger sees what the domain's other addresses
    see (R19): E-NO-METHOD and the exact E-OTP-OFF are for who has proven the address. Refuses E-WAIT: a look may ask
    the world outside, so it is counted first.
    """
    guest = Guest.objects.filter(address_key=address.key, deleted_at=None).first()
    pool = _pool_of(address, guest, asker)
    prices = limits.for_looking(
        tenant_id=tenant.id, pool=pool, address_key=address.key, source=asker.source, trusted=asker.is_trusted
    )
    until = budgets.take(prices)
    if until is not None:
        return Refusal(Code.WAIT, until=until, reason="Too many addresses were typed from here.")
    decision = _decide(address, guest, skips, now)
    if decision.refused_as is None or pool is Pool.KNOWN:
        return Looked(guest, pool, decision)
    return Looked(guest, pool, _decide(address, None, skips, now), refused=_refusal_of(decision).code)


def known_guest(*, address: Address, asker: Asker) -> Guest | None:
    """The guest of this address, if this browser signed in as them before and they were not reset since (R17).

    One statement for such a browser, none for any other.
    """
    if address.key not in asker.epochs:
        return None
    guest = Guest.objects.filter(address_key=address.key, deleted_at=None).first()
    return guest if _pool_of(address, guest, asker) is Pool.KNOWN else None


def _why_gone(invitation: Invitation | None) -> str:
    if invitation is None:
        return "The link is not one of this tenant's, or is incomplete."
    if invitation.ended_at is not None:
        return f"The link was ended ({invitation.ended_why}) at {invitation.ended_at:%Y-%m-%d %H:%M} UTC."
    if invitation.guest.deleted_at is not None:
        return "The guest was deleted."
    return f"The link expired at {invitation.expires_at:%Y-%m-%d %H:%M} UTC."


def _decide(
    address: Address, guest: Guest | None, skips: Skips, now: datetime, *, is_link_held: bool = False
) -> Decision:
    bound = guest.bound_method if guest is not None else None
    provider_id = guest.method_provider_id if guest is not None else None
    return decide(
        gather_facts(
            address=address,
            bound=bound,
            bound_provider_id=provider_id,
            skipped=skips.skipped,
            chosen=skips.chosen,
            is_link_held=is_link_held,
            now=now,
        )
    )


def _refusal_of(decision: Decision) -> Refusal:
    code = Code.OTP_OFF if decision.refused_as is RefusedAs.PASSCODES_OFF else Code.NO_METHOD
    return Refusal(code, reason=decision.reasons[-1].sentence)


def _pool_of(address: Address, guest: Guest | None, asker: Asker) -> Pool:
    epoch = asker.epochs.get(address.key)
    return Pool.KNOWN if guest is not None and epoch == guest.device_epoch else Pool.STRANGER


def _told(refusal: Refusal, invitation: Invitation | None, asker: Asker, now: datetime) -> Refusal:
    """The refusal, with a line in the history of the guest whose link it is; nobody's link leaves none."""
    if invitation is None:
        return refusal
    return refuse_to_begin(
        refusal,
        address_key=invitation.guest.address_key,
        guest_id=invitation.guest_id,
        way=Way.INVITATION,
        asker=asker,
        now=now,
    )
