"""The scope: outside it owned rows are refused, inside it one tenant's are seen, and no two tenants nest (B6)."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import DataError, connection, transaction
from django.db.utils import ProgrammingError

from applications.models import Application
from tenants.audit import Actor, record
from tenants.checks import owned_models
from tenants.models import AuditEntry, Tenant
from tenants.owned import OwnedModel
from tenants.scope import OtherTenant, OutsideScope, current_scope, current_tenant_id, every_tenant, tenant_scope


def settings_now() -> tuple[str, str]:
    """What PostgreSQL was told: (app.tenant, app.every_tenant)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant', true), current_setting('app.every_tenant', true)")
        tenant, every = cursor.fetchone()
    return tenant or "", every or ""


def add(tenant: Tenant, name: str) -> None:
    with tenant_scope(tenant.id):
        Application.objects.create(tenant_id=current_tenant_id(), name=name, url="https://app.example/")


@pytest.fixture
def one_each(fabrikam: Tenant, contoso: Tenant) -> None:
    add(fabrikam, "Expenses")
    add(contoso, "Travel")


@pytest.mark.django_db
@pytest.mark.parametrize("model", owned_models(), ids=lambda model: model._meta.label)
@pytest.mark.parametrize("manager", ["objects", "_default_manager", "_base_manager"])
def test_B6_it_refuses_an_owned_row_outside_a_scope(model: type[OwnedModel], manager: str) -> None:
    with pytest.raises(OutsideScope):
        getattr(model, manager).all()


@pytest.mark.django_db
def test_B6_it_refuses_a_line_of_history_outside_a_scope(operator: Actor, now) -> None:
    with pytest.raises(OutsideScope):
        record(actor=operator, action="test.happened", at=now)


def test_it_has_no_scope_at_first() -> None:
    for ask in (current_scope, current_tenant_id):
        with pytest.raises(OutsideScope):
            ask()


def test_it_shows_the_rows_of_the_open_tenant_only(one_each: None, fabrikam: Tenant, contoso: Tenant) -> None:
    with tenant_scope(fabrikam.id):
        assert [one.name for one in Application.objects.all()] == ["Expenses"]
        assert not Application._base_manager.filter(name="Travel").exists()
        assert settings_now() == (str(fabrikam.id), "")
    with tenant_scope(contoso.id):
        assert [one.name for one in Application.objects.all()] == ["Travel"]


def test_it_shows_every_tenants_rows_to_who_says_why(one_each: None) -> None:
    with every_tenant(reason="this test counts them"):
        assert Application.objects.count() == 2
        assert settings_now() == ("", "on")
        with pytest.raises(OutsideScope):
            current_tenant_id()
    assert settings_now() == ("", "")


def test_it_wants_a_reason_for_every_tenant(db: None) -> None:
    with pytest.raises(ValueError, match="why"), every_tenant(reason=""):
        pass


def test_the_same_tenant_may_nest(fabrikam: Tenant) -> None:
    with tenant_scope(fabrikam.id):
        with tenant_scope(fabrikam.id):
            assert current_tenant_id() == fabrikam.id
        assert settings_now() == (str(fabrikam.id), "")
    assert settings_now() == ("", "")


def test_two_tenants_never_nest(one_each: None, fabrikam: Tenant, contoso: Tenant) -> None:
    with tenant_scope(fabrikam.id):
        with pytest.raises(OtherTenant), tenant_scope(contoso.id):
            pass
        with pytest.raises(OtherTenant), every_tenant(reason="it is inside"):
            pass
        assert [one.name for one in Application.objects.all()] == ["Expenses"]  # the refusal changed nothing
    with every_tenant(reason="outside"):
        with pytest.raises(OtherTenant), tenant_scope(fabrikam.id):
            pass
        with pytest.raises(OtherTenant), every_tenant(reason="twice"):
            pass
        assert Application.objects.count() == 2


def test_it_is_cleared_after_leaving_and_after_an_exception(fabrikam: Tenant) -> None:
    with tenant_scope(fabrikam.id):
        pass
    assert settings_now() == ("", "")
    with pytest.raises(ZeroDivisionError), tenant_scope(fabrikam.id):
        raise ZeroDivisionError
    assert settings_now() == ("", "")
    with pytest.raises(OutsideScope):
        current_scope()


@pytest.mark.django_db(transaction=True)
def test_it_is_cleared_when_a_transaction_inside_it_failed(one_each: None, fabrikam: Tenant) -> None:
    with tenant_scope(fabrikam.id):
        with pytest.raises(DataError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert Application.objects.count() == 1  # the scope was entered outside, so the rollback left it alone
    assert settings_now() == ("", "")


@pytest.mark.django_db(transaction=True)
def test_it_is_cleared_when_it_is_left_inside_a_failed_transaction(one_each: None, fabrikam: Tenant) -> None:
    with (
        pytest.raises(DataError),
        transaction.atomic(),
        tenant_scope(fabrikam.id),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1/0")
    assert settings_now() == ("", "")


@pytest.mark.django_db(transaction=True)
def test_it_is_cleared_when_the_transaction_round_it_is_rolled_back(one_each: None, fabrikam: Tenant) -> None:
    with transaction.atomic():
        with tenant_scope(fabrikam.id):
            assert Application.objects.count() == 1
        transaction.set_rollback(True)
    assert settings_now() == ("", "")


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_comes_back_without_a_tenant(one_each: None, fabrikam: Tenant) -> None:
    """Fails closed: reads are empty and writes refused until the scope is entered anew."""
    with tenant_scope(fabrikam.id):
        connection.close()
        assert settings_now() == ("", "")
        assert Application.objects.count() == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            Application.objects.create(tenant_id=fabrikam.id, name="Lost", url="https://app.example/")
    assert settings_now() == ("", "")


@pytest.mark.django_db
def test_a_tenant_that_does_not_exist_has_no_rows(one_each: None) -> None:
    with tenant_scope(uuid4()):
        assert not Application.objects.exists()
        assert not AuditEntry.objects.exists()
