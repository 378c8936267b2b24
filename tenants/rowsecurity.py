"""PostgreSQL's side of tenancy, as operations for migrations.

Knows the statements that make a table show only the scope's rows, keep rows of one tenant pointing at rows of the
same tenant, and refuse changes to what was written. Never used outside migrations. (DESIGN 4, "Tenancy twice".)
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.db.migrations import RunSQL


def application_role() -> str:
    """The quoted name of the role that requests, tasks and tests work as."""
    return connection.ops.quote_name(str(settings.DATABASES["default"]["USER"]))


class RowSecurity(RunSQL):
    """Row security on an owned table, forced on its owner too, with policies for one tenant and for every tenant."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY own_tenant ON {table}
              USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
            CREATE POLICY every_tenant ON {table} USING (current_setting('app.every_tenant', true) = 'on');
            """,
            f"""
            DROP POLICY own_tenant ON {table};
            DROP POLICY every_tenant ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
            """,
        )

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return self.__class__.__name__, [self.table], {}


class SameTenantKey(RunSQL):
    """A foreign key over (tenant_id, column): row security does not bind foreign keys, so only this stops a row of one
    tenant from pointing into another's. The model's own key has `db_constraint=False`; the target has a
    UniqueConstraint over (tenant, id)."""

    def __init__(self, *, table: str, column: str, target: str) -> None:
        self.table, self.column, self.target = table, column, target
        name = f"{table}_{column}_same_tenant"[:63]
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (tenant_id, {column}) "
            f"REFERENCES {target} (tenant_id, id) DEFERRABLE INITIALLY DEFERRED",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return self.__class__.__name__, [], {"table": self.table, "column": self.column, "target": self.target}


class AppendOnly(RunSQL):
    """The application role may add and read rows of this table, and nothing else. Must run after 0002_rights."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {application_role()}",
            f"GRANT UPDATE, DELETE ON {table} TO {application_role()}",
        )

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return self.__class__.__name__, [self.table], {}
