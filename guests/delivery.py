"""The invitation's mail (R51).

Knows how an invitation becomes a message, and when it no longer should. The link is derived here, in the worker: it
was never stored and never travelled.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.template.loader import render_to_string

from guests import tickets
from guests.models import Invitation
from outbox.delivery import Message, Nothing
from tenants.addresses import canonical
from tenants.colours import brand
from tenants.models import Tenant


def render_invitation(subject_id: UUID) -> Message | Nothing:
    """The mail of an invitation that is still live; nothing for one that was ended, or whose guest is gone."""
    invitation = Invitation.objects.select_related("guest").filter(id=subject_id).first()
    if invitation is None or invitation.ended_at is not None:
        return Nothing("dropped", "The invitation was ended before it was mailed.")
    if invitation.guest.deleted_at is not None:
        return Nothing("dropped", "The guest was deleted before the invitation was mailed.")
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
    context = {
        "tenant": {
            "name": tenant.name,
            "domain": tenant.primary_domain,
            "privacy_url": tenant.privacy_statement_url,
        },
        "colours": brand(tenant.colour),
        "address": canonical(invitation.guest.address).key,
        "inviter": invitation.inviter_name,
        "inviter_address": invitation.inviter_address,
        "application": invitation.resource_name,
        "message": invitation.message,
        "url": tickets.link(tenant_domain=tenant.primary_domain, secret=secret),
        "expires_at": invitation.expires_at,
        "now": datetime.now(UTC),
    }
    return Message(
        to=invitation.guest.address,
        subject=render_to_string("email/invitation/subject.txt", context).strip(),
        text=render_to_string("email/invitation/body.txt", context),
        html=render_to_string("email/invitation/body.html", context),
        from_name=tenant.sender_name or tenant.name,
        reply_to=invitation.inviter_address,
        cc=invitation.cc,
        language=invitation.language or invitation.guest.language or tenant.language,
    )
