"""The facts as a change of the tenant's own providers, or of the lists of domains, would make them (R3, R34, R62).

Knows which domains such a change is about. Pages and commands ask foreseeing.outlook() with these; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from guests.operations.foreseeing import Change
from providers.kinds import BY_ID
from providers.models import IdentityProvider, KnownAccountDomain
from providers.rules import GOOGLE_DOMAINS, Method, Provider, SignInFacts


def domains_of(provider: IdentityProvider) -> list[str]:
    """The domains whose guests redeem with it: its own, or Google's two; none where it serves sign-up only (R33)."""
    if provider.is_bound_to_domains:
        return sorted(one.domain for one in provider.domains.all())
    return list(GOOGLE_DOMAINS) if provider.kind == Method.GOOGLE else []


def without_provider(provider_id: UUID) -> Change:
    """The facts when this provider answers no more."""
    return lambda facts: replace(
        facts,
        federation=None if facts.federation and facts.federation.id == provider_id else facts.federation,
        providers=tuple(one for one in facts.providers if one.id != provider_id),
    )


def with_provider(provider_id: UUID) -> Change:
    """The facts when this provider is on."""

    def switched(one: Provider) -> Provider:
        return replace(one, is_enabled=True) if one.id == provider_id else one

    return lambda facts: replace(
        facts,
        federation=switched(facts.federation) if facts.federation else None,
        providers=tuple(map(switched, facts.providers)),
    )


def with_domains(provider: IdentityProvider, domains: Collection[str]) -> Change:
    """The facts when the provider answers for these domains and for no others."""
    wanted = frozenset(domains)
    asked = Provider(provider.pk, provider.kind, provider.name, provider.is_enabled)

    def changed(facts: SignInFacts) -> SignInFacts:
        if facts.domain in wanted:
            return replace(facts, federation=facts.federation or asked)
        is_its = facts.federation is not None and facts.federation.id == provider.pk
        return replace(facts, federation=None) if is_its else facts

    return changed


def with_known_domains(
    kind: KnownAccountDomain.Kind, *, added: Collection[str] = (), removed: Collection[str] = ()
) -> Change:
    """The facts when the list of this kind has these domains, and these others no more."""
    coming, going = frozenset(added), frozenset(removed)

    def changed(facts: SignInFacts) -> SignInFacts:
        if facts.domain not in coming | going:
            return facts
        known = BY_ID[kind.value].has_account(domain=facts.domain, is_listed=facts.domain in coming)
        is_entra = kind is KnownAccountDomain.Kind.ENTRA_ID
        return replace(facts, entra_id=known) if is_entra else replace(facts, microsoft_account=known)

    return changed
