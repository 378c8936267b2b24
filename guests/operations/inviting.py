"""Inviting: makes the guest and the invitation, and mails the link where that is wanted (R50, R51, R53, R55)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from guests import limits, tickets
from guests.models import Ended, Guest, Invitation, Status
from guests.operations.drafting import SAID, draft_invitation, guest_fields, say_anew
from guests.operations.drafting import Details as Details
from guests.operations.drafting import Inviter as Inviter
from guests.operations.drafting import landing_of as landing_of
from guests.operations.mailing import mail_invitation
from guests.rules import LONGEST_NAME, NAME_MISTAKES, NameMistake, is_domain_taken, message_mistake, read_name
from tenants import audit, budgets
from tenants.addresses import Address
from tenants.audit import Actor
from tenants.inviters import BY_ROLE, InviterKind, may_invite
from tenants.limits import may_write_refusal
from tenants.models import Administrator, Tenant, WhoMayInvite
from tenants.origins import noted
from tenants.refusals import Code, Refusal, Refused

MOST_SPONSORS = 5
"""Of one guest (R55)."""

NO_LIVE = "This guest has no live invitation. Ask an administrator whose role invites to make a new one."


@dataclass(frozen=True)
class Invited:
    """The outcome: `link` holds the secret and is shown once, to who invited."""

    guest: Guest
    invitation: Invitation
    link: str


def invite_guest(
    *, tenant: Tenant, address: Address, details: Details, inviter: Inviter, actor: Actor, now: datetime
) -> Invited | Refusal:
    """Make the guest (or find them) and a link, and mail nothing.

    Refuses whom the tenant does not let invite (R53), an administrator's own address, more than five sponsors (R55),
    a name or a message that cannot be shown as it stands (R51), a domain that the tenant does not take (E-DOMAIN), a
    blocked guest (E-BLOCKED) and what exceeds the hour's invitations (E-WAIT).
    """
    try:
        _take_of_a_guest(tenant, address, inviter)
        with transaction.atomic():
            return _invite(tenant, address, details, inviter, actor, now)
    except Refused as refused:
        _audit_refusal(refused.refusal, tenant, address, inviter, actor, now)
        return refused.refusal


def invite_guest_by_mail(
    *, tenant: Tenant, address: Address, details: Details, inviter: Inviter, actor: Actor, now: datetime
) -> Invited | Refusal:
    """The same, and mail the link. Refuses what invite_guest refuses."""
    try:
        _take_of_a_guest(tenant, address, inviter)
        with transaction.atomic():
            invited = _invite(tenant, address, details, inviter, actor, now)
            mail_invitation(invitation=invited.invitation, now=now)
            return invited
    except Refused as refused:
        _audit_refusal(refused.refusal, tenant, address, inviter, actor, now)
        return refused.refusal


def inviting_refusal(tenant: Tenant, inviter: Inviter) -> Refusal | None:
    """Why this inviter invites nobody in this tenant, None where they may (R53). Every way of inviting asks it."""
    if may_invite(tenant.who_may_invite, inviter.kind):
        return None
    if tenant.who_may_invite == WhoMayInvite.NONE:
        reason = f"Nobody may invite guests to {tenant.name}. A Global Administrator changes that under Settings."
    elif inviter.kind == InviterKind.GUEST:
        reason = f"Guests may not invite others to {tenant.name}. Ask your sponsor to invite them."
    else:
        reason = (
            f"Your role does not let you invite guests to {tenant.name}. Ask a Global Administrator for the role Guest "
            "Inviter."
        )
    return Refusal(Code.INPUT, reason=reason)


def new_invitation(*, tenant: Tenant, guest: Guest, details: Details, inviter: Inviter, now: datetime) -> Invited:
    """A fresh row with a fresh nonce. For operations, inside theirs."""
    invitation, secret = draft_invitation(tenant=tenant, guest=guest, details=details, inviter=inviter, now=now)
    invitation.save(force_insert=True)
    return Invited(guest, invitation, tickets.link(tenant_domain=tenant.primary_domain, secret=secret))


def link_of(*, tenant: Tenant, invitation: Invitation) -> str:
    """The link of an invitation, derived anew, for the mail and for who invited."""
    secret = tickets.ticket(
        key_id=invitation.key_id,
        nonce=bytes(invitation.nonce),
        tenant_id=tenant.id,
        invitation_id=invitation.id,
    )
    return tickets.link(tenant_domain=tenant.primary_domain, secret=secret)


def is_gone(invitation: Invitation, now: datetime) -> bool:
    """Whether the link no longer works: ended, or past its time (R52)."""
    return invitation.ended_at is not None or (invitation.expires_at is not None and invitation.expires_at <= now)


def _invite(
    tenant: Tenant, address: Address, details: Details, inviter: Inviter, actor: Actor, now: datetime
) -> Invited:
    refusal = inviting_refusal(tenant, inviter)
    if refusal is not None:
        raise Refused(refusal)
    if len(details.sponsors) > MOST_SPONSORS:
        raise Refused(Refusal(Code.INPUT, reason=f"A guest has at most {MOST_SPONSORS} sponsors."))
    details = _readable(details)
    # Before anything about the address itself: a guest is told of the domain, and must not learn more by it (R19).
    if not is_domain_taken(address.domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
        raise Refused(Refusal(Code.DOMAIN, reason=f"This tenant does not take guests from {address.domain}."))
    if Administrator.objects.filter(email=address.key, roles__tenant=tenant, is_active=True).exists():
        raise Refused(Refusal(Code.INPUT, reason="This address belongs to an administrator of this tenant."))
    if inviter.kind != InviterKind.GUEST:
        take_of_the_hour(tenant, inviter.id or inviter.name)
    guest, is_new = Guest.objects.select_for_update().get_or_create(
        address_key=address.key,
        deleted_at=None,
        defaults=guest_fields(
            tenant=tenant,
            key=address.key,
            to_send=address.to_send,
            details=details,
            sponsors=_sponsors(tenant, details, inviter),
        ),
    )
    if guest.is_blocked:
        raise Refused(Refusal(Code.BLOCKED, reason="Sign-in is blocked for this guest. Unblock them first."))
    if not is_new and inviter.kind not in BY_ROLE:
        invited = _as_it_is(tenant, guest, now)
    else:
        invited = _renewed(tenant, guest, details, inviter, now)
    is_dropped = bool(details.redirect_url) and not invited.invitation.redirect_url
    audit.record(
        actor=actor,
        action="guest.invited" if is_new else "guest.invited_again",
        at=now,
        subject_kind="guest",
        subject_id=guest.id,
        details={
            "address": address.key,
            "invitation": str(invited.invitation.id),
            **({"redirect_url_not_registered": noted(details.redirect_url)} if is_dropped else {}),
        },
    )
    return invited


def _readable(details: Details) -> Details:
    """The same with its names as they are stored. Raises Refused for what nobody could read as it is written (R51)."""
    name = read_name(details.name) if details.name else ""
    if isinstance(name, NameMistake):
        raise Refused(Refusal(Code.INPUT, reason=NAME_MISTAKES[name]))
    resource = " ".join(details.resource_name.split())
    if len(resource) > LONGEST_NAME:
        reason = f"Say shorter what they are invited to use: {LONGEST_NAME} characters is the most."
        raise Refused(Refusal(Code.INPUT, reason=reason))
    if message_mistake(resource):
        reason = "Type by hand what they are invited to use: a hidden character came with the copied text."
        raise Refused(Refusal(Code.INPUT, reason=reason))
    mistake = message_mistake(details.message)
    if mistake:
        raise Refused(Refusal(Code.INPUT, reason=mistake))
    return replace(details, name=name, resource_name=resource)


def _renewed(tenant: Tenant, guest: Guest, details: Details, inviter: Inviter, now: datetime) -> Invited:
    """Inviting again keeps the link that the guest may already have, and says the new things with it (R50)."""
    if details.name and details.name != guest.name and guest.redemption_status == Status.PENDING:
        guest.name, guest.name_key = details.name, details.name.casefold()[:100]
        guest.save(update_fields=["name", "name_key"])
    live = _live(guest, now)
    if live is not None:
        say_anew(live, tenant=tenant, details=details, inviter=inviter, now=now)
        live.save(update_fields=SAID)
        return Invited(guest, live, link_of(tenant=tenant, invitation=live))
    others = Invitation.objects.filter(guest=guest, ended_at__isnull=True)
    others.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now)).update(ended_at=Now(), ended_why=Ended.REPLACED)
    return new_invitation(tenant=tenant, guest=guest, details=details, inviter=inviter, now=now)


def _as_it_is(tenant: Tenant, guest: Guest, now: datetime) -> Invited:
    """Who invites without a role for it has a guest's live link sent again: what an administrator said in it stays, and
    what they withdrew stays withdrawn (R53)."""
    live = _live(guest, now)
    if live is None:
        raise Refused(Refusal(Code.INPUT, reason=NO_LIVE))
    return Invited(guest, live, link_of(tenant=tenant, invitation=live))


def _live(guest: Guest, now: datetime) -> Invitation | None:
    """The guest's live invitation, locked, if its link can still be written out."""
    # Locked after the guest: who revokes it meanwhile has ended it before it is read, or waits and ends it afterwards.
    found = Invitation.objects.filter(guest=guest, ended_at__isnull=True).select_for_update()
    live = found.order_by("-created_at").first()
    return None if live is None or is_gone(live, now) or not tickets.is_known_key(live.key_id) else live


