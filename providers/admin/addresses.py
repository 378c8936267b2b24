"""What an administrator copies from here into the provider's own settings. Addresses only; it never knows a secret."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from providers.connections import entity_id, return_url
from providers.kinds import Kind, Protocol


@dataclass(frozen=True)
class Copied:
    """An address with the name that provider's settings have for it."""

    label: str
    address: str


def addresses_of(kind: Kind, *, tenant_id: UUID, provider_id: UUID, is_added: bool) -> list[Copied]:
    """What the provider has to be told, before it is added here and after."""
    if kind.protocol is Protocol.SAML:
        return [
            Copied("Entity ID (audience)", entity_id(tenant_id=tenant_id)),
            Copied("Reply address (assertion consumer service)", _reply(kind, tenant_id, provider_id)),
            # The key that it shows is made with the tenant's first such provider.
            Copied(
                "Metadata address" if is_added else "Metadata address, once the provider is added",
                entity_id(tenant_id=tenant_id),
            ),
        ]
    if kind.protocol is Protocol.WS_FEDERATION:
        return [
            Copied("Realm (wtrealm)", entity_id(tenant_id=tenant_id)),
            Copied("Reply address (wreply)", _reply(kind, tenant_id, provider_id)),
        ]
    return [Copied("Redirect URI", _reply(kind, tenant_id, provider_id))]


def _reply(kind: Kind, tenant_id: UUID, provider_id: UUID) -> str:
    return return_url(kind=kind, tenant_id=tenant_id, provider_id=provider_id)
