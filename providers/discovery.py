"""What is known about an address before anybody proves anything: the tenant's own rows and lists, in one statement.

It never asks a network, never looks at a guest, and never decides: that is rules.decide(). (R34)
"""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from providers.kinds import BY_ID
from providers.models import (
    EmailPasscodePolicy,
    IdentityProvider,
    IdentityProviderDomain,
    KnownAccountDomain,
    RedemptionOrder,
    RedemptionPolicy,
)
from providers.rules import Bound, Fallback, Knowledge, Method, Order, PasscodeState, Primary, Provider, SignInFacts
from tenants.addresses import Address
from tenants.models import Tenant
from tenants.scope import current_tenant_id

NO_PROVIDER = UUID(int=0)
"""An id that no row has."""

ALWAYS_THERE = frozenset({Method.PASSCODE, Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT})
"""Methods whose guests depend on no provider that the tenant could remove. Passcodes have a switch of their own."""


def gather_facts(
    *,
    address: Address,
    bound: Method | None,
    now: datetime,
    bound_provider_id: UUID | None = None,
    skipped: frozenset[Method] = frozenset(),
    chosen: Method | None = None,
) -> SignInFacts:
    """The facts about this address in the open tenant, read in one statement.

    `bound` is the method that the guest redeemed with, None for whoever has not redeemed and for strangers;
    `bound_provider_id` names its provider. `skipped` and `chosen` are what the person said in this sign-in. `now` is
    when; the lists do not age, so it changes nothing yet. Raises OutsideScope.
    """
    read = _read(address.domain, bound_provider_id)
    policy = read["policy"] or {}
    listed = read["listed"]
    providers = tuple(_provider(one) for one in read["providers"])
    return SignInFacts(
        domain=address.domain,
        entra_id=_known(Method.ENTRA_ID, address.domain, listed),
        microsoft_account=_known(Method.MICROSOFT_ACCOUNT, address.domain, listed),
        passcodes=PasscodeState(read["passcodes"] or PasscodeState.DEFAULT),
        is_microsoft_account_enabled=policy.get("is_microsoft_account_enabled", True),
        is_skipping_allowed=policy.get("is_skipping_allowed", True),
        order=_order(read["order"]) if read["order"] else Order(),
        federation=_provider(read["federation"]) if read["federation"] else None,
        providers=providers,
        bound=None if bound is None else _bound(bound, bound_provider_id, read["bound"], providers),
        skipped=skipped,
        chosen=chosen,
    )


def _read(domain: str, bound_provider_id: UUID | None) -> dict[str, Any]:
    """One row: the tenant, with everything that is stored for it and the domain beside it."""
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
    )
    return cast(QuerySet[Tenant, dict[str, Any]], rows).get()


def _known(method: Method, domain: str, listed: list[str]) -> Knowledge:
    return BY_ID[method].has_account(domain=domain, is_listed=method in listed)


def _order(row: dict[str, Any]) -> Order:
    return Order(tuple(Primary(one) for one in row["primaries"]), Fallback(row["fallback"]), row["partner_domain"])


def _provider(row: dict[str, Any]) -> Provider:
    return Provider(UUID(row["id"]), row["kind"], row["name"], row["is_enabled"])


def _bound(method: Method, provider_id: UUID | None, is_enabled: bool | None, providers: tuple[Provider, ...]) -> Bound:
    """The binding, and whether its provider still stands: by its id, or by its kind where there can be one only."""
    if method in ALWAYS_THERE:
        return Bound(method, is_allowed=True, provider_id=provider_id)
    if provider_id is not None:
        return Bound(method, is_allowed=bool(is_enabled), provider_id=provider_id)
    return Bound(method, is_allowed=any(one.kind == method and one.is_enabled for one in providers))


def verified_at_home(*, claimed: tuple[str, ...], home: str) -> tuple[str, ...]:
    """The address keys among `claimed` whose domain's own OpenID configuration names the Entra tenant `home` (R36)."""
    return ()
