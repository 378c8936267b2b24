"""The facts of many domains at once are the facts of each (R34, R62)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers import operations
from providers.discovery import gather_facts
from providers.lookups import directory_at
from providers.models import IdentityProvider, KnownAccountDomain
from providers.rules import Answer, Fallback, Order, PasscodeState, Primary
from providers.surveying import gather_many, seen_accounts, with_account_seen
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import OutsideScope, tenant_scope

DOMAINS = ("plain.example", "entra.example", "partner.example", "ordered.example", "outlook.com", "gmail.com")


@pytest.fixture(autouse=True)
def registered(settings: Any) -> None:
    settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = "registered"
    settings.DISCOVERY = "lists"


@pytest.fixture
def arranged(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    """A row in every table that facts come from."""
    who: dict[str, Any] = {"actor": operator, "now": now}
    IdentityProvider.objects.create(tenant=in_fabrikam, kind="google", name="Google", is_bound_to_domains=False)
    saml = IdentityProvider.objects.create(tenant=in_fabrikam, kind="saml", name="Partner", is_bound_to_domains=True)
    saml.domains.create(tenant=in_fabrikam, domain="partner.example")
    operations.add_known_account_domain(domain="entra.example", kind=KnownAccountDomain.Kind.ENTRA_ID, **who)
    operations.set_email_passcode(state=PasscodeState.ENABLED, **who)
    operations.forbid_skipping(**who)
    operations.set_redemption_order(order=Order((Primary.SOCIAL,)), **who)
    order = Order((), Fallback.MICROSOFT_ACCOUNT, "ordered.example")
    operations.set_redemption_order(order=order, **who)


def one_by_one(now: datetime) -> dict[str, Any]:
    return {domain: gather_facts(address=canonical(f"a@{domain}"), bound=None, now=now) for domain in DOMAINS}


def test_R34_it_says_of_each_domain_what_is_said_of_it_alone(arranged: None, now: datetime) -> None:
    assert gather_many(domains=DOMAINS, now=now) == one_by_one(now)


def test_R34_it_says_the_same_of_a_tenant_that_never_said_anything(in_fabrikam: Tenant, now: datetime) -> None:
    assert gather_many(domains=DOMAINS, now=now) == one_by_one(now)
    assert gather_many(domains=(), now=now) == {}


def test_R62_many_domains_take_as_many_statements_as_one(arranged: None, now: datetime) -> None:
    counts = []
    for size in (1, 500):
        with CaptureQueriesContext(connection) as captured:
            gather_many(domains=[f"number{number}.example" for number in range(size)], now=now)
        counts.append(len(captured))
    assert counts == [6, 6]


def test_R34_nobody_is_asked_and_what_was_not_asked_yet_is_unknown(
    in_fabrikam: Tenant, now: datetime, settings: Any
) -> None:
    settings.DISCOVERY = "live"
    settings.ENTRA_AUTHORITY = "http://127.0.0.1:9"  # nobody listens there: a look-up would fail and be remembered
    facts = gather_many(domains=["asked.example"], now=now)["asked.example"]
    assert facts.entra_id.answer is Answer.UNKNOWN
    assert facts.entra_id.source == "Entra ID was not asked about asked.example yet."
    assert directory_at(settings.ENTRA_AUTHORITY).remembered("asked.example") is None


def test_R34_the_other_tenants_rows_are_not_read(
    fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        operations.add_known_account_domain(
            domain="entra.example", kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
        )
        operations.set_redemption_order(order=Order(()), actor=operator, now=now)
    with tenant_scope(contoso.id):
        facts = gather_many(domains=["entra.example"], now=now)["entra.example"]
    assert (facts.entra_id.answer, facts.order) == (Answer.NO, Order())


def test_R34_it_refuses_outside_a_scope(fabrikam: Tenant, now: datetime) -> None:
    with pytest.raises(OutsideScope):
        gather_many(domains=["a.example"], now=now)


def test_R34_an_account_that_was_seen_here_is_known_as_to_the_holder_of_a_link(arranged: None, now: datetime) -> None:
    for domain in DOMAINS:
        operations.remember_microsoft_account(address_key=f"a@{domain}")
    facts = gather_many(domains=DOMAINS, now=now)
    assert seen_accounts(address_keys=["a@plain.example", "b@plain.example"]) == {"a@plain.example"}
    assert seen_accounts(address_keys=[]) == set()
    assert {domain: with_account_seen(found) for domain, found in facts.items()} == {
        domain: gather_facts(address=canonical(f"a@{domain}"), bound=None, now=now, is_link_held=True)
        for domain in DOMAINS
    }
