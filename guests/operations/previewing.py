"""The mail of an invitation before there is one (R51).

Knows how typed words become the mail that they would be. It stores nothing, sends nothing and makes no link.
"""

from __future__ import annotations

from datetime import datetime

from guests import tickets
from guests.delivery import copy_message, invitation_message
from guests.models import Guest
from guests.operations.drafting import draft_invitation
from guests.operations.inviting import Details, Inviter
from guests.operations.mailing import has_copy
from outbox.delivery import Message
from tenants.addresses import Address
from tenants.models import Tenant

STAND_IN = "the-link-is-made-when-you-invite"
"""In the place of a ticket. No ticket looks so."""


def preview_invitation(
    *, tenant: Tenant, address: Address, details: Details, inviter: Inviter, now: datetime
) -> tuple[Message, Message | None]:
    """The mail as it would leave now, with a link that opens nothing, and its copy where one is wanted."""
    guest = Guest(tenant_id=tenant.id, address=address.to_send, address_key=address.key, name=details.name)
    invitation, _ = draft_invitation(tenant=tenant, guest=guest, details=details, inviter=inviter, now=now)
    link = tickets.link(tenant_domain=tenant.primary_domain, secret=STAND_IN)
    copy = copy_message(tenant=tenant, invitation=invitation) if has_copy(invitation) else None
    return invitation_message(tenant=tenant, invitation=invitation, link=link), copy
