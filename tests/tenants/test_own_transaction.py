"""The suite itself: a test that runs in one transaction fails where production would."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from tenants.models import RoleAssignment, Tenant
from tenants.roles import Role
from tests import factories


def test_a_lock_outside_a_transaction_of_the_products_own_fails(fabrikam: Tenant) -> None:
    with pytest.raises(TransactionManagementError):
        Tenant.objects.select_for_update().get()
    with transaction.atomic():
        assert Tenant.objects.select_for_update().get() == fabrikam


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM tenants_tenant FOR UPDATE",
        "SELECT id FROM tenants_tenant FOR NO KEY UPDATE SKIP LOCKED",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT set_config('app.tenant', '', true)",
        "SET LOCAL lock_timeout = '1s'",
    ],
)
def test_a_statement_that_does_nothing_outside_a_transaction_fails_there(db: None, statement: str) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(TransactionManagementError):
            cursor.execute(statement)
        with transaction.atomic():
            cursor.execute(statement)
        cursor.execute("UPDATE tenants_tenant SET name = name WHERE id IN (SELECT id FROM tenants_tenant FOR UPDATE)")


def test_what_waits_for_a_commit_runs_when_the_products_own_block_ends(db: None) -> None:
    ran: list[str] = []
    transaction.on_commit(lambda: ran.append("bare"))
    assert ran == ["bare"]
    with transaction.atomic():
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append("inner"))
        assert ran == ["bare"]
    assert ran == ["bare", "inner"]
    with transaction.atomic():
        transaction.on_commit(lambda: ran.append("rolled back"))
        transaction.set_rollback(True)
    with transaction.atomic():
        pass
    assert ran == ["bare", "inner"]


def test_a_deferred_constraint_fails_at_the_end_of_the_products_own_block(fabrikam: Tenant) -> None:
    colleague = factories.administrator("omar@fabrikam.example")
    nobody = uuid4()
    block = transaction.atomic()
    block.__enter__()
    held = RoleAssignment.objects.create(tenant=fabrikam, role=Role.GLOBAL_READER, administrator_id=nobody)
    with pytest.raises(IntegrityError):
        block.__exit__(None, None, None)
    assert not RoleAssignment.objects.exists()
    with transaction.atomic():
        held = RoleAssignment.objects.create(tenant=fabrikam, role=Role.GLOBAL_READER, administrator_id=nobody)
        RoleAssignment.objects.filter(pk=held.pk).update(administrator=colleague)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.filter(pk=held.pk).update(administrator_id=nobody)


def test_a_constraint_that_is_deferred_is_checked_at_once_outside_a_transaction(fabrikam: Tenant) -> None:
    with pytest.raises(IntegrityError):
        RoleAssignment.objects.create(tenant=fabrikam, role=Role.GLOBAL_READER, administrator_id=uuid4())
