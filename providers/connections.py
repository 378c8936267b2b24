"""A provider configuration made ready for its protocol: settings, secret, and the addresses that belong to it.

Knows where each kind's configuration stands: in a tenant's row, or in this installation's settings. It never asks the
provider, and hands the secret to nobody but the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from providers.kinds import BY_ID, Kind, Protocol
from providers.models import IdentityProvider, ServiceProviderKey
from providers.protocols import Connection
from providers.rules import Method
from tenants.encryption import unseal
from tenants.scope import current_tenant_id

TABLE = "providers_identityprovider"
SECRET = "sealed_secret"  # noqa: S105 -- the field's name
KEY_TABLE = "providers_serviceproviderkey"
KEY = "sealed_key"


@dataclass(frozen=True)
class Copied:
    """An address that somebody copies into the provider's settings, with the name that it has there."""

    label: str
    address: str


def is_installed(kind: Kind) -> bool:
    """Whether a built-in kind can sign anybody in here: its registration stands in the settings (README)."""
    if kind.protocol is Protocol.NONE:
        return True
    return bool(_registration(kind)[0])


def connection_of(*, kind_id: str, provider_id: UUID | None) -> Connection | None:
    """The connection of a tenant's provider, or of a built-in kind where `provider_id` is None; None when it is gone,
    switched off or not set up here. Raises CannotSeal when its secret cannot be read."""
    kind = BY_ID.get(kind_id)
    if kind is None or kind.protocol is Protocol.NONE:
        return None
    if provider_id is None:
        return _built_in(kind) if kind.is_built_in and is_installed(kind) else None
    row = IdentityProvider.objects.filter(id=provider_id, kind=kind_id, is_enabled=True).first()
    return None if row is None else connection_to(row)


def connection_to(row: IdentityProvider) -> Connection:
    """The connection of this row, switched on or not. Raises CannotSeal, and LookupError for a kind that is no more."""
    kind = BY_ID[row.kind]
    tenant_id = current_tenant_id()
    key = ServiceProviderKey.objects.first() if kind.protocol in (Protocol.SAML, Protocol.WS_FEDERATION) else None
    return Connection(
        kind=kind,
        name=row.name,
        provider_id=row.id,
        return_url=return_url(kind=kind, tenant_id=tenant_id, provider_id=row.id),
        settings={str(name): str(value) for name, value in row.settings.items()},
        secret=unseal(row.sealed_secret, tenant_id=tenant_id, table=TABLE, row_id=row.id, field=SECRET)
        if row.sealed_secret
        else "",
        domains=tuple(row.domains.order_by("domain").values_list("domain", flat=True)),
        entity_id="" if kind.protocol is Protocol.OIDC else entity_id(tenant_id=tenant_id),
        signing_key=unseal(key.sealed_key, tenant_id=tenant_id, table=KEY_TABLE, row_id=key.id, field=KEY)
        if key
        else "",
        certificate=key.certificate if key else "",
    )


def name_of(*, kind_id: str, provider_id: UUID | None) -> str:
    """What a guest reads a provider called: the name that its tenant gave it, or the kind's."""
    if provider_id is not None:
        name = IdentityProvider.objects.filter(id=provider_id).values_list("name", flat=True).first()
        if name is not None:
            return name
    kind = BY_ID.get(kind_id)
    return kind.name if kind is not None else "The provider"


def return_url(*, kind: Kind, tenant_id: UUID, provider_id: UUID | None) -> str:
    """Where answers come back to: one redirect URI for each OpenID Connect configuration, one consumer for a tenant."""
    if kind.is_built_in:
        return f"{settings.PUBLIC_URL}/return/{kind.id}"
    if kind.protocol is Protocol.SAML:
        return f"{settings.PUBLIC_URL}/{tenant_id}/saml/acs"
    if kind.protocol is Protocol.WS_FEDERATION:
        return f"{settings.PUBLIC_URL}/{tenant_id}/wsfed"
    return f"{settings.PUBLIC_URL}/{tenant_id}/return/{provider_id}"


def entity_id(*, tenant_id: UUID) -> str:
    """The tenant's name as a SAML service provider and as a WS-Federation realm, and its metadata's address."""
    return f"{settings.PUBLIC_URL}/{tenant_id}/saml/metadata"


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


def _built_in(kind: Kind) -> Connection:
    client_id, secret = _registration(kind)
    return Connection(
        kind=kind,
        name=kind.name,
        provider_id=None,
        return_url=return_url(kind=kind, tenant_id=current_tenant_id(), provider_id=None),
        settings={"client_id": client_id, "authority": settings.ENTRA_AUTHORITY},
        secret=secret,
    )


def _registration(kind: Kind) -> tuple[str, str]:
    registrations = {
        Method.ENTRA_ID: (settings.ENTRA_CLIENT_ID, settings.ENTRA_CLIENT_SECRET),
        Method.MICROSOFT_ACCOUNT: (settings.MICROSOFT_ACCOUNT_CLIENT_ID, settings.MICROSOFT_ACCOUNT_CLIENT_SECRET),
    }
    return registrations.get(kind.method, ("", ""))


def _reply(kind: Kind, tenant_id: UUID, provider_id: UUID) -> str:
    return return_url(kind=kind, tenant_id=tenant_id, provider_id=provider_id)
