"""What is known about an address before anybody proves anything: the tenant's rows and lists, and what Entra ID says.

Knows which source answers for which kind (R34). It never looks at a guest, never decides, which is rules.decide(), and
must not be called inside a transaction: a domain may have to be looked up.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from providers.connections import is_installed
from providers.kinds import BY_ID, CONSUMER_DOMAINS
from providers.lookups import CONSUMERS, directory_at
from providers.models import (
    EmailPasscodePolicy,
    IdentityProvider,
    IdentityProviderDomain,
    KnownAccountDomain,
    RedemptionOrder,
    RedemptionPolicy,
    SeenMicrosoftAccount,
)
from providers.rules import (
    GOOGLE_DOMAINS,
    Answer,
    Bound,
    Fallback,
    Knowledge,
    Method,
    Order,
    PasscodeState,
    Primary,
    Provider,
    SignInFacts,
)
from tenants.addresses import Address, AddressRefused, canonical
from tenants.models import Tenant
from tenants.scope import current_tenant_id

NO_PROVIDER = UUID(int=0)
"""An id that no row has."""

BUILT_IN = frozenset({Method.PASSCODE, Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT})
"""Methods whose guests depend on no provider that the tenant could remove. Passcodes have a switch of their own."""

MOST_CLAIMED = 8
"""Addresses of one token that are looked at; more is no person, but somebody who lets us ask around."""

SEEN_HERE = Knowledge(Answer.YES, "This installation has seen a Microsoft account with this address.")
"""What the holder of a live link to an address may be told of it, and an administrator (R19)."""

NEVER_ENTRA_ID = frozenset({*CONSUMER_DOMAINS, *GOOGLE_DOMAINS})
"""Domains that give mailboxes to everybody: what Entra ID says of them is no sign of an organisation's accounts."""


def gather_facts(
    *,
    address: Address,
    bound: Method | None,
    now: datetime,
    bound_provider_id: UUID | None = None,
    skipped: frozenset[Method] = frozenset(),
    chosen: Method | None = None,
    is_link_held: bool = False,
) -> SignInFacts:
    """The facts about this address in the open tenant: one statement, and where needed a look-up of its domain.

    `bound` is the method that the guest redeemed with, None for whoever has not redeemed and for strangers;
    `bound_provider_id` names its provider. `skipped` and `chosen` are what the person said in this sign-in.
    `is_link_held` says that the person holds a live link to this address: nobody else's facts may tell what this
    installation has seen of it (R19), and nobody else is spared the look-up for being bound, or its time would tell.
    `now` is when; the lists do not age, so it changes nothing yet. Raises OutsideScope.
    """
    read = _read(address, bound_provider_id, is_link_held)
    policy = read["policy"] or {}
    listed = read["listed"]
    providers = tuple(_provider(one) for one in read["providers"])
    return SignInFacts(
        domain=address.domain,
        entra_id=_entra_id(address.domain, listed, is_bound=bound is not None and is_link_held),
        microsoft_account=_microsoft_account(address.domain, listed, is_seen=read["is_seen"]),
        passcodes=PasscodeState(read["passcodes"] or PasscodeState.DEFAULT),
        is_microsoft_account_enabled=policy.get("is_microsoft_account_enabled", True),
        is_skipping_allowed=policy.get("is_skipping_allowed", True),
        order=_order(read["order"]) if read["order"] else Order(),
        federation=_provider(read["federation"]) if read["federation"] else None,
        providers=providers,
        bound=None if bound is None else _bound(bound, bound_provider_id, read["bound"], providers),
        skipped=skipped,
        chosen=chosen,
        is_entra_id_installed=is_installed(BY_ID[Method.ENTRA_ID]),
        is_microsoft_account_installed=is_installed(BY_ID[Method.MICROSOFT_ACCOUNT]),
    )


