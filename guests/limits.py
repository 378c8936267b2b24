"""R17 for invitations and links, as a price list."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tenants.budgets import Allowance, key
from tenants.models import Tenant

HOUR = timedelta(hours=1)

OPENINGS = 120
"""Link openings per source address in ten minutes."""


def for_opening(*, source: str, is_trusted: bool) -> tuple[Allowance, ...]:
    """Opening a link: 120 in ten minutes per source address, tenfold for the tenant's own ranges."""
    return (Allowance(key("open", source), OPENINGS * (10 if is_trusted else 1), timedelta(minutes=10)),)


def for_inviting(*, tenant: Tenant, inviter: UUID | str) -> tuple[Allowance, ...]:
    """Inviting one by one: 500 an hour in a tenant, 100 an hour for one inviter."""
    return (
        Allowance(key("invite", tenant.id), tenant.invitations_per_hour, HOUR),
        Allowance(key("invite", tenant.id, inviter), tenant.invitations_per_inviter_per_hour, HOUR),
    )


def for_asking_again(*, invitation_id: UUID) -> tuple[Allowance, ...]:
    """Asking for a new invitation from one dead link: once a day."""
    return (Allowance(key("ask", invitation_id), 1, timedelta(hours=24)),)
