"""The tenant's own providers and its lists of domains with accounts. It never reaches a provider over the network."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from providers.connections import SECRET, TABLE
from providers.kinds import BY_ID, Kind
from providers.models import IdentityProvider, IdentityProviderDomain, KnownAccountDomain
from providers.operations.settings import Change, lock_settings, refuse
from tenants.addresses import AddressRefused, canonical_domain
from tenants.audit import Actor, record
from tenants.encryption import can_seal, seal
from tenants.refusals import Code, Refusal
from tenants.scope import current_tenant_id

ADDED = "identity_provider.added"
REMOVED = "identity_provider.removed"
SWITCHED = "identity_provider.switched"
LISTED = "known_domain.added"
SUBJECT = "identity_provider"


def add_identity_provider(
    *,
    kind: str,
    name: str,
    domains: Sequence[str],
    settings: Mapping[str, str] | None = None,
    secret: str = "",
    actor: Actor,
    now: datetime,
) -> IdentityProvider | Refusal:
    """Add a provider of the tenant, switched on, with the domains that it answers for.

    `settings` are what the kind asks for, by name; `secret` is its one secret, stored sealed. Refuses with E-INPUT: an
    unknown or built-in kind, a second provider of a kind that there is one of, a name that is empty or taken, domains
    missing, not wanted, malformed or bound to another provider, settings that the kind finds a mistake in, and a
    secret where there is no key to seal it with.
    """
    with transaction.atomic():
        lock_settings()
        found = BY_ID.get(kind)
        given = dict(settings or {})
        try:
            bound = tuple(dict.fromkeys(canonical_domain(one) for one in domains))
            mistake = _mistake(found, kind, name, bound) or _mistake_in_settings(found, given, secret)
        except AddressRefused as refused:
            mistake = refused.reason
        if mistake is not None or found is None:
            return refuse(code=Code.INPUT, reason=mistake or "", action=ADDED, actor=actor, now=now)
        tenant_id = current_tenant_id()
        provider = IdentityProvider(
            tenant_id=tenant_id,
            kind=found.id,
            name=name,
            is_bound_to_domains=found.is_bound_to_domains,
            settings=given,
        )
        if secret:
            provider.sealed_secret = seal(secret, tenant_id=tenant_id, table=TABLE, row_id=provider.id, field=SECRET)
        provider.save(force_insert=True)
        IdentityProviderDomain.objects.bulk_create(
            IdentityProviderDomain(tenant_id=tenant_id, provider=provider, domain=one) for one in bound
        )
        details = {"kind": kind, "name": name, "domains": list(bound)}
        record(actor=actor, action=ADDED, at=now, subject_kind=SUBJECT, subject_id=provider.id, details=details)
        return provider


def enable_identity_provider(*, provider_id: UUID, actor: Actor, now: datetime) -> Change[bool] | Refusal:
    """Ask this provider at later redemptions, and let its guests in again. Refuses with E-INPUT when it is gone."""
    return _switch(provider_id, True, actor=actor, now=now)


def disable_identity_provider(*, provider_id: UUID, actor: Actor, now: datetime) -> Change[bool] | Refusal:
    """Stop asking this provider; its guests cannot sign in until it is on again or they are reset (R3).

    Refuses with E-INPUT when it is gone.
    """
    return _switch(provider_id, False, actor=actor, now=now)


def remove_identity_provider(*, provider_id: UUID, actor: Actor, now: datetime) -> str | Refusal:
    """Remove a provider and free its domains; its guests wait for a reset (R3). Returns the name that it had.

    Refuses with E-INPUT when it is gone.
    """
    with transaction.atomic():
        lock_settings()
        provider = IdentityProvider.objects.filter(pk=provider_id).first()
        if provider is None:
            return refuse(code=Code.INPUT, reason=GONE, action=REMOVED, actor=actor, now=now)
        domains = list(provider.domains.order_by("domain").values_list("domain", flat=True))
        provider.delete()
        details = {"kind": provider.kind, "name": provider.name, "domains": domains}
        record(actor=actor, action=REMOVED, at=now, subject_kind=SUBJECT, subject_id=provider_id, details=details)
        return provider.name


def add_known_account_domain(
    *, domain: str, kind: KnownAccountDomain.Kind, actor: Actor, now: datetime
) -> Change[bool] | Refusal:
    """List a domain whose addresses have such accounts (R34); listed already changes nothing.

    Refuses with E-INPUT what is no domain.
    """
    with transaction.atomic():
        lock_settings()
        try:
            name = canonical_domain(domain)
        except AddressRefused as refused:
            return refuse(code=Code.INPUT, reason=refused.reason, action=LISTED, actor=actor, now=now)
        _, is_new = KnownAccountDomain.objects.get_or_create(tenant_id=current_tenant_id(), domain=name, kind=kind)
        if is_new:
            record(actor=actor, action=LISTED, at=now, details={"domain": name, "kind": kind.value})
        return Change(not is_new, True)


def remove_known_account_domain(
    *, domain: str, kind: KnownAccountDomain.Kind, actor: Actor, now: datetime
) -> Change[bool]:
    """Take a domain off the list; not listed changes nothing. `domain` as it is stored."""
    with transaction.atomic():
        lock_settings()
        deleted, _ = KnownAccountDomain.objects.filter(domain=domain, kind=kind).delete()
        if deleted:
            record(actor=actor, action="known_domain.removed", at=now, details={"domain": domain, "kind": kind.value})
        return Change(bool(deleted), False)


GONE = "There is no such provider any more."


def _switch(provider_id: UUID, after: bool, *, actor: Actor, now: datetime) -> Change[bool] | Refusal:
    with transaction.atomic():
        lock_settings()
        provider = IdentityProvider.objects.filter(pk=provider_id).first()
        if provider is None:
            return refuse(code=Code.INPUT, reason=GONE, action=SWITCHED, actor=actor, now=now)
        before = provider.is_enabled
        if before is not after:
            IdentityProvider.objects.filter(pk=provider_id).update(is_enabled=after)
            details = {"name": provider.name, "before": before, "after": after}
            record(actor=actor, action=SWITCHED, at=now, subject_kind=SUBJECT, subject_id=provider_id, details=details)
        return Change(before, after)


def _mistake_in_settings(found: Kind | None, given: Mapping[str, str], secret: str) -> str | None:
    if found is None:
        return None
    if secret and not can_seal():
        return "Secrets cannot be kept yet: the operator has to set PROVIDER_KEYS, as the README says."
    return found.mistake(given)


def _mistake(found: Kind | None, kind: str, name: str, domains: Sequence[str]) -> str | None:
    """What is wrong with a provider that is to be added, as a sentence naming the fix."""
    if found is None or found.is_built_in:
        return f"'{kind}' is no kind of provider that a tenant can add."
    if not name.strip() or len(name) > 100:
        return "Give the provider a name of at most 100 characters."
    if IdentityProvider.objects.filter(name=name).exists():
        return f"A provider called {name} exists already. Choose another name."
    if not found.is_bound_to_domains:
        if domains:
            return f"{found.name} answers for its own domains; leave the domains out."
        if IdentityProvider.objects.filter(kind=found.id).exists():
            return f"{found.name} is set up already. Change or remove that one."
        return None
    if not domains:
        return "Name at least one domain that the provider answers for."
    taken = IdentityProviderDomain.objects.filter(domain__in=domains).select_related("provider").first()
    if taken is not None:
        return f"{taken.domain} belongs to {taken.provider.name} already. A domain has one provider."
    return None
