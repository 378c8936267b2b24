"""`manage.py migrate`, as the owner: the application's role may not change the schema.

Knows the one default that differs from Django's. Must do nothing else differently.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as Migrate


class Command(Migrate):
    """Apply migrations as the owner role (DATABASE_OWNER_URL)."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Refuse with the fix where there is no owner, before the checks ask for it; else Django's own."""
        if options["database"] not in settings.DATABASES:
            raise CommandError(
                "Only the owner role may migrate, and DATABASE_OWNER_URL is not set. Set it for this command, "
                "or make the roles first: manage.py setup_database."
            )
        return super().execute(*args, **options)
