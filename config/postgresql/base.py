"""The backend that settings name as `config.postgresql`: Django's, with our pool in the place of psycopg's."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base

from config.postgresql.pool import Pool


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's PostgreSQL. OPTIONS["pool"] has the arguments of our Pool."""

    _connection_pools: ClassVar[dict[str, Pool]]  # Django's own; its type stubs do not know the pool yet
    _configure_connection: Any

    @property
    def pool(self) -> Any:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            made = Pool(
                kwargs=self.get_connection_params() | {"autocommit": True},  # Django sets it as it needs it
                open=False,
                configure=self._configure_connection,
                **options,
            )
            self._connection_pools.setdefault(self.alias, made)  # of two threads the first one's counts
        return self._connection_pools[self.alias]
