"""The mails to guests: the invitation's (R51), and a code's as far as passcodes do not know it (R5); and the one that
passes a guest's request for a new invitation on (R52).

Knows how an invitation becomes a message, and when a mail no longer should leave. The link is derived here, in the
worker: it was never stored and never travelled.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from guests import tickets
from guests.models import Invitation
from outbox.delivery import Message, Nothing
from passcodes import delivery as passcode_delivery
from passcodes.models import Challenge
from providers.models import EmailPasscodePolicy
from tenants.addresses import canonical
from tenants.colours import brand
from tenants.models import Administrator, RoleAssignment, Tenant
from tenants.roles import Action, Role, may


def render_passcode(subject_id: UUID) -> Message | Nothing:
    """The mail of a code, unless the tenant turned codes off since it was asked for: it would open nothing (R5)."""
    policy = EmailPasscodePolicy.objects.first()
    if policy is not None and not policy.passcode_state.is_on:
        return Nothing("dropped", "Email one-time passcode was turned off.")
    if policy is not None and policy.passcodes_void_before is not None:
        asked = Challenge.objects.filter(id=subject_id).values_list("created_at", flat=True)
        if policy.voids(asked.first()):
            return Nothing("dropped", "Email one-time passcode was turned off and on again since.")
    return passcode_delivery.render_passcode(subject_id)


WRITTEN_IN = "en"
"""The language of the words below; the header must not claim another."""


ENDED = "The invitation was ended before it was mailed."


def render_invitation(subject_id: UUID) -> Message | Nothing:
    """The mail of an invitation that is still live; nothing for one that was ended, or whose guest is gone."""
    invitation = _live(subject_id)
    if isinstance(invitation, Nothing):
        return invitation
    tenant = Tenant.objects.get(id=invitation.tenant_id)
    secret = tickets.ticket(
        key_id=invitation.key_id,
        nonce=bytes(invitation.nonce),
        tenant_id=tenant.id,
        invitation_id=invitation.id,
    )
    return invitation_message(
        tenant=tenant, invitation=invitation, link=tickets.link(tenant_domain=tenant.primary_domain, secret=secret)
    )


def render_invitation_copy(subject_id: UUID) -> Message | Nothing:
    """The mail to the reader whom the inviter named: what was said, without the link (R51).

    The link would let its reader ask for the guest's codes and use up the guest's tries.
    """
    invitation = _live(subject_id)
    if isinstance(invitation, Nothing):
        return invitation
    if not invitation.cc:
        return Nothing("dropped", "The invitation names nobody for a copy any more.")
    return copy_message(tenant=Tenant.objects.get(id=invitation.tenant_id), invitation=invitation)


def _live(subject_id: UUID) -> Invitation | Nothing:
    """The invitation if it may still be mailed, else why not."""
    invitation = Invitation.objects.select_related("guest").filter(id=subject_id).first()
    if invitation is None or invitation.ended_at is not None:
        return Nothing("dropped", ENDED)
    if invitation.guest.deleted_at is not None:
        return Nothing("dropped", "The guest was deleted before the invitation was mailed.")
    if invitation.reminders and invitation.accepted_at is not None:
        return Nothing("dropped", "The invitation was accepted before the reminder was mailed.")
    if invitation.guest.is_blocked:
        return Nothing("suppressed", "Sign-in is blocked for this guest.")
    if not tickets.is_known_key(invitation.key_id):
        return Nothing("dropped", "The key of this link is no longer in PASSCODE_KEYS: invite the guest again.")
    return invitation


def invitation_message(*, tenant: Tenant, invitation: Invitation, link: str) -> Message:
    """What an invitation says, with this link; its row need not be stored."""
    context = _shared(tenant, invitation) | {
        "address": canonical(invitation.guest.address).key,
        "inviter_address": invitation.inviter_address,
        "message": invitation.message,
        "url": link,
        "expires_at": invitation.expires_at,
        "reminders": invitation.reminders,
    }
    return Message(
        to=invitation.guest.address,
        subject=render_to_string("email/invitation/subject.txt", context).strip(),
        text=render_to_string("email/invitation/body.txt", context),
        html=render_to_string("email/invitation/body.html", context),
        from_name=tenant.sender_name or tenant.name,
        reply_to=invitation.inviter_address,
        language=WRITTEN_IN,
    )


def copy_message(*, tenant: Tenant, invitation: Invitation) -> Message:
    """What the copy of an invitation says; the invitation's row need not be stored."""
    context = _shared(tenant, invitation) | {
        "address": canonical(invitation.cc).key,
        "guest": invitation.guest.name,
        "guest_address": canonical(invitation.guest.address).key,
        "message": invitation.message,
        "expires_at": invitation.expires_at,
        "reminders": invitation.reminders,
    }
    return Message(
        to=invitation.cc,
        subject=render_to_string("email/invitation_copy/subject.txt", context).strip(),
        text=render_to_string("email/invitation_copy/body.txt", context),
        html=render_to_string("email/invitation_copy/body.html", context),
        from_name=tenant.sender_name or tenant.name,
        reply_to=invitation.inviter_address,
        language=WRITTEN_IN,
    )


