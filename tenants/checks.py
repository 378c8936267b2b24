"""What Django refuses to start with: a table with a tenant that nobody guards.

Knows how an owned model is recognised and asks PostgreSQL whether its table is under row security.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import connections, models

from tenants.owned import OwnedManager, OwnedModel

UNOWNED = {"tenants.VerifiedDomain", "tenants.RoleAssignment", "tenants.RoleOffer"}
"""Models with a tenant that scope is found through: they cannot be inside it."""


def owned_models() -> list[type[OwnedModel]]:
    """Every concrete owned model."""
    return [model for model in apps.get_models() if issubclass(model, OwnedModel)]


def owned_models_are_guarded(**kwargs: Any) -> list[CheckMessage]:
    """A model with a tenant column is an OwnedModel, and every manager of an owned model refuses outside a scope."""
    found: list[CheckMessage] = []
    for model in apps.get_models():
        has_tenant = any(f.is_relation and f.name == "tenant" for f in model._meta.get_fields() if f.concrete)
        if has_tenant and not issubclass(model, OwnedModel) and model._meta.label not in UNOWNED:
            found.append(Error("It has a tenant but is not an OwnedModel.", obj=model, id="tenants.E001"))
    for owned in owned_models():
        managers: Sequence[models.Manager[Any]] = [*owned._meta.managers, owned._base_manager]
        if not all(isinstance(manager, OwnedManager) for manager in managers):
            found.append(Error("A manager of it shows rows outside a scope.", obj=owned, id="tenants.E002"))
    return found


def owned_tables_have_policies(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every owned table that exists is under forced row security with both policies."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, "
                "(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid "
                "AND p.polname IN ('own_tenant', 'every_tenant')) "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relkind = 'r'"
            )
            tables = {name: (forced, policies) for name, forced, policies in cursor.fetchall()}
        for owned in owned_models():
            table = owned._meta.db_table
            if table in tables and tables[table] != (True, 2):
                found.append(
                    Error(
                        "Its table is not under row security.",
                        hint=f'Add RowSecurity("{table}") to the migration that makes it.',
                        obj=owned,
                        id="tenants.E003",
                    )
                )
    return found
