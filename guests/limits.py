"""R17 for invitations and links, as a price list."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from guests.rules import FLOW_LIFE
from passcodes.limits import Price, pool_parts
from passcodes.rules import Pool
from tenants.budgets import Allowance, key
from tenants.limits import for_network, network_of
from tenants.models import Tenant
from tenants.source import is_exempt

HOUR = timedelta(hours=1)

DAY = timedelta(hours=24)

TEN_MINUTES = timedelta(minutes=10)

LOOKS = 120
"""Addresses that one network may type in ten minutes; each is looked at twice on its way to a code."""

LEAVINGS = 60
"""Sign-ins that one network may begin at providers in ten minutes."""

RETURNS = 120
"""Providers' answers that one network may bring back in ten minutes."""

RETURNS_OF_A_FLOW = 5
"""Providers' answers that one sign-in may bring back in ten minutes, and failures after which it ends."""

NAMINGS = 120
"""Organizations that one network may look for in ten minutes."""

OPENINGS = 120
"""Link openings per network in ten minutes."""

INVITATIONS_OF_A_GUEST = 10
"""What one guest may have sent in 24 hours."""

INVITATIONS_OF_GUESTS = 100
"""What all guests of a tenant may have sent in an hour, apart from what administrators may."""

INVITATIONS_BY_GUESTS_TO_ONE = 2
"""What one mailbox may get from all guests of a tenant in 24 hours."""


def for_opening(*, tenant_id: UUID, invitation_id: UUID | None, source: str, trusted: bool) -> tuple[Allowance, ...]:
    """Opening a link: 120 in ten minutes for a network, in ranges as everywhere (R17).

    A live link (`invitation_id`) has a count of its own, which only its holders can use up (B3); all that is dead,
    damaged or made up shares one.
    """
    whose = ("open-dead",) if invitation_id is None else ("open-live", invitation_id)
    opening = Allowance(key(*whose, network_of(source)), OPENINGS, TEN_MINUTES)
    return for_network(opening, tenant_id=tenant_id, source=source, trusted=trusted)


def for_looking(*, tenant_id: UUID, pool: Pool, address_key: str, source: str, trusted: bool) -> tuple[Allowance, ...]:
    """Typing an address, which may look up its domain: 120 in ten minutes for a network, as `pool_parts` counts."""
    counted = pool_parts(pool=pool, tenant_id=tenant_id, address_key=address_key)
    looking = Allowance(key("look", *counted, network_of(source)), LOOKS, TEN_MINUTES)
    return for_network(looking, tenant_id=tenant_id, source=source, trusted=trusted)


def for_leaving(*, tenant_id: UUID, pool: Pool, address_key: str, source: str, trusted: bool) -> tuple[Allowance, ...]:
    """Leaving for a provider: 60 in ten minutes for a network, as `pool_parts` counts (R17, B3)."""
    counted = pool_parts(pool=pool, tenant_id=tenant_id, address_key=address_key)
    leaving = Allowance(key("leave", *counted, network_of(source)), LEAVINGS, TEN_MINUTES)
    return for_network(leaving, tenant_id=tenant_id, source=source, trusted=trusted)


def for_returning(
    *, tenant_id: UUID, flow_id: UUID, address_key: str, pool: Pool, step: str, source: str, trusted: bool
) -> tuple[Allowance, ...]:
    """A provider's answer, whose reading costs a token request or the verification of XML (R17).

    5 in ten minutes for a sign-in, 120 in ten minutes for a network, as `pool_parts` counts; `step` says whether the
    answer is posted or read.
    """
    counted = pool_parts(pool=pool, tenant_id=tenant_id, address_key=address_key)
    network = Allowance(key(step, *counted, network_of(source)), RETURNS, TEN_MINUTES)
    return (
        Allowance(key(step, flow_id), RETURNS_OF_A_FLOW, TEN_MINUTES),
        *for_network(network, tenant_id=tenant_id, source=source, trusted=trusted),
    )


def for_failed_return(*, flow_id: UUID) -> tuple[Allowance, ...]:
    """A provider's answer that proved nothing: the flow's fifth failure finds no room left."""
    return (Allowance(key("return-failed", flow_id), RETURNS_OF_A_FLOW - 1, FLOW_LIFE),)


def for_naming(*, source: str) -> tuple[Allowance, ...]:
    """Looking for an organization, which reads the names of all tenants: 120 in ten minutes for a network.

    No tenant is known yet, so that no tenant's trusted ranges count.
    """
    if is_exempt(source):
        return ()
    return (Allowance(key("naming", network_of(source)), NAMINGS, TEN_MINUTES),)


def for_inviting(*, tenant: Tenant, inviter: UUID | str) -> tuple[Allowance, ...]:
    """Inviting one by one: 500 an hour in a tenant, 100 an hour for one inviter."""
    return (
        Allowance(key("invite", tenant.id), tenant.invitations_per_hour, HOUR),
        Allowance(key("invite", tenant.id, inviter), tenant.invitations_per_inviter_per_hour, HOUR),
    )


def for_guest_inviting(*, tenant_id: UUID, guest_id: UUID | str, send_key: str) -> tuple[Allowance, ...]:
    """A guest inviting somebody: 10 in 24 hours for a guest, 100 an hour for all guests of a tenant, 2 in 24 hours to
    one mailbox.

    None of it is the administrators': guests who invite all day hold up no administrator (R17).
    """
    return (
        Allowance(key("guest-invites", tenant_id, guest_id), INVITATIONS_OF_A_GUEST, DAY),
        Allowance(key("guests-invite", tenant_id), INVITATIONS_OF_GUESTS, HOUR),
        Allowance(key("guests-invite-to", tenant_id, send_key), INVITATIONS_BY_GUESTS_TO_ONE, DAY),
    )


def for_asking_again(*, invitation_id: UUID) -> tuple[Allowance, ...]:
    """Asking for a new invitation from one dead link: once a day."""
    return (Allowance(key("ask", invitation_id), 1, DAY),)


def for_noting_opening(*, invitation_id: UUID) -> tuple[Allowance, ...]:
    """The history's line of a link that was opened: once an hour, however often a scanner or its holder looks."""
    return (Allowance(key("open-noted", invitation_id), 1, HOUR),)


def for_first_party(*, send_key: str) -> tuple[Price, ...]:
    """Codes that applications without a tenant ask for (R37d): as many as at one tenant's door, whichever it is."""
    return (
        Price(key("first-party-sends-hour", send_key), 5, HOUR, name="mails from applications in an hour"),
        Price(key("first-party-sends-day", send_key), 12, DAY, name="mails from applications in 24 hours"),
    )
