"""B6: PostgreSQL keeps tenants apart whatever the application forgets.

These tests speak SQL as the application role, past every manager of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import ProgrammingError

from tenants.checks import owned_models, owned_tables_have_policies
from tenants.models import Tenant
from tests.house.furniture import House, tables

pytestmark = pytest.mark.django_db

OWNED = pytest.mark.parametrize("table", tables())
APPEND_ONLY = ("tenants_auditentry", "tenants_auditseal")


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchall() if cursor.description else []


@contextmanager
def told(tenant_id: UUID) -> Iterator[None]:
    """As this tenant, to PostgreSQL alone."""
    rows("SELECT set_config('app.tenant', %s, false)", str(tenant_id))
    try:
        yield
    finally:
        rows("SELECT set_config('app.tenant', '', false)")


def copy_of_a_row(table: str, tenant_id: UUID) -> dict[str, Any]:
    """One row of the tenant with an id of its own."""
    with told(tenant_id):
        row: dict[str, Any] = json.loads(rows(f"SELECT to_jsonb(t)::text FROM {table} t LIMIT 1")[0][0])
    row["id"] = str(uuid4()) if isinstance(row["id"], str) else row["id"] + 1_000_000
    return row


INSERT = "INSERT INTO {0} SELECT * FROM jsonb_populate_record(NULL::{0}, %s::jsonb)"


def insert_now(table: str, row: dict[str, Any]) -> None:
    """Insert the row with its keys checked at once, not at the end of the transaction."""
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows(INSERT.format(table), json.dumps(row))


def test_B6_the_suite_itself_runs_as_the_application_role_in_a_test_database() -> None:
    ((database, user),) = rows("SELECT current_database(), current_user")
    assert database.startswith("test_")
    assert user == settings.DATABASES["default"]["USER"]
    ((is_superuser, may_bypass),) = rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert not is_superuser
    assert not may_bypass
    owners = {owner for (owner,) in rows("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")}
    assert owners == {settings.DATABASES["owner"]["USER"]}
    assert user not in owners


@OWNED
def test_B6_every_owned_table_is_under_forced_row_security(table: str) -> None:
    ((is_on, is_forced),) = rows("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", table)
    assert is_on
    assert is_forced
    policies = rows("SELECT policyname, cmd, permissive FROM pg_policies WHERE tablename = %s ORDER BY 1", table)
    assert policies == [("every_tenant", "ALL", "PERMISSIVE"), ("own_tenant", "ALL", "PERMISSIVE")]


def test_B6_the_systems_own_check_finds_nothing_amiss() -> None:
    assert owned_tables_have_policies(databases=["default"]) == []


def test_B6_every_table_with_a_tenant_is_owned_or_says_why_not() -> None:
    found = {
        name
        for (name,) in rows(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name = 'tenant_id'"
        )
    }
    assert found - set(tables()) == {"tenants_verifieddomain", "tenants_roleassignment", "tenants_roleoffer"}


def test_B6_nobody_sees_or_touches_a_row_of_somebody_else(fabrikams: House, contosos: House) -> None:
    """One test for all tables, as two furnished houses are dear: each table is named where it fails."""
    mine, theirs = contosos.tenant.id, fabrikams.tenant.id
    for table in tables():
        in_all = []
        for house in (fabrikams, contosos):
            with told(house.tenant.id):
                seen = rows(f"SELECT DISTINCT tenant_id FROM {table}")
            assert seen == [(house.tenant.id,)], f"{table}: furnish() must leave a row, and only one's own is seen"
            in_all += seen
        assert len(in_all) == 2

        assert rows(f"SELECT * FROM {table}") == [], f"{table}: rows without a tenant"
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)], table
        with told(mine):
            assert rows(f"SELECT * FROM {table} WHERE tenant_id = %s", theirs) == [], table
            if table in APPEND_ONLY:
                continue
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = %s", [theirs])
                assert cursor.rowcount == 0, table
                cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [theirs])
                assert cursor.rowcount == 0, table


def test_B6_nobody_writes_a_row_for_somebody_else(fabrikams: House, contosos: House) -> None:
    mine, theirs = contosos.tenant.id, fabrikams.tenant.id
    for table in tables():
        row = json.dumps(copy_of_a_row(table, theirs))
        with told(mine), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            rows(INSERT.format(table), row)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            rows(INSERT.format(table), row)
        if table not in APPEND_ONLY:
            with told(mine), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                rows(f"UPDATE {table} SET tenant_id = %s", theirs)


def test_B6_the_owner_is_bound_too(fabrikams: House) -> None:
    """Forced: what a forgotten migration reads without saying for whom is nothing."""
    assert rows("SELECT current_setting('app.tenant', true)") in ([("",)], [(None,)])
    params = connections["owner"].get_connection_params()
    login = {name: params[name] for name in ("dbname", "user", "host", "port", "password") if name in params}
    with psycopg.connect(**login) as owner:
        for table in tables():
            assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"]
)
def test_B6_R64_the_history_can_only_grow(fabrikam: Tenant, table: str, statement: str) -> None:
    refused = "must be owner" if statement.startswith("DROP") else "permission denied"
    with told(fabrikam.id), pytest.raises(ProgrammingError, match=refused), transaction.atomic():
        rows(statement.format(table))


@OWNED
def test_B6_the_application_role_cannot_lift_row_security(table: str) -> None:
    for statement in ("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", "DROP POLICY own_tenant ON {}"):
        with pytest.raises(ProgrammingError, match="must be owner"), transaction.atomic():
            rows(statement.format(table))


POINTERS = sorted(
    (model._meta.db_table, str(field.column), field.related_model._meta.db_table)
    for model in owned_models()
    for field in model._meta.concrete_fields
    if field.is_relation and field.related_model in owned_models()
)


def test_B6_every_pointer_between_owned_tables_is_a_composite_key() -> None:
    """Row security does not bind foreign keys: only (tenant_id, …) keeps a row from pointing into another tenant."""
    assert POINTERS, "the models point at nothing: this test looks at the wrong ones"
    found = {
        (table, tuple(columns), target)
        for table, columns, target in rows(
            "SELECT c.conrelid::regclass::text, array_agg(a.attname::text ORDER BY k.n), c.confrelid::regclass::text"
            " FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(attnum, n)"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum"
            " WHERE c.contype = 'f' GROUP BY c.oid"
        )
    }
    for table, column, target in POINTERS:
        assert (table, ("tenant_id", column), target) in found, f"{table}.{column}"
        assert (table, (column,), target) not in found, f"{table}.{column}: a plain key crosses tenants"


def test_B6_no_pointer_crosses_tenants(fabrikams: House, contosos: House) -> None:
    for table, column, target in POINTERS:
        with told(fabrikams.tenant.id):
            ((theirs,),) = rows(f"SELECT id FROM {target} LIMIT 1")
        row = copy_of_a_row(table, contosos.tenant.id) | {column: str(theirs)}
        for name in ("token_hash", "ticket_hash", "challenge_id", "domain", "subject"):
            if name in row:
                row[name] = str(uuid4())  # unique columns, which are not the question here
        with told(contosos.tenant.id), pytest.raises(IntegrityError, match="same_tenant"), transaction.atomic():
            insert_now(table, row)
