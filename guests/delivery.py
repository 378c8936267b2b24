"""The mails to guests: the invitation's (R51), and a code's as far as passcodes do not know it (R5).

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
from tenants.models import Tenant


def render_passcode(subject_id: UUID) -> Message | Nothing:
    """The mail of a code, unless the tenant turned codes off since it was asked for: it would open nothing (R5)."""
    policy = EmailPasscodePolicy.objects.first()
    if policy is not None and not policy.passcode_state.is_on:
        return Nothing("dropped", "Email one-time passcode was turned off.")
    if policy is not None and policy.passcodes_void_before is not None:
        void = Challenge.objects.filter(id=subject_id, created_at__lte=policy.passcodes_void_before)
        if void.exists():
            return Nothing("dropped", "Email one-time passcode was turned off and on again since.")
    return passcode_delivery.render_passcode(subject_id)


WRITTEN_IN = "en"
"""The language of the words below; the header must not claim another."""


def render_invitation(subject_id: UUID) -> Message | Nothing:
    """The mail of an invitation that is still live; nothing for one that was ended, or whose guest is gone."""
    invitation = Invitation.objects.select_related("guest").filter(id=subject_id).first()
    if invitation is None or invitation.ended_at is not None:
        return Nothing("dropped", "The invitation was ended before it was mailed.")
    if invitation.guest.deleted_at is not None:
        return Nothing("dropped", "The guest was deleted before the invitation was mailed.")
    if invitation.reminders and invitation.accepted_at is not None:
        return Nothing("dropped", "The invitation was accepted before the reminder was mailed.")
    if invitation.guest.is_blocked:
        return Nothing("suppressed", "Sign-in is blocked for this guest.")
    if not tickets.is_known_key(invitation.key_id):
        return Nothing("dropped", "The key of this link is no longer in PASSCODE_KEYS: invite the guest again.")
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
        cc=invitation.cc,
        language=WRITTEN_IN,
    )


def render_invitation_request(subject_id: UUID) -> Message | Nothing:
    """To the inviter: their guest's link is dead, and the guest asked for a new one."""
    invitation = Invitation.objects.select_related("guest").filter(id=subject_id).first()
    if invitation is None or not invitation.inviter_address:
        return Nothing("dropped", "There is nobody to pass the request to.")
    tenant = Tenant.objects.get(id=invitation.tenant_id)
    context = _shared(tenant, invitation) | {
        "address": invitation.guest.address,
        "name": invitation.guest.name,
        "url": f"{settings.PUBLIC_URL}{reverse('admin:guests_guest_change', args=[invitation.guest_id])}",
    }
    return Message(
        to=invitation.inviter_address,
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
