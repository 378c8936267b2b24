"""The tenant's own providers and its lists of domains (R30-2, R34)."""

from __future__ import annotations

import uuid
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from providers import operations
from providers.kinds import BY_ID
from providers.models import IdentityProvider, IdentityProviderDomain, KnownAccountDomain
from providers.operations import Change
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope
from tests.providers import given

ENTRA = KnownAccountDomain.Kind.ENTRA_ID


def add(
    kind: str, name: str, domains: list[str], operator: Actor, now: datetime, **settings: str
) -> IdentityProvider | Refusal:
    """Add a provider whose settings have no mistake of their own."""
    is_addable = kind in BY_ID and not BY_ID[kind].is_built_in
    return operations.add_identity_provider(
        kind=kind,
        name=name,
        domains=domains,
        settings=given.settings(kind, **settings) if is_addable else {},
        secret=given.secret(kind) if is_addable else "",
        actor=operator,
        now=now,
    )


@pytest.fixture
def saml(in_fabrikam: Tenant, operator: Actor, now: datetime) -> IdentityProvider:
    """A federation of Fabrikam's."""
    made = operations.add_identity_provider(
        kind="saml",
        name="Northwind SAML",
        domains=["Northwind.Example", "northwind.example"],
        settings=given.settings("saml"),
        actor=operator,
        now=now,
    )
    assert isinstance(made, IdentityProvider)
    return made


class TestAddIdentityProvider:
    def test_R30_2_it_binds_domains_in_their_canonical_form(self, saml: IdentityProvider) -> None:
        assert list(saml.domains.values_list("domain", flat=True)) == ["northwind.example"]
        line = AuditEntry.objects.get(action="identity_provider.added")
        assert (line.action, line.subject_id) == ("identity_provider.added", saml.id)
        assert line.details == {"kind": "saml", "name": "Northwind SAML", "domains": ["northwind.example"]}

    def test_R30_3_a_social_provider_has_no_domains(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        made = add("google", "Google", [], operator, now)
        assert isinstance(made, IdentityProvider)
        assert not made.is_bound_to_domains

    @pytest.mark.parametrize(
        ("kind", "name", "domains", "reason"),
        [
            ("wsTrust", "X", ["a.example"], "no kind of provider"),
            ("emailOneTimePasscode", "X", [], "no kind of provider"),
            ("saml", "  ", ["a.example"], "Give the provider a name"),
            ("saml", "x" * 101, ["a.example"], "Give the provider a name"),
            ("saml", "Northwind SAML", ["a.example"], "exists already"),
            ("saml", "X", [], "at least one domain"),
            ("saml", "X", ["no domain"], "spaces"),
            ("openIdConnect", "X", ["northwind.example"], "belongs to Northwind SAML"),
            ("facebook", "X", ["a.example"], "leave the domains out"),
            ("google", "Second", [], "set up already"),
        ],
    )
    def test_R61_it_refuses_with_the_reason(
        self,
        saml: IdentityProvider,
        operator: Actor,
        now: datetime,
        kind: str,
        name: str,
        domains: list[str],
        reason: str,
    ) -> None:
        add("google", "Google", [], operator, now)
        outcome = add(kind, name, domains, operator, now)
        assert isinstance(outcome, Refusal)
        assert outcome.code is Code.INPUT
        assert reason in outcome.reason
        assert IdentityProvider.objects.count() == 2

    def test_R30_2_another_tenant_may_bind_the_same_domain(
        self, fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
    ) -> None:
        for tenant in (fabrikam, contoso):
            with tenant_scope(tenant.id):
                made = add("saml", "Northwind", ["northwind.example"], operator, now)
                assert isinstance(made, IdentityProvider)
                assert IdentityProviderDomain.objects.count() == 1


class TestSwitchingAndRemoving:
    def test_R61_it_can_be_switched_off_and_on(self, saml: IdentityProvider, operator: Actor, now: datetime) -> None:
        off = operations.disable_identity_provider(provider_id=saml.id, actor=operator, now=now)
        again = operations.disable_identity_provider(provider_id=saml.id, actor=operator, now=now)
        on = operations.enable_identity_provider(provider_id=saml.id, actor=operator, now=now)
        assert (off, again, on) == (Change(True, False), Change(False, False), Change(False, True))
        assert AuditEntry.objects.filter(action="identity_provider.switched").count() == 2

    def test_R61_removing_it_frees_its_domains(self, saml: IdentityProvider, operator: Actor, now: datetime) -> None:
        gone = operations.remove_identity_provider(provider_id=saml.id, actor=operator, now=now)
        assert gone == "Northwind SAML"
        assert IdentityProviderDomain.objects.count() == 0
        assert AuditEntry.objects.latest("id").details["domains"] == ["northwind.example"]

    def test_R61_what_is_gone_is_refused(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        nothing = uuid.uuid4()
        for operation in (
            operations.remove_identity_provider,
            operations.enable_identity_provider,
            operations.disable_identity_provider,
        ):
            assert isinstance(operation(provider_id=nothing, actor=operator, now=now), Refusal)

    def test_R61_another_tenants_provider_is_not_there(
        self, fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
    ) -> None:
        with tenant_scope(fabrikam.id):
            made = add("saml", "Northwind", ["northwind.example"], operator, now)
            assert isinstance(made, IdentityProvider)
        with tenant_scope(contoso.id):
            assert isinstance(
                operations.remove_identity_provider(provider_id=made.id, actor=operator, now=now), Refusal
            )
        with tenant_scope(fabrikam.id):
            assert IdentityProvider.objects.filter(pk=made.id).exists()

    def test_R30_2_a_domain_never_points_at_another_tenants_provider(
        self, fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
    ) -> None:
        with tenant_scope(fabrikam.id):
            made = add("saml", "Northwind", ["northwind.example"], operator, now)
            assert isinstance(made, IdentityProvider)
        with tenant_scope(contoso.id), pytest.raises(IntegrityError), transaction.atomic():
            IdentityProviderDomain.objects.create(tenant=contoso, provider_id=made.id, domain="adatum.example")


class TestKnownAccountDomains:
    def test_R34_a_domain_is_listed_once(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        first = operations.add_known_account_domain(domain="Adatum.Example", kind=ENTRA, actor=operator, now=now)
        again = operations.add_known_account_domain(domain="adatum.example", kind=ENTRA, actor=operator, now=now)
        assert (first, again) == (Change(False, True), Change(True, True))
        assert AuditEntry.objects.get().details == {"domain": "adatum.example", "kind": "azureActiveDirectory"}

    def test_R34_it_refuses_what_is_no_domain(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        outcome = operations.add_known_account_domain(domain="a b", kind=ENTRA, actor=operator, now=now)
        assert isinstance(outcome, Refusal)
        assert KnownAccountDomain.objects.count() == 0

    def test_R34_it_can_be_taken_off(self, in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
        operations.add_known_account_domain(domain="adatum.example", kind=ENTRA, actor=operator, now=now)
        first = operations.remove_known_account_domain(domain="adatum.example", kind=ENTRA, actor=operator, now=now)
        again = operations.remove_known_account_domain(domain="adatum.example", kind=ENTRA, actor=operator, now=now)
        assert (first, again) == (Change(True, False), Change(False, False))
        assert AuditEntry.objects.count() == 2
