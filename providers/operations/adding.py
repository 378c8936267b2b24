"""Adding a provider of the tenant's own. A provider's secret goes in here sealed, and into nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from providers.connections import SECRET, TABLE
from providers.kinds import Protocol
from providers.models import IdentityProvider, IdentityProviderDomain
from providers.operations.drafts import NO_KEY, Mistake, check_place, drafted, kind_to_add
from providers.operations.metadata import with_metadata
from providers.operations.registry import SUBJECT
from providers.operations.settings import lock_settings, refuse
from providers.operations.signing_key import ensure_signing_key
from tenants.audit import Actor, record
from tenants.encryption import CannotSeal, seal
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id

ADDED = "identity_provider.added"


def add_identity_provider(
    *,
    kind: str,
    name: str,
    domains: Sequence[str],
    settings: Mapping[str, str] | None = None,
    secret: str = "",
    provider_id: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> IdentityProvider | Refusal:
    """Add a provider of the tenant, switched on, with the domains that it answers for. Orders stay as stored (R31).

    Call it outside any transaction: a federation's metadata may have to be fetched. `settings` are what the kind asks
    for, by name; `secret` is its one secret, stored sealed; `provider_id` is the id whose redirect URI was shown
    already, a new one without it. Refuses with E-INPUT: an id that is taken, an unknown or built-in kind, a second
    provider of a kind that there is one of, a name that is empty or taken, domains missing, not wanted, malformed or
    bound to another provider, settings that the kind finds a mistake in, a secret that is missing, something to keep
    secret where there is no key to seal it with, and metadata that cannot be read or used.
    """
    said = _Said(kind, name, domains, settings or {}, secret)
    return _put_in(said, provider_id=provider_id, is_enabled=True, actor=actor, now=now)


def prepare_identity_provider(
    *,
    kind: str,
    name: str,
    domains: Sequence[str],
    settings: Mapping[str, str] | None = None,
    secret: str = "",
    provider_id: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> IdentityProvider | Refusal:
    """The same, switched off: nobody redeems otherwise before it is switched on (R62). Refuses the same."""
    said = _Said(kind, name, domains, settings or {}, secret)
    return _put_in(said, provider_id=provider_id, is_enabled=False, actor=actor, now=now)


@dataclass(frozen=True)
class _Said:
    """What was typed."""

    kind: str
    name: str
    domains: Sequence[str]
    settings: Mapping[str, str]
    secret: str


def _put_in(
    said: _Said, *, provider_id: UUID | None, is_enabled: bool, actor: Actor, now: datetime
) -> IdentityProvider | Refusal:
    secret = said.secret
    try:
        found = kind_to_add(said.kind)
        draft = drafted(kind=found, name=said.name, domains=said.domains, settings=said.settings, secret=secret)
        wanted = next((one for one in found.settings if one.is_secret and one.is_required), None)
        if wanted is not None and not secret:
            raise Mistake(f"{wanted.label} is missing.")
        draft, ends_at = with_metadata(draft)
        if found.protocol is Protocol.SAML:
            _have_signing_key(now)
        with transaction.atomic():
            lock_settings()
            check_place(draft, provider_id=None)
            if provider_id is not None and IdentityProvider.objects.filter(id=provider_id).exists():
                raise Mistake("This form was sent before. Begin with a new one: it has a redirect URI of its own.")
            tenant_id = current_tenant_id()
            provider = IdentityProvider(
                id=provider_id or uuid4(),
                tenant_id=tenant_id,
                kind=found.id,
                name=draft.name,
                is_enabled=is_enabled,
                is_bound_to_domains=found.is_bound_to_domains,
                settings=dict(draft.settings),
                certificates_end_at=ends_at,
            )
            if secret:
                provider.sealed_secret = seal(
                    secret, tenant_id=tenant_id, table=TABLE, row_id=provider.id, field=SECRET
                )
            provider.save(force_insert=True)
            IdentityProviderDomain.objects.bulk_create(
                IdentityProviderDomain(tenant_id=tenant_id, provider=provider, domain=one) for one in draft.domains
            )
            details: dict[str, object] = {"kind": found.id, "name": draft.name, "domains": list(draft.domains)}
            if not is_enabled:
                details["is_enabled"] = False
            record(actor=actor, action=ADDED, at=now, subject_kind=SUBJECT, subject_id=provider.id, details=details)
            return provider
    except Mistake as mistake:
        return refuse(code=Code.INPUT, reason=str(mistake), action=ADDED, actor=actor, now=now)


def _have_signing_key(now: datetime) -> None:
    """Requests are signed from the first one on, and the partner is given the certificate before that."""
    try:
        ensure_signing_key(now=now)
    except CannotSeal:
        raise Mistake(NO_KEY) from None
