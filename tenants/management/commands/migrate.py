"""`manage.py migrate`, as the owner: the application's role may not change the schema.

Knows the two things that differ from Django's: whose connection it is, and how long a migration may stand in a queue
for a table, as everybody who comes later stands behind it (SAFETY B12). Must do nothing else differently.
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.operations import NotInTransactionMixin
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections
from django.db.migrations import Migration
from psycopg.errors import LockNotAvailable

WAITS: Final = "2s"
"""For a lock. Behind a statement that waits for a whole table, nobody reads it either."""

TRIES: Final = 10
PAUSE: Final = 3.0
"""Seconds between tries, in which what queued up is served."""


class Command(Migrate):
    """Apply migrations as the owner role (DATABASE_OWNER_URL)."""

    database = ""

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

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Django's own. A migration that did not get its lock is rolled back and tried again with those behind it."""
        self.database = options["database"]
        for left in reversed(range(TRIES)):
            try:
                done: str | None = super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                self._say("RESET lock_timeout")
                if not left:
                    raise CommandError(
                        f"Something holds a table that this migration changes: {TRIES} tries of {WAITS} each were not "
                        "enough, and it waits no longer, as sign-ins would wait behind it. The migrations that are "
                        "marked OK stay. Find what runs so long (pg_stat_activity, the oldest xact_start), then run "
                        "manage.py migrate again."
                    ) from error
                self.stdout.write(f"\n  A table was in use for {WAITS}. Trying again, {left} more times at most.")
                time.sleep(PAUSE)
                continue
            self._say("RESET lock_timeout")
            return done
        return None

    def migration_progress_callback(self, action: str, migration: Migration | None = None, fake: bool = False) -> None:
        """Django's own line, behind the limit on the migration that begins.

        An index that is made beside the traffic has none: what it waits for is that older transactions end, nobody
        waits behind it, and a limit would leave half an index.
        """
        if migration is not None and action in ("apply_start", "unapply_start"):
            is_beside = any(isinstance(one, NotInTransactionMixin) for one in migration.operations)
            self._say(f"SET lock_timeout = '{0 if is_beside else WAITS}'")
        super().migration_progress_callback(action, migration, fake)

    def _say(self, statement: str) -> None:
        with connections[self.database].cursor() as cursor:
            cursor.execute(statement)
