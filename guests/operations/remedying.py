"""A setting that shuts guests out, stored together with what helps those guests: one transaction (R62, B10).

Knows who is shut out by which setting. Whoever is interrupted in between has stored neither: guests who cannot sign in
and of whom nobody thinks any more are what this must never leave behind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from guests.models import Batch
from guests.operations.batches.choice import Choice
from guests.operations.batches.choosing import reset_many_by_mail, revoke_untaken
from guests.operations.inviting import Inviter
from providers.operations import (
    disable_identity_provider,
    disable_microsoft_account,
    remove_identity_provider,
    set_email_passcode,
)
from providers.rules import Method, PasscodeState
from tenants.audit import Actor
from tenants.changing import change_domain_lists
from tenants.models import Tenant
from tenants.refusals import Refusal

WITH_PASSCODE: Final = Choice(method=Method.PASSCODE.value)
"""Who redeemed with a passcode."""

WITH_MICROSOFT_ACCOUNT: Final = Choice(method=Method.MICROSOFT_ACCOUNT.value)
"""Who redeemed with a Microsoft account."""


def turn_off_passcodes_and_reset(
    *, tenant: Tenant, inviter: Inviter, actor: Actor, now: datetime, shown_version: str = ""
) -> Batch | Refusal | None:
    """Turn the email one-time passcode off (R5) and have all who redeemed with one reset by mail (R43).

    None where that is nobody: the setting is stored then. Refuses what set_email_passcode() refuses.
    """
    with transaction.atomic():
        outcome = set_email_passcode(state=PasscodeState.DISABLED, actor=actor, now=now, shown_version=shown_version)
        if isinstance(outcome, Refusal):
            return outcome
        return _reset(WITH_PASSCODE, tenant=tenant, inviter=inviter, actor=actor, now=now)


def disable_microsoft_account_and_reset(
    *, tenant: Tenant, inviter: Inviter, actor: Actor, now: datetime, shown_version: str = ""
) -> Batch | Refusal | None:
    """Take the Microsoft account out of later redemptions (R32) and have all who have one reset by mail (R43).

    None where that is nobody: the setting is stored then. Refuses what disable_microsoft_account() refuses.
    """
    with transaction.atomic():
        outcome = disable_microsoft_account(actor=actor, now=now, shown_version=shown_version)
        if isinstance(outcome, Refusal):
            return outcome
        return _reset(WITH_MICROSOFT_ACCOUNT, tenant=tenant, inviter=inviter, actor=actor, now=now)


def disable_identity_provider_and_reset(
    *, provider_id: UUID, tenant: Tenant, inviter: Inviter, actor: Actor, now: datetime, shown_version: str = ""
) -> Batch | Refusal | None:
    """Switch a provider off and have its guests reset by mail (R3, R43).

    None where it has none: the setting is stored then. Refuses what disable_identity_provider() refuses.
    """
    with transaction.atomic():
        outcome = disable_identity_provider(provider_id=provider_id, actor=actor, now=now, shown_version=shown_version)
        if isinstance(outcome, Refusal):
            return outcome
        choice = Choice(providers=(provider_id,))
        return _reset(choice, tenant=tenant, inviter=inviter, actor=actor, now=now)


def remove_identity_provider_and_reset(
    *, provider_id: UUID, tenant: Tenant, inviter: Inviter, actor: Actor, now: datetime, shown_version: str = ""
) -> Batch | Refusal | None:
    """Remove a provider and have its guests reset by mail (R3, R43).

    None where it has none: it is removed then. Refuses what remove_identity_provider() refuses.
    """
    with transaction.atomic():
        outcome = remove_identity_provider(provider_id=provider_id, actor=actor, now=now, shown_version=shown_version)
        if isinstance(outcome, Refusal):
            return outcome
        choice = Choice(providers=(provider_id,))
        return _reset(choice, tenant=tenant, inviter=inviter, actor=actor, now=now)


def change_domain_lists_and_revoke(
    *,
    tenant: Tenant,
    allowed: list[str],
    denied: list[str],
    inviter: Inviter,
    actor: Actor,
    now: datetime,
    shown_version: str = "",
) -> Batch | Refusal | None:
    """Store from which domains guests are taken and have the others' open invitations revoked (R53).

    None where every domain is taken: the lists are stored then. Refuses what change_domain_lists() refuses.
    """
    with transaction.atomic():
        outcome = change_domain_lists(
            tenant=tenant, allowed=allowed, denied=denied, actor=actor, now=now, shown_version=shown_version
        )
        if isinstance(outcome, Refusal):
            return outcome
        batch = revoke_untaken(tenant=outcome, inviter=inviter, actor=actor, now=now)
        return None if isinstance(batch, Refusal) else batch


def _reset(choice: Choice, *, tenant: Tenant, inviter: Inviter, actor: Actor, now: datetime) -> Batch | None:
    batch = reset_many_by_mail(tenant=tenant, choice=choice, inviter=inviter, actor=actor, now=now)
    return None if isinstance(batch, Refusal) else batch  # of a choice like these only nobody at all is refused
