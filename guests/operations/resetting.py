"""Resetting the redemption status, ending sessions, blocking: what an administrator does to let a guest begin anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from guests.models import Consent, Ended, Guest, Invitation, SignInFlow, Status
from guests.operations.inviting import (
    Details,
    Invited,
    Inviter,
    new_invitation,
    take_of_the_hour,
)
from guests.operations.linking import unlink_identities
from guests.operations.mailing import mail_invitation
from guests.operations.signing_in import end_sessions_of
from guests.rules import is_domain_taken
from passcodes.operations import void_challenges
from tenants import audit
from tenants.addresses import Address
from tenants.audit import Actor
from tenants.models import Administrator, Tenant
from tenants.refusals import Code, Refusal, Refused


def reset_redemption(
    *, tenant: Tenant, guest_id: UUID, inviter: Inviter, actor: Actor, now: datetime
) -> Invited | Refusal:
    """Open the choice of method again and make a new link, mailing nothing (R40).

    Keeps the guest's id, name, history and assignments; clears method and consent, sets the status back to
    PendingAcceptance, ends sessions, kills live codes and old links, all at once. Resetting twice leaves the newest
    link. Refuses a guest who is not in this tenant.
    """
    try:
        with transaction.atomic():
            return reset_locked(tenant=tenant, guest=_locked(guest_id), inviter=inviter, actor=actor, now=now)
    except Refused as refused:
        return refused.refusal


def reset_redemption_by_mail(
    *, tenant: Tenant, guest_id: UUID, inviter: Inviter, actor: Actor, now: datetime
) -> Invited | Refusal:
    """The same, and mail the new invitation.

    Refuses what exceeds the hour's invitations (E-WAIT, R17) and a blocked guest, to whom no mail leaves (E-BLOCKED).
    """
    try:
        with transaction.atomic():
            take_of_the_hour(tenant, inviter.id or inviter.name)
            invited = reset_locked(tenant=tenant, guest=_locked(guest_id), inviter=inviter, actor=actor, now=now)
            if invited.guest.is_blocked:
                raise _blocked()
            mail_invitation(invitation=invited.invitation, now=now)
            return invited
    except Refused as refused:
        return refused.refusal


def reset_redemption_to_address(
    *, tenant: Tenant, guest_id: UUID, address: Address, inviter: Inviter, actor: Actor, now: datetime
) -> Invited | Refusal:
    """The same, mailed to a new address that becomes the guest's (R41); none of the old ones proves them any more.

    It may be another person who takes over, and what the one before had must not let them back in (R36). Refuses what
    inviting refuses as well: an address that another guest or an administrator of the tenant has, and a domain that the
    tenant does not take (E-DOMAIN, R53).
    """
    return _reset_to(tenant, guest_id, address, inviter, actor, now, keep=_none)


def reset_redemption_to_another_of_theirs(
    *, tenant: Tenant, guest_id: UUID, address: Address, inviter: Inviter, actor: Actor, now: datetime
) -> Invited | Refusal:
    """The same for a person who stays the same: the old addresses go on proving them (R36). Refuses the same."""
    return _reset_to(tenant, guest_id, address, inviter, actor, now, keep=_all_of_theirs)


def end_sessions(*, guest_id: UUID, actor: Actor, now: datetime) -> int:
    """End all of a guest's sessions now; returns how many were live. The guest may sign in again."""
    with transaction.atomic():
        ended = end_sessions_of(guest_id=guest_id, why=Ended.BY_ADMINISTRATOR)
        audit.record(
            actor=actor,
            action="guest.sessions_ended",
            at=now,
            subject_kind="guest",
            subject_id=guest_id,
            details={"sessions": ended},
            address=Guest.objects.values_list("address_key", flat=True).filter(id=guest_id).first() or "",
        )
        return ended


def block_guest(*, guest_id: UUID, actor: Actor, now: datetime) -> Guest | Refusal:
    """Stop a guest from signing in; sessions end and codes die at once. Blocking twice changes nothing."""
    try:
        with transaction.atomic():
            guest = _locked(guest_id)
            if not guest.is_blocked:
                Guest.objects.filter(id=guest.id).update(is_blocked=True)
                guest.is_blocked = True
                end_sessions_of(guest_id=guest.id, why=Ended.BLOCKED)
                void_challenges(address_key=guest.address_key)
                audit.record(
                    actor=actor,
                    action="guest.blocked",
                    at=now,
                    subject_kind="guest",
                    subject_id=guest.id,
                    address=guest.address_key,
                )
            return guest
    except Refused as refused:
        return refused.refusal


def unblock_guest(*, guest_id: UUID, actor: Actor, now: datetime) -> Guest | Refusal:
    """Let a guest sign in again. Unblocking twice changes nothing."""
    try:
        with transaction.atomic():
            guest = _locked(guest_id)
            if guest.is_blocked:
                Guest.objects.filter(id=guest.id).update(is_blocked=False)
                guest.is_blocked = False
                audit.record(
                    actor=actor,
                    action="guest.unblocked",
                    at=now,
                    subject_kind="guest",
                    subject_id=guest.id,
                    address=guest.address_key,
                )
            return guest
    except Refused as refused:
        return refused.refusal


