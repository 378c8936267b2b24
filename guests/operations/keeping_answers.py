"""Keeping what a provider posted, until the browser comes for it with its cookie.

Knows that the post proves nothing: it is kept for a flow that waits for it and whose state it carries, once for each
flow. It must never be read as anything but text here.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models.functions import Now

from guests.models import ProviderAnswer, SignInFlow
from guests.operations.flows import Asker, count_answer
from providers.handshakes import handshake, is_of, named_by
from providers.kinds import BY_ID, Protocol
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

NAMES = {Protocol.SAML: ("SAMLResponse", "RelayState"), Protocol.WS_FEDERATION: ("wresult", "wctx")}
"""What the protocols call the answer and the state."""

LARGEST = 400 * 1024
"""Characters: 256 KiB in base64, with room for line breaks. The protocol measures what is inside."""


def keep_answer(*, tenant: Tenant, protocol: Protocol, state: str, body: str, asker: Asker) -> UUID | Refusal | None:
    """Keep the body for the flow that the state names; returns the flow's id.

    None where nothing waits for it: unsolicited, another tenant's, ended, over, or of another protocol. A second post
    takes the place of the first. Refuses E-INPUT for what is empty or too large, and E-WAIT (R17).
    """
    named = named_by(state)
    if named is None or named.tenant_id != tenant.id:
        return None
    flow = SignInFlow.objects.filter(
        id=named.flow_id, ended_at__isnull=True, identity__isnull=True, expires_at__gt=Now()
    ).first()
    if flow is None or flow.kind not in BY_ID or BY_ID[flow.kind].protocol is not protocol:
        return None
    if flow.handshake_key_id is None or flow.handshake_salt is None:
        return None
    try:
        shake = handshake(
            tenant_id=tenant.id, flow_id=flow.id, key_id=flow.handshake_key_id, salt=bytes(flow.handshake_salt)
        )
    except LookupError:
        return None
    if not is_of(shake, state):
        return None
    if not body or len(body) > LARGEST or "\0" in body:
        return Refusal(Code.INPUT, reason="The provider's answer is empty or too large.")
    if waits := count_answer(flow=flow, step="post", asker=asker):
        return waits
    ProviderAnswer.objects.update_or_create(
        flow_id=flow.id, defaults={"tenant_id": tenant.id, "body": body, "received_at": Now()}
    )
    return flow.id


def take_answer(*, flow: SignInFlow) -> dict[str, str] | None:
    """The parameters that were posted for this flow, once: they are gone afterwards. None where there are none.

    The state is the flow's own: what was posted was compared with it when it was kept.
    """
    if flow.kind not in BY_ID or flow.handshake_key_id is None or flow.handshake_salt is None:
        return None
    names = NAMES.get(BY_ID[flow.kind].protocol)
    answer = ProviderAnswer.objects.filter(flow_id=flow.id).first()
    if names is None or answer is None:
        return None
    answer.delete()
    try:
        shake = handshake(
            tenant_id=flow.tenant_id, flow_id=flow.id, key_id=flow.handshake_key_id, salt=bytes(flow.handshake_salt)
        )
    except LookupError:
        return None
    return {names[0]: answer.body, names[1]: shake.state}
