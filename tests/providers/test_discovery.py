"""The facts of an address, gathered in one statement from the tenant's own rows (R34)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers import operations
from providers.discovery import gather_facts
from providers.models import IdentityProvider, KnownAccountDomain
from providers.rules import Answer, Fallback, Method, Order, PasscodeState, Primary, SignInFacts, decide
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scope import OutsideScope, tenant_scope
from tests.providers import given

NICOLE = canonical("nicole@firstupconsultants.com")


@pytest.fixture
def gathered(now: datetime) -> Any:
    """Gathers facts for an address as it is typed."""

    def gather(typed: str = "nicole@firstupconsultants.com", **said: Any) -> SignInFacts:
        return gather_facts(address=canonical(typed), now=now, **{"bound": None, **said})

    return gather


def provider(operator: Actor, now: datetime, kind: str, *domains: str) -> IdentityProvider:
    made = operations.add_identity_provider(
        kind=kind,
        name=kind,
        domains=domains,
        settings=given.settings(kind),
        secret=given.secret(kind),
        actor=operator,
        now=now,
    )
    assert isinstance(made, IdentityProvider)
    return made


def test_R1_a_new_tenant_sends_Nicole_a_passcode(in_fabrikam: Tenant, gathered: Any) -> None:
    facts = gathered()
    assert facts.passcodes is PasscodeState.DEFAULT
    assert facts.order == Order()
    assert (facts.is_microsoft_account_enabled, facts.is_skipping_allowed) == (True, True)
    assert decide(facts).method is Method.PASSCODE


def test_R34_everything_is_read_in_one_statement(
    in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any
) -> None:
    made = provider(operator, now, "saml", "firstupconsultants.com")
    provider(operator, now, "google")
    operations.set_redemption_order(order=Order(()), actor=operator, now=now)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        gathered(bound=Method.FEDERATION, bound_provider_id=made.id)
    assert len(queries) == 1


def test_R34_row_security_leaves_the_look_up_its_index(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    provider(operator, now, "saml", *(f"partner{number}.example" for number in range(2000)))
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN SELECT provider_id FROM providers_identityproviderdomain WHERE tenant_id = %s AND domain = %s",
            [in_fabrikam.id, NICOLE.domain],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "tenant_id = " in condition
    assert "domain)::text = " in condition


def test_R30_2_the_federation_of_the_domain_is_found(
    in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any
) -> None:
    made = provider(operator, now, "saml", "firstupconsultants.com")
    decision = decide(gathered("Nicole@FirstUpConsultants.com"))
    assert (decision.method, decision.provider_id) == (Method.FEDERATION, made.id)
    assert gathered("nicole@sub.firstupconsultants.com").federation is None


def test_R30_3_Google_is_found(in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any) -> None:
    made = provider(operator, now, "google")
    decision = decide(gathered("nicole@gmail.com"))
    assert (decision.method, decision.provider_id) == (Method.GOOGLE, made.id)


@pytest.mark.usefixtures("registered")
def test_R30_1_the_tenants_list_says_where_Entra_accounts_are(
    in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any
) -> None:
    for kind in KnownAccountDomain.Kind:
        operations.add_known_account_domain(domain=NICOLE.domain, kind=kind, actor=operator, now=now)
    facts = gathered()
    assert facts.entra_id.answer is facts.microsoft_account.answer is Answer.YES
    assert decide(facts).choices == (Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT)
    assert decide(gathered(chosen=Method.MICROSOFT_ACCOUNT)).method is Method.MICROSOFT_ACCOUNT
    assert decide(gathered(skipped=frozenset({Method.ENTRA_ID}))).method is Method.MICROSOFT_ACCOUNT


@pytest.mark.usefixtures("registered")
def test_R30_4_consumer_domains_are_Microsofts(in_fabrikam: Tenant, gathered: Any) -> None:
    assert decide(gathered("nicole@outlook.com")).method is Method.MICROSOFT_ACCOUNT


def test_R32_the_stored_policies_are_read(in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any) -> None:
    operations.disable_microsoft_account(actor=operator, now=now)
    operations.forbid_skipping(actor=operator, now=now)
    facts = gathered("nicole@outlook.com")
    assert (facts.is_microsoft_account_enabled, facts.is_skipping_allowed) == (False, False)
    assert decide(facts).method is Method.PASSCODE


def test_R5_passcodes_turned_off_are_read(in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any) -> None:
    operations.set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
    assert gathered().passcodes is PasscodeState.DISABLED
    assert decide(gathered(bound=Method.PASSCODE)).refused_as == "E-OTP-OFF"


def test_R31_a_partner_domains_order_stands_over_the_tenants(
    in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any
) -> None:
    own = Order((Primary.SOCIAL,), Fallback.PASSCODE)
    partners = Order((Primary.FEDERATION,), Fallback.MICROSOFT_ACCOUNT, NICOLE.domain)
    for order in (own, partners):
        operations.set_redemption_order(order=order, actor=operator, now=now)
    assert gathered().order == partners
    assert gathered("ines@adatum.example").order == own


class TestR21_IsTheBindingStillAllowed:
    def test_R21_a_provider_that_stands_is(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any
    ) -> None:
        made = provider(operator, now, "saml", "adatum.example")
        bound = gathered(bound=Method.FEDERATION, bound_provider_id=made.id).bound
        assert (bound.is_allowed, bound.provider_id) == (True, made.id)

    def test_R21_one_switched_off_or_gone_is_not(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any
    ) -> None:
        made = provider(operator, now, "saml", "adatum.example")
        operations.disable_identity_provider(provider_id=made.id, actor=operator, now=now)
        for one in (made.id, uuid.uuid4(), None):
            assert gathered(bound=Method.FEDERATION, bound_provider_id=one).bound.is_allowed is False

    def test_R21_a_social_one_is_found_by_its_kind(
        self, in_fabrikam: Tenant, operator: Actor, now: datetime, gathered: Any
    ) -> None:
        assert gathered(bound=Method.GOOGLE).bound.is_allowed is False
        provider(operator, now, "google")
        assert gathered(bound=Method.GOOGLE).bound.is_allowed is True

    @pytest.mark.parametrize("method", [Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT])
    def test_R3_a_built_in_one_is_not_where_it_is_not_registered(
        self, in_fabrikam: Tenant, gathered: Any, method: Method
    ) -> None:
        assert gathered(bound=method).bound.is_allowed is False
        assert decide(gathered(bound=method)).refused_as == "E-NO-METHOD"

    @pytest.mark.usefixtures("registered")
    @pytest.mark.parametrize("method", [Method.PASSCODE, Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT])
    def test_R3_what_needs_no_provider_always_is(self, in_fabrikam: Tenant, gathered: Any, method: Method) -> None:
        assert gathered(bound=method).bound.is_allowed is True


def test_R34_another_tenants_rows_are_no_facts_here(
    fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime, gathered: Any
) -> None:
    with tenant_scope(fabrikam.id):
        made = provider(operator, now, "saml", NICOLE.domain)
        operations.set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
        operations.set_redemption_order(order=Order(()), actor=operator, now=now)
        operations.add_known_account_domain(
            domain=NICOLE.domain, kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
        )
    with tenant_scope(contoso.id):
        facts = gathered(bound=Method.FEDERATION, bound_provider_id=made.id)
        assert facts.bound.is_allowed is False
        facts = gathered()
        assert (facts.federation, facts.providers, facts.order) == (None, (), Order())
        assert facts.passcodes is PasscodeState.DEFAULT
        assert facts.entra_id.answer is Answer.NO


def test_R34_it_refuses_outside_a_scope(fabrikam: Tenant, gathered: Any) -> None:
    with pytest.raises(OutsideScope):
        gathered()