def _read(address: Address, bound_provider_id: UUID | None, is_link_held: bool) -> dict[str, Any]:
    """One row: the tenant, with everything that is stored for it and the domain beside it."""
    domain = address.domain
    digest = address_hash(address.key) if is_link_held else ""
    here = Q(tenant_id=OuterRef("pk"))
    provider = JSONObject(id="id", kind="kind", name="name", is_enabled="is_enabled")
    of_domain = JSONObject(
        id="provider__id", kind="provider__kind", name="provider__name", is_enabled="provider__is_enabled"
    )
    policy = JSONObject(
        is_microsoft_account_enabled="is_microsoft_account_enabled", is_skipping_allowed="is_skipping_allowed"
    )
    order = JSONObject(partner_domain="partner_domain", primaries="primaries", fallback="fallback")
    rows = Tenant.objects.filter(pk=current_tenant_id()).values(
        passcodes=Subquery(EmailPasscodePolicy.objects.filter(here).values("state")[:1]),
        policy=Subquery(RedemptionPolicy.objects.filter(here).values_list(policy)[:1]),
        # The partner domain's order comes before the tenant's own, whose partner_domain is "".
        order=Subquery(
            RedemptionOrder.objects.filter(here, partner_domain__in=("", domain))
            .order_by("-partner_domain")
            .values_list(order)[:1]
        ),
        federation=Subquery(IdentityProviderDomain.objects.filter(here, domain=domain).values_list(of_domain)[:1]),
        providers=ArraySubquery(
            IdentityProvider.objects.filter(here).exclude(is_bound_to_domains=True).values_list(provider)
        ),
        bound=Subquery(
            IdentityProvider.objects.filter(here, pk=bound_provider_id or NO_PROVIDER).values("is_enabled")[:1]
        ),
        listed=ArraySubquery(KnownAccountDomain.objects.filter(here, domain=domain).values("kind")),
        is_seen=Exists(SeenMicrosoftAccount.objects.filter(address_hash=digest)),
    )
    return cast(QuerySet[Tenant, dict[str, Any]], rows).get()


def address_hash(address_key: str) -> str:
    """What is kept of an address that was seen with a Microsoft account."""
    return hashlib.sha256(address_key.encode()).hexdigest()


def _known(method: Method, domain: str, listed: list[str]) -> Knowledge:
    return BY_ID[method].has_account(domain=domain, is_listed=method in listed)


def _entra_id(domain: str, listed: list[str], *, is_bound: bool) -> Knowledge:
    """The tenant's list first; a look-up where that says nothing, it is live, and somebody could be sent there."""
    known = _known(Method.ENTRA_ID, domain, listed)
    is_asked = settings.DISCOVERY == "live" and is_installed(BY_ID[Method.ENTRA_ID]) and domain not in NEVER_ENTRA_ID
    if known.answer is Answer.YES or is_bound or not is_asked:
        return known
    return directory_at(settings.ENTRA_AUTHORITY).home_of(domain).known


def _microsoft_account(domain: str, listed: list[str], *, is_seen: bool) -> Knowledge:
    known = _known(Method.MICROSOFT_ACCOUNT, domain, listed)
    return SEEN_HERE if known.answer is not Answer.YES and is_seen else known


def _order(row: dict[str, Any]) -> Order:
    return Order(tuple(Primary(one) for one in row["primaries"]), Fallback(row["fallback"]), row["partner_domain"])


def _provider(row: dict[str, Any]) -> Provider:
    return Provider(UUID(row["id"]), row["kind"], row["name"], row["is_enabled"])


def _bound(method: Method, provider_id: UUID | None, is_enabled: bool | None, providers: tuple[Provider, ...]) -> Bound:
    """The binding, and whether its provider still stands: by its id, or by its kind where there can be one only."""
    if method in BUILT_IN:
        return Bound(method, is_allowed=is_installed(BY_ID[method]), provider_id=provider_id)
    if provider_id is not None:
        return Bound(method, is_allowed=bool(is_enabled), provider_id=provider_id)
    return Bound(method, is_allowed=any(one.kind == method and one.is_enabled for one in providers))


def verified_at_home(*, claimed: tuple[str, ...], home: str) -> tuple[str, ...]:
    """The address keys among `claimed` whose domain's own OpenID configuration names the Entra tenant `home` (R36).

    Asked whatever DISCOVERY says, since who signs in there has a network; what cannot be found out is not verified, and
    the tenant of all personal accounts is nobody's home. Outside any transaction.
    """
    verified: dict[str, None] = {}
    if home.lower() == CONSUMERS:
        return ()
    for text in claimed[:MOST_CLAIMED]:
        try:
            address = canonical(text)
        except AddressRefused:
            continue
        if address.domain in NEVER_ENTRA_ID:
            continue
        found = directory_at(settings.ENTRA_AUTHORITY).home_of(address.domain)
        if found.tenant_id and found.tenant_id == home.lower():
            verified[address.key] = None
    return tuple(verified)
