"""Making a batch out of a choice of guests: who is to be reset, reminded, or whose invitation revoked (R43, R52, R53).

Knows what a batch is called and who stands behind it. Nothing is done to a guest here: workers do, and the batch's page
shows how far they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from guests.models import Batch, BatchKind, BatchState
from guests.operations.batches.choice import MOST_NAMED, Choice
from guests.operations.batches.recalling import choice_for, may_be_recalled
from guests.operations.batches.slices import columns_of, discard_batch, wake
from guests.operations.inviting import Inviter
from providers.operations.settings import hold_settings
from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

LONGEST_WAIT: Final = timedelta(days=3650)


def reset_many(
    *, tenant: Tenant, choice: Choice, inviter: Inviter, actor: Actor, now: datetime, shown_version: str = ""
) -> Batch | Refusal:
    """Have workers reset all of these guests, one by one, beginning at once (R43). No mail is sent.

    Refuses a choice of nobody, more guests by name than a batch keeps, and settings that have changed since
    `shown_version`: the guests would redeem otherwise than was shown.
    """
    return _resets(tenant, choice, shown_version, is_mailed=False, inviter=inviter, actor=actor, now=now)


def reset_many_by_mail(
    *, tenant: Tenant, choice: Choice, inviter: Inviter, actor: Actor, now: datetime, shown_version: str = ""
) -> Batch | Refusal:
    """The same, and the new invitations are mailed at the bulk rate (R17)."""
    return _resets(tenant, choice, shown_version, is_mailed=True, inviter=inviter, actor=actor, now=now)


def _resets(
    tenant: Tenant,
    choice: Choice,
    shown_version: str,
    *,
    is_mailed: bool,
    inviter: Inviter,
    actor: Actor,
    now: datetime,
) -> Batch | Refusal:
    if len(choice.guests) > MOST_NAMED:
        return Refusal(Code.INPUT, reason=f"At most {MOST_NAMED} guests can be chosen one by one. Choose by domain.")
    with transaction.atomic():
        if changed := hold_settings(shown_version):
            return changed
        if not choice.found().exists():
            return Refusal(Code.INPUT, reason="There is no such guest, so nobody can be reset.")
        return _made(
            kind=BatchKind.RESETS,
            name=f"Reset: {choice.in_words()}",
            choice=choice.stored(),
            told={**choice.stored(), "guests": len(choice.guests)} if choice.guests else choice.stored(),
            is_mailed=is_mailed,
            tenant=tenant,
            inviter=inviter,
            actor=actor,
            now=now,
        )


def remind_many(*, tenant: Tenant, days: int, inviter: Inviter, actor: Actor, now: datetime) -> Batch | Refusal:
    """Have workers mail a reminder to every guest whose open invitation is more than `days` old (R52).

    Who got a mail in the last three days is left alone. Refuses a number of days below 1 or above ten years.
    """
    if not 1 <= days <= LONGEST_WAIT.days:
        return Refusal(Code.INPUT, reason=f"Give a number of days between 1 and {LONGEST_WAIT.days:,}.")
    return _made(
        kind=BatchKind.REMINDERS,
        name=f"Reminder: pending for more than {days} day{'' if days == 1 else 's'}",
        choice={"invited_before": (now - timedelta(days=days)).isoformat(), "days": days},
        told={"days": days},
        is_mailed=True,
        tenant=tenant,
        inviter=inviter,
        actor=actor,
        now=now,
    )


def revoke_untaken(*, tenant: Tenant, inviter: Inviter, actor: Actor, now: datetime) -> Batch | Refusal:
    """Have workers revoke the open invitations of guests whose domain the tenant's lists do not take (R53).

    They could not be redeemed as it is. Refuses where every domain is taken.
    """
    if not (tenant.allowed_domains or tenant.denied_domains):
        return Refusal(Code.INPUT, reason="Guests of every domain are taken, so there is nothing to revoke.")
    return _made(
        kind=BatchKind.REVOCATIONS,
        name="Revocation: invitations to domains that are not taken",
        choice={},
        told={},
        is_mailed=False,
        tenant=tenant,
        inviter=inviter,
        actor=actor,
        now=now,
    )


def revoke_batch(*, batch_id: UUID, tenant: Tenant, inviter: Inviter, actor: Actor, now: datetime) -> Batch | Refusal:
    """Have workers revoke the invitations that a file made and that nobody has accepted since (R52, R54).

    What is left of the file is discarded. The mails that wait for their turn do not leave then. Refuses what is no
    file of invitations, and one that has invited nobody yet.
    """
    with transaction.atomic():
        found = Batch.objects.select_for_update().filter(pk=batch_id).first()
        if found is None or not may_be_recalled(found):
            return Refusal(Code.INPUT, reason="It has invited nobody, so there is nothing to revoke.")
        if found.state in (BatchState.RUNNING, BatchState.PAUSED):
            discard_batch(batch_id=found.pk, actor=actor, now=now)
            found.refresh_from_db()
        return _made(
            kind=BatchKind.REVOCATIONS,
            name=f"Revocation: {found.name}",
            choice=choice_for(found),
            told={"of": str(found.pk)},
            is_mailed=False,
            tenant=tenant,
            inviter=inviter,
            actor=actor,
            now=now,
        )


def _made(
    *,
    kind: BatchKind,
    name: str,
    choice: dict[str, object],
    told: dict[str, object],
    is_mailed: bool,
    tenant: Tenant,
    inviter: Inviter,
    actor: Actor,
    now: datetime,
) -> Batch:
    with transaction.atomic():
        batch = Batch.objects.create(
            tenant_id=tenant.id,
            kind=kind,
            name=name[:200],
            choice={**choice, "inviter": inviter.name},
            is_mailed=is_mailed,
            starts_itself=True,
            **columns_of(actor, address=inviter.address),
        )
        audit.record(
            actor=actor,
            action=f"batch.{kind}_made",
            at=now,
            subject_kind="batch",
            subject_id=batch.id,
            details={"name": batch.name, "mailed": is_mailed, **told},
        )
        wake(batch)
        return batch
