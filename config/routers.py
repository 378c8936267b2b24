"""Which role may do what with the schema: the owner migrates, nobody else."""

from __future__ import annotations

from typing import Any

from django.conf import settings


class OwnerOnlyMigrates:
    """Migrations run through the alias `owner`; everything else reads and writes through `default`."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return db == "owner" or "owner" not in settings.DATABASES
