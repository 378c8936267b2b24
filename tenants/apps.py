"""Registers the checks and look-ups of tenants when Django starts."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Tenant"

    def ready(self) -> None:
        from tenants import checks, lookups  # noqa: F401  # models must be loaded before these are

        register(checks.owned_models_are_guarded, Tags.models)
        register(checks.owned_tables_have_policies, Tags.database)
