"""Ending challenges: making them void, lifting a pause, forgetting the old ones.

Knows what outlives nothing. It must never delete a row that a page may still ask about.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from passcodes import limits
from passcodes.models import Challenge
from tenants import audit, budgets
from tenants.audit import Actor
from tenants.scope import current_tenant_id

KEPT_AFTER_EXPIRY: Final = timedelta(days=1)
"""How long a page in a forgotten tab still finds its challenge, to say that the code has expired."""


def void_challenges(*, address_key: str) -> int:
    """Kill every code of an address in this tenant, inside the caller's transaction; how many there were (R5, R40).

    Expired ones too, as a resend would give them a new code. The caller's own audit line says why.
    """
    return Challenge.objects.unspent().filter(address_key=address_key).update(voided_at=Now(), nonce=None)


def void_these_challenges(*, challenge_ids: Collection[UUID]) -> int:
    """Kill the codes of these challenges, inside the caller's transaction; how many were unspent (R39a)."""
    return Challenge.objects.unspent().filter(id__in=challenge_ids).update(voided_at=Now(), nonce=None)


def void_all_challenges() -> int:
    """End every unspent passcode of the open tenant: after a restore nobody knows which of them were used (B13)."""
    return Challenge.objects.unspent().update(voided_at=Now(), nonce=None)


def lift_pause(*, address_key: str, actor: Actor, now: datetime) -> None:
    """Let strangers try codes for an address again after 100 wrong ones in a row (R17). No pause: nothing changes."""
    with transaction.atomic():
        budgets.clear([limits.streak_key(tenant_id=current_tenant_id(), address_key=address_key)])
        audit.record(
            actor=actor,
            action="passcode.pause_lifted",
            at=now,
            subject_kind="passcode",
            details={"address": address_key},
        )


def purge_challenges(*, at_most: int) -> int:
    """Delete up to `at_most` challenges that expired a day ago or longer, inside every_tenant(); how many there were.

    One short transaction: the caller repeats it until fewer come back.
    """
    old = list(
        Challenge.objects.expired_for(KEPT_AFTER_EXPIRY).order_by("expires_at").values_list("id", flat=True)[:at_most]
    )
    deleted, _ = Challenge.objects.filter(id__in=old).delete()
    return deleted