def reset_locked(
    *,
    tenant: Tenant,
    guest: Guest,
    inviter: Inviter,
    actor: Actor,
    now: datetime,
    address: Address | None = None,
    other_addresses: Sequence[str] = (),
    batch_id: UUID | None = None,
) -> Invited:
    """What a reset does to a guest whose row the transaction holds; nothing is mailed. For operations, inside theirs.

    They begin anew at the first step of the way in: what they did with an old link says nothing of the new one.
    `address` becomes theirs, and with it `other_addresses` all others that prove them (R36); the history names the
    batch that it is part of. Raises Refused for an address that cannot be theirs.
    """
    before: dict[str, object] = {"method": guest.method, "status": guest.redemption_status}
    void_challenges(address_key=guest.address_key)
    if address is not None and address.key != guest.address_key:
        _check_new(address, tenant)
        before |= {"address": guest.address_key, "other_addresses": guest.other_addresses}
        guest.other_addresses = list(other_addresses)
        guest.address, guest.address_key, guest.domain = address.to_send, address.key, address.domain
        _set_address(guest)
    last = Invitation.objects.filter(guest=guest).order_by("-created_at").first()
    ended = end_sessions_of(guest_id=guest.id, why=Ended.RESET)
    Invitation.objects.filter(guest=guest, ended_at__isnull=True).update(ended_at=Now(), ended_why=Ended.RESET)
    SignInFlow.objects.filter(guest=guest, ended_at__isnull=True).update(ended_at=Now())
    Consent.objects.filter(guest=guest, withdrawn_at__isnull=True).update(withdrawn_at=Now())
    unlink_identities(guest=guest)
    Guest.objects.filter(id=guest.id).update(
        method="",
        method_provider_id=None,
        redemption_status=Status.PENDING,
        redemption_status_changed_at=Now(),
        device_epoch=F("device_epoch") + 1,
        link_opened_at=None,
        code_sent_at=None,
    )
    guest.refresh_from_db()
    details = Details(
        redirect_url=last.redirect_url if last else "",
        resource_name=last.resource_name if last else "",
        language=last.language if last else "",
    )
    invited = new_invitation(tenant=tenant, guest=guest, details=details, inviter=inviter, now=now)
    audit.record(
        actor=actor,
        action="guest.reset",
        at=now,
        subject_kind="guest",
        subject_id=guest.id,
        details={
            "before": before,
            "sessions_ended": ended,
            "invitation": str(invited.invitation.id),
            **({"batch": str(batch_id)} if batch_id else {}),
        },
        # The one before: the guest's id finds the line by the new one.
        address=str(before.get("address", guest.address_key)),
    )
    return invited


def _reset_to(
    tenant: Tenant,
    guest_id: UUID,
    address: Address,
    inviter: Inviter,
    actor: Actor,
    now: datetime,
    *,
    keep: Callable[[Guest, Address], list[str]],
) -> Invited | Refusal:
    try:
        with transaction.atomic():
            take_of_the_hour(tenant, inviter.id or inviter.name)
            guest = _locked(guest_id)
            invited = reset_locked(
                tenant=tenant,
                guest=guest,
                address=address,
                other_addresses=keep(guest, address),
                inviter=inviter,
                actor=actor,
                now=now,
            )
            if invited.guest.is_blocked:
                raise _blocked()
            mail_invitation(invitation=invited.invitation, now=now)
            return invited
    except Refused as refused:
        return refused.refusal


def _none(guest: Guest, new: Address) -> list[str]:
    return []


def _all_of_theirs(guest: Guest, new: Address) -> list[str]:
    return [one for one in (*guest.other_addresses, guest.address) if one not in (new.to_send, new.key)]


def _locked(guest_id: UUID) -> Guest:
    guest = Guest.objects.select_for_update().filter(id=guest_id, deleted_at=None).first()
    if guest is None:
        raise Refused(Refusal(Code.INPUT, reason="There is no such guest in this tenant."))
    return guest


def _blocked() -> Refused:
    return Refused(Refusal(Code.BLOCKED, reason="Sign-in is blocked, so no email goes out. Unblock first."))


def _check_new(address: Address, tenant: Tenant) -> None:
    if Guest.objects.filter(address_key=address.key, deleted_at=None).exists():
        raise _taken()
    if Administrator.objects.filter(email=address.key, roles__tenant=tenant, is_active=True).exists():
        raise Refused(Refusal(Code.INPUT, reason="This address belongs to an administrator of this tenant."))
    if not is_domain_taken(address.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
        raise Refused(Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {address.domain}."))


def _set_address(guest: Guest) -> None:
    try:
        with transaction.atomic():
            guest.save(update_fields=["address", "address_key", "domain", "other_addresses"])
    except IntegrityError:  # invited in the moment since _check_new looked
        raise _taken() from None


def _taken() -> Refused:
    return Refused(Refusal(Code.INPUT, reason="Another guest of this tenant has that address."))