def who_answer(tenant_id: UUID) -> dict[str, list[Administrator]]:
    """The tenant's administrators whose role invites, the longest here first: all of them by their address, and the
    Global Administrators once more under "". One statement."""
    held: dict[Administrator, list[str]] = {}
    rows = RoleAssignment.objects.filter(tenant_id=tenant_id, administrator__is_active=True)
    for row in rows.select_related("administrator").order_by("administrator__created_at", "administrator_id"):
        held.setdefault(row.administrator, []).append(row.role)
    found = {who.email: [who] for who, roles in held.items() if may(roles, Action.GUESTS_INVITE)}
    return found | {"": [who for who, roles in held.items() if Role.GLOBAL_ADMINISTRATOR in roles]}


def asked_of(invitation: Invitation, answering: dict[str, list[Administrator]]) -> Administrator | None:
    """Whom a guest's request for a new invitation goes to: their first sponsor who can answer it in the portal, else
    who invited them, else a Global Administrator (R52). Never a guest: they would be led to a page that is not theirs.
    """
    guest = invitation.guest
    sponsors = [guest.sponsor_address, *(one["address"] for one in guest.other_sponsors)]
    for address in (*sponsors, invitation.inviter_address):
        if address and address.lower() in answering:
            return answering[address.lower()][0]
    return next(iter(answering[""]), None)


def render_invitation_request(subject_id: UUID) -> Message | Nothing:
    """To a guest's sponsor: the link of their invitation is dead, and they asked for a new one."""
    invitation = Invitation.objects.select_related("guest").filter(id=subject_id).first()
    asked = asked_of(invitation, who_answer(invitation.tenant_id)) if invitation is not None else None
    if invitation is None or asked is None:
        return Nothing("dropped", "There is nobody to pass the request to: appoint an administrator who invites.")
    tenant = Tenant.objects.get(id=invitation.tenant_id)
    context = _shared(tenant, invitation) | {
        "asked": asked.email,
        "address": invitation.guest.address,
        "name": invitation.guest.name,
        "url": f"{settings.PUBLIC_URL}{reverse('admin:guests_guest_change', args=[invitation.guest_id])}",
    }
    return Message(
        to=asked.email,
        subject=render_to_string("email/invitation_request/subject.txt", context).strip(),
        text=render_to_string("email/invitation_request/body.txt", context),
        html=render_to_string("email/invitation_request/body.html", context),
        from_name=tenant.sender_name or tenant.name,
        language=WRITTEN_IN,
    )


def _shared(tenant: Tenant, invitation: Invitation) -> dict[str, object]:
    return {
        "tenant": {
            "name": tenant.name,
            "domain": tenant.primary_domain,
            "privacy_url": tenant.privacy_statement_url,
        },
        "colours": brand(tenant.colour),
        "inviter": invitation.inviter_name,
        "application": invitation.resource_name,
        "now": datetime.now(UTC),
    }
