"""The tenant's redemption orders (R31), stored and refused."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from providers import operations
from providers.models import RedemptionOrder
from providers.operations import Change
from providers.rules import Fallback, Order, PasscodeState, Primary
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope

SOCIAL_FIRST = Order((Primary.SOCIAL, Primary.ENTRA_ID), Fallback.PASSCODE)


def test_R31_it_stores_the_tenants_order(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    outcome = operations.set_redemption_order(order=SOCIAL_FIRST, actor=operator, now=now)
    assert outcome == Change(Order(), SOCIAL_FIRST)
    assert RedemptionOrder.objects.get().as_order() == SOCIAL_FIRST
    assert AuditEntry.objects.get().details == {
        "partner_domain": "",
        "before": None,
        "after": {
            "primaries": ["socialIdentityProviders", "azureActiveDirectory"],
            "fallback": "emailOneTimePasscode",
        },
    }


def test_R31_all_primaries_may_be_off(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    operations.set_redemption_order(order=Order(()), actor=operator, now=now)
    assert RedemptionOrder.objects.get().primaries == []


def test_R31_a_partner_domain_has_an_order_over_it(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    operations.set_redemption_order(order=Order(), actor=operator, now=now)
    operations.set_redemption_order(order=Order((), partner_domain="Straße.Example"), actor=operator, now=now)
    stored = RedemptionOrder.objects.order_by("partner_domain").values_list("partner_domain", flat=True)
    assert list(stored) == ["", "xn--strae-oqa.example"]


def test_R31_the_same_order_again_changes_nothing(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    operations.set_redemption_order(order=SOCIAL_FIRST, actor=operator, now=now)
    outcome = operations.set_redemption_order(order=SOCIAL_FIRST, actor=operator, now=now)
    assert isinstance(outcome, Change)
    assert not outcome.is_change
    assert AuditEntry.objects.count() == 1


def test_R31_a_second_order_replaces_the_first(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    operations.set_redemption_order(order=SOCIAL_FIRST, actor=operator, now=now)
    assert operations.set_redemption_order(order=Order(), actor=operator, now=now) == Change(SOCIAL_FIRST, Order())
    assert RedemptionOrder.objects.get().as_order() == Order()


def test_R31_removing_it_goes_back_to_the_default(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    operations.set_redemption_order(order=SOCIAL_FIRST, actor=operator, now=now)
    outcome = operations.remove_redemption_order(partner_domain="", actor=operator, now=now)
    assert outcome == Change(SOCIAL_FIRST, None)
    assert RedemptionOrder.objects.count() == 0
    assert operations.remove_redemption_order(partner_domain="", actor=operator, now=now) == Change(None, None)
    assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order(partner_domain="not a domain"), Code.INPUT),
        (Order((Primary.SOCIAL, Primary.SOCIAL)), Code.INPUT),
        (SOCIAL_FIRST, Code.NO_METHOD),
    ],
    ids=["no-domain", "a-primary-twice", "R31-a-fallback-that-is-off"],
)
def test_R31_it_refuses(in_fabrikam: Tenant, operator: Actor, now: datetime, order: Order, code: Code) -> None:
    operations.set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
    outcome = operations.set_redemption_order(order=order, actor=operator, now=now)
    assert isinstance(outcome, Refusal)
    assert outcome.code is code
    assert RedemptionOrder.objects.count() == 0
    assert AuditEntry.objects.latest("id").outcome == "refused"


def test_R31_the_database_knows_the_words_too(in_fabrikam: Tenant) -> None:
    for wrong in ({"primaries": ["facebook"], "fallback": "defaultConfiguredIdp"}, {"primaries": [], "fallback": "no"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RedemptionOrder.objects.create(tenant=in_fabrikam, **wrong)


def test_R31_the_other_tenant_sees_none_of_it(
    fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        operations.set_redemption_order(order=SOCIAL_FIRST, actor=operator, now=now)
    with tenant_scope(contoso.id):
        assert RedemptionOrder.objects.count() == 0
        assert operations.remove_redemption_order(partner_domain="", actor=operator, now=now) == Change(None, None)
    with tenant_scope(fabrikam.id):
        assert RedemptionOrder.objects.count() == 1
