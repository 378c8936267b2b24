"""Tenants, their domains and their administrators (R22, R37a, R63, R64)."""

from datetime import datetime

import pytest
from django_otp.plugins.otp_static.models import StaticToken

from tenants.administering import assign_role, create_administrator, create_operator
from tenants.audit import Actor
from tenants.credentials import Credentials, renew_credentials
from tenants.models import Administrator, AuditEntry, RoleAssignment, Tenant, VerifiedDomain
from tenants.operations import add_domain, create_tenant, publish_terms
from tenants.refusals import Code, Refusal
from tenants.roles import Role
from tenants.scope import tenant_scope

pytestmark = pytest.mark.django_db


def history(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def credentials(outcome: Credentials | Refusal) -> Credentials:
    assert isinstance(outcome, Credentials)
    return outcome


def refused(outcome: object, word: str) -> None:
    assert isinstance(outcome, Refusal)
    assert outcome.code is Code.INPUT
    assert word in outcome.reason


def test_R37a_it_founds_a_tenant_under_a_domain_as_it_is_typed(operator: Actor, now: datetime) -> None:
    tenant = create_tenant(name=" Straße ", domain="STRAẞE.example", actor=operator, now=now)
    assert isinstance(tenant, Tenant)
    assert (tenant.name, tenant.primary_domain) == ("Straße", "xn--strae-oqa.example")
    assert VerifiedDomain.objects.get(domain="xn--strae-oqa.example").tenant == tenant
    assert history(tenant) == ["tenant.created"]


def test_R37a_a_domain_names_one_tenant(fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime) -> None:
    refused(create_tenant(name="Other", domain="Fabrikam.Example", actor=operator, now=now), "another tenant")
    with tenant_scope(contoso.id):
        refused(add_domain(tenant=contoso, domain="fabrikam.example", actor=operator, now=now), "another tenant")
    assert Tenant.objects.count() == 2
    assert history(contoso) == []


@pytest.mark.parametrize(
    ("name", "domain", "word"), [("", "x.example", "name"), ("X", "https://x.example", "alone"), ("X", "x", "dot")]
)
def test_R37a_it_refuses_what_founds_no_tenant(
    name: str, domain: str, word: str, operator: Actor, now: datetime
) -> None:
    refused(create_tenant(name=name, domain=domain, actor=operator, now=now), word)


def test_R37a_it_adds_a_domain_once(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    for _ in range(2):
        assert isinstance(
            add_domain(tenant=in_fabrikam, domain="fabrikam.test", actor=operator, now=now), VerifiedDomain
        )
    refused(add_domain(tenant=in_fabrikam, domain="no domain", actor=operator, now=now), "spaces")
    assert history(in_fabrikam) == ["tenant.domain_added"]


def test_R22_it_counts_the_versions_of_terms_and_never_one_twice(
    in_fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    for text in ("One", "One ", "", "One"):
        tenant = publish_terms(tenant=in_fabrikam, text=text, actor=operator, now=now)
    assert (tenant.terms_text, tenant.terms_version) == ("One", 3)
    assert history(in_fabrikam) == ["tenant.terms_published"] * 3


def test_R63_it_makes_an_administrator_who_can_sign_in(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    made = credentials(
        create_administrator(
            tenant=in_fabrikam,
            email="Adele@Fabrikam.example",
            name="Adele Vance",
            roles=[Role.GLOBAL_ADMINISTRATOR],
            actor=operator,
            now=now,
        )
    )
    administrator = Administrator.objects.get(email="adele@fabrikam.example")
    assert administrator.check_password(made.password)
    assert not administrator.is_superuser
    tokens = StaticToken.objects.filter(device__user=administrator, device__confirmed=True)
    assert sorted(tokens.values_list("token", flat=True)) == sorted(made.backup_codes)
    assert len(made.backup_codes) == 3
    assert history(in_fabrikam) == ["administrator.created", "administrator.role_assigned"]
    assert made.password not in repr(made)


def test_R64_its_history_holds_no_password_and_no_code(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    made = credentials(
        create_administrator(
            tenant=in_fabrikam,
            email="a@fabrikam.example",
            name="A",
            roles=[Role.GUEST_INVITER],
            actor=operator,
            now=now,
        )
    )
    written = str(list(AuditEntry.objects.values()))
    for secret in (made.password, *made.backup_codes):
        assert secret not in written


def test_R63_it_refuses_a_second_administrator_of_one_address(
    in_fabrikam: Tenant, operator: Actor, now: datetime
) -> None:
    credentials(create_operator(email="olga@fabrikam.example", name="Olga"))
    for email, word in (("OLGA@fabrikam.example", "already"), ("no address", "spaces")):
        refused(create_administrator(tenant=in_fabrikam, email=email, name="", roles=[], actor=operator, now=now), word)
        refused(create_operator(email=email, name=""), word)
    assert Administrator.objects.count() == 1
    assert history(in_fabrikam) == []


def test_R63_an_operator_holds_no_role(db: None) -> None:
    made = credentials(create_operator(email="olga@fabrikam.example", name=""))
    assert made.administrator.is_superuser
    assert made.administrator.name == "olga@fabrikam.example"
    assert not RoleAssignment.objects.exists()


def test_R63_it_assigns_a_role_once(in_fabrikam: Tenant, operator: Actor, now: datetime) -> None:
    made = credentials(create_operator(email="olga@fabrikam.example", name="Olga"))
    for _ in range(2):
        assign_role(
            tenant=in_fabrikam, administrator=made.administrator, role=Role.GLOBAL_READER, actor=operator, now=now
        )
    assert RoleAssignment.objects.count() == 1
    assert history(in_fabrikam) == ["administrator.role_assigned"]


def test_R63_renewed_credentials_end_the_old_ones_and_every_tenant_hears_of_it(
    fabrikam: Tenant, contoso: Tenant, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        old = credentials(
            create_administrator(
                tenant=fabrikam, email="a@fabrikam.example", name="A", roles=list(Role), actor=operator, now=now
            )
        )
    with tenant_scope(contoso.id):
        assign_role(tenant=contoso, administrator=old.administrator, role=Role.GLOBAL_READER, actor=operator, now=now)
    new = renew_credentials(administrator=old.administrator, actor=operator, now=now)
    administrator = Administrator.objects.get(email="a@fabrikam.example")
    assert administrator.check_password(new.password)
    assert not administrator.check_password(old.password)
    assert set(StaticToken.objects.values_list("token", flat=True)) == set(new.backup_codes)
    assert history(fabrikam)[-1] == history(contoso)[-1] == "administrator.credentials_renewed"
    assert history(fabrikam).count("administrator.credentials_renewed") == 1


def test_R63_random_passwords_pass_our_own_rules(db: None) -> None:
    made = [credentials(create_operator(email=f"o{number}@fabrikam.example", name="O")) for number in range(3)]
    assert len({one.password for one in made}) == 3
    assert all(len(one.password) == 19 for one in made)
