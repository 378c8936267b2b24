"""The test's database: migrated once, then copied for every other process of the run."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import psycopg
from django.apps import apps
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

PREFIX = "migrated_"
LOCK = 1_330_001
"""The advisory lock of whoever makes a database of this server's; the others wait and copy."""


def make_database(owner: BaseDatabaseWrapper) -> None:
    """Make the owner's test database and let its connection lead there, as create_test_db does."""
    name = owner.creation._get_test_db_name()  # type: ignore[attr-defined]  # private to Django
    copied = PREFIX + _digest()
    with closing(_connect(owner)) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        rows = server.execute("SELECT datname FROM pg_database").fetchall()
        there = {row[0] for row in rows}
        if copied in there:
            _drop(server, name)
            _copy(server, copied, name)
            settings.DATABASES[owner.alias]["NAME"] = owner.settings_dict["NAME"] = name
        else:
            owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            owner.close()
            for old in (one for one in there if one.startswith(PREFIX)):
                _drop(server, old)
            _copy(server, name, copied)


def _digest() -> str:
    """Changes when a migration does."""
    found = hashlib.sha256()
    for app in apps.get_app_configs():
        for path in sorted((Path(app.path) / "migrations").glob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _connect(owner: BaseDatabaseWrapper) -> psycopg.Connection:
    params = owner.get_connection_params() | {"dbname": "postgres"}
    login = {name: params[name] for name in ("dbname", "user", "host", "port", "password") if name in params}
    return psycopg.connect(**login, autocommit=True)


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _copy(server: psycopg.Connection, old: str, new: str) -> None:
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(new), sql.Identifier(old)))