def _sponsors(tenant: Tenant, details: Details, inviter: Inviter) -> list[dict[str, str]]:
    """Whom the guest may ask, as the row keeps them: named where they administer this tenant, else by address."""
    if not details.sponsors:
        return [{"name": inviter.name, "address": inviter.address}]
    keys = [one.key for one in details.sponsors]
    names = dict(Administrator.objects.filter(email__in=keys, roles__tenant=tenant).values_list("email", "name"))
    names[inviter.address.lower()] = inviter.name
    return [{"name": (names.get(one.key) or one.to_send)[:100], "address": one.to_send} for one in details.sponsors]


def take_of_the_hour(tenant: Tenant, inviter: UUID | str) -> None:
    """Count one invitation sent one by one (R17). Raises Refused with E-WAIT. For operations, inside theirs."""
    until = budgets.take(limits.for_inviting(tenant=tenant, inviter=inviter))
    if until is not None:
        raise Refused(Refusal(Code.WAIT, until=until, reason="This hour’s invitations are used up."))


def _take_of_a_guest(tenant: Tenant, address: Address, inviter: Inviter) -> None:
    """Count one attempt of a guest's, in a transaction of its own: a refusal that follows gives nothing back (R17).
    Raises Refused with E-WAIT. Whoever else invites is counted by what they send."""
    if inviter.kind != InviterKind.GUEST:
        return
    allowances = limits.for_guest_inviting(
        tenant_id=tenant.id, guest_id=inviter.id or inviter.name, send_key=address.send_key
    )
    with transaction.atomic():
        until = budgets.take(allowances)
        if until is not None:
            raise Refused(Refusal(Code.WAIT, until=until, reason="What guests may invite is used up for now."))


def _audit_refusal(
    refusal: Refusal, tenant: Tenant, address: Address, inviter: Inviter, actor: Actor, now: datetime
) -> None:
    """A guest's waiting costs them nothing, and lines can never be deleted: it is written so often and no more."""
    if (
        inviter.kind == InviterKind.GUEST
        and refusal.code is Code.WAIT
        and not may_write_refusal(actor=actor, address_key=address.key, now=now)
    ):
        return
    audit.record(
        actor=actor,
        action="guest.invited",
        at=now,
        subject_kind="guest",
        outcome=audit.Outcome.REFUSED,
        code=refusal.code,
        details={"address": address.key, "reason": refusal.reason},
    )
