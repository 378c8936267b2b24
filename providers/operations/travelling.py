"""A round trip to a provider: out with a handshake, back with an identity, or with the reason why there is none.

Knows how a protocol's failures become refusals. It never writes a guest's row and calls the network outside any
transaction only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db.models.functions import Now

from providers.connections import connection_of
from providers.discovery import address_hash, verified_at_home
from providers.models import SeenMicrosoftAccount, SpentAssertion
from providers.protocols import (
    PROTOCOLS,
    AssertionRefused,
    Connection,
    Handshake,
    ProviderDeclined,
    ProviderFailed,
)
from providers.rules import Asserted
from tenants.encryption import CannotSeal
from tenants.leaving import LONGEST_WAY_OUT
from tenants.origins import rebuilt
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser leaves to, and the provider's name for the page that it leaves by."""

    url: str
    name: str


def depart(
    *, kind_id: str, provider_id: UUID | None, handshake: Handshake, hint: str, is_fresh: bool, now: datetime
) -> Departure | Refusal:
    """The way out to a provider; `hint` is the expected address. Outside any transaction: it may ask the network.

    Refuses E-PROVIDER when the provider is gone, switched off, not set up or does not answer.
    """
    connection = _connection(kind_id, provider_id)
    if isinstance(connection, Refusal):
        return connection
    try:
        url = PROTOCOLS[connection.kind.protocol].departure(
            connection=connection, handshake=handshake, hint=hint, is_fresh=is_fresh, now=now
        )
    except ProviderFailed as failed:
        return Refusal(Code.PROVIDER, reason=f"{connection.name}: {failed}")
    if rebuilt(url, longest=LONGEST_WAY_OUT) is None:
        reason = f"{connection.name}: its sign-on address cannot be used. Every browser has to read it alike."
        return Refusal(Code.PROVIDER, reason=reason)
    return Departure(url, connection.name)


def arrive(
    *, kind_id: str, provider_id: UUID | None, handshake: Handshake, answer: dict[str, str], now: datetime
) -> Asserted | Refusal:
    """Who came back, with the addresses that this provider may vouch for. Outside any transaction.

    Refuses E-PROVIDER (it failed, or what it said proves nothing) and E-DECLINED (the person cancelled there).
    """
    connection = _connection(kind_id, provider_id)
    if isinstance(connection, Refusal):
        return connection
    try:
        asserted = PROTOCOLS[connection.kind.protocol].arrival(
            connection=connection, handshake=handshake, answer=answer, now=now
        )
    except ProviderDeclined as declined:
        return Refusal(Code.DECLINED, reason=f"{connection.name}: {declined}")
    except (ProviderFailed, AssertionRefused) as failed:
        return Refusal(Code.PROVIDER, reason=f"{connection.name}: {failed}")
    if asserted.home:
        return replace(asserted, verified=verified_at_home(claimed=asserted.claimed, home=asserted.home))
    return asserted


def spend_assertion(*, asserted: Asserted) -> bool:
    """Use an assertion up, inside the caller's transaction; False when it was used before (B15)."""
    if not asserted.replay_key:
        return True
    until = datetime.fromtimestamp(asserted.replay_until, UTC)
    spent = SpentAssertion(
        tenant_id=current_tenant_id(), digest=hashlib.sha256(asserted.replay_key.encode()).hexdigest(), expires_at=until
    )
    made = SpentAssertion.objects.bulk_create([spent], ignore_conflicts=True)
    return SpentAssertion.objects.filter(id=made[0].id).exists()


def remember_microsoft_account(*, address_key: str) -> None:
    """Note that this address has a Microsoft account, for later redemptions anywhere on this installation (R34)."""
    SeenMicrosoftAccount.objects.update_or_create(address_hash=address_hash(address_key), defaults={"seen_at": Now()})


def _connection(kind_id: str, provider_id: UUID | None) -> Connection | Refusal:
    try:
        connection = connection_of(kind_id=kind_id, provider_id=provider_id)
    except CannotSeal as error:
        return Refusal(Code.PROVIDER, reason=str(error))
    if connection is None:
        return Refusal(Code.PROVIDER, reason="The provider is gone, switched off or not set up on this installation.")
    return connection
