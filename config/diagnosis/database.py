"""Whether the database can be used: both roles, the schema, row security, the limits of transactions, the clock."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from config.database_roles import LONGEST_TRANSACTION
from config.diagnosis.findings import Line, bad, first_line, good, note, warning
from config.environment import is_loopback
from config.process_names import PRODUCT
from tenants.checks import owned_tables_have_policies
from tenants.database_fault import database_fault, fault_of, login

OLDEST_SERVER: Final = 150000
"""PostgreSQL 15: the first in which the owner of a database may make tables in it without a superuser."""

_THREADED: Final = ("web", "relay")
"""Processes whose threads use the whole pool; the others work on one connection."""

MOST_DRIFT: Final = timedelta(seconds=2)


def database() -> Line:
    """The application role: row security must bind it."""
    fault = database_fault()
    if fault is not None:
        return bad("database", str(fault))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_user, current_database(), current_setting('server_version'),"
                " current_setting('server_version_num')::int, rolsuper OR rolbypassrls,"
                " EXISTS (SELECT 1 FROM pg_class WHERE relname = 'tenants_tenant' AND relowner = r.oid)"
                " FROM pg_roles r WHERE rolname = current_user"
            )
            role, name, version, number, is_above, is_owner = cursor.fetchone()
    except DatabaseError as error:
        return bad(
            "database", f"does not answer ({first_line(error)}). Start it with script/up, or correct DATABASE_URL."
        )
    if number < OLDEST_SERVER:
        return bad("database", f"PostgreSQL {version} is too old. 15 is the oldest that works.")
    if is_above or is_owner:
        return bad(
            "database",
            f"{role} is above row security, so one tenant could see another's rows. "
            "Make the two roles with manage.py setup_database, and name the application's in DATABASE_URL.",
        )
    return good("database", f"{role} in {name}, PostgreSQL {version}; row security binds it.")


def encryption() -> Line:
    """Whether the way to the database is encrypted to the right server, where it leaves this machine."""
    there = settings.DATABASES["default"]
    host, mode = there["HOST"], there["OPTIONS"].get("sslmode", "prefer")
    if not host or host.startswith("/") or is_loopback(host):
        return good("database tls", "not needed: the database is on this machine.")
    if mode == "verify-full":
        return good("database tls", "certificate and host name are verified.")
    return warning(
        "database tls",
        "whoever stands between this machine and the database can read along: its certificate is not verified. "
        "Add ?sslmode=verify-full to DATABASE_URL, and TLS_CA_FILE for an authority of your own.",
    )


def connections() -> Line:
    """What all our processes may open, as far as they are connected now, against what PostgreSQL allows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
            " - coalesce(current_setting('reserved_connections', true), '0')::int"
        )
        (allowed,) = cursor.fetchone()
        cursor.execute(
            "SELECT DISTINCT application_name FROM pg_stat_activity"
            " WHERE usename = current_user AND application_name LIKE %s",
            [f"{PRODUCT} %"],
        )
        names = [name for (name,) in cursor.fetchall()]
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    kinds = Counter(name.split()[1] for name in names)
    most = sum(count * (pool if kind in _THREADED else 1) for kind, count in kinds.items())
    seen = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    said = f"the processes that are connected ({seen}) may open {most}, and PostgreSQL allows {allowed}"
    if most > allowed:
        return warning("connections", f"{said}. Raise max_connections there, or lower DATABASE_POOL here.")
    return good("connections", f"{said}: room for {(allowed - most) // pool} more web processes.")


def owner() -> Line:
    """The owner migrates; the web and worker processes should not know it."""
    if "owner" not in settings.DATABASES:
        return note("owner", "DATABASE_OWNER_URL is not set here: right for web and worker, needed to migrate.")
    try:
        with psycopg.connect(**login("owner")) as raw:
            row = raw.execute("SELECT current_user, has_schema_privilege('public', 'CREATE')").fetchone()
    except psycopg.Error as error:
        fault = fault_of(error, "DATABASE_OWNER_URL", password=settings.DATABASES["owner"]["PASSWORD"])
        return bad("owner", f"{fault} Or leave DATABASE_OWNER_URL out here.")
    role, may_migrate = row or ("nobody", False)
    if not may_migrate:
        return bad("owner", f"{role} may not make tables. Make the roles with manage.py setup_database.")
    return good("owner", f"{role} may migrate.")


def migrations() -> Line:
    """The schema is this version's."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        first = waiting[0][0]
        return bad(
            "migrations",
            f"{len(waiting)} wait, {first.app_label}.{first.name} first. Run: manage.py migrate",
        )
    return good("migrations", "the schema is this version's.")


def row_security() -> Line:
    """Every table with rows of tenants hides other tenants' rows."""
    wrong = owned_tables_have_policies(databases=["default"])
    if wrong:
        return bad("row security", f"{len(wrong)} tables do not have it, {wrong[0].obj} first. {wrong[0].hint}")
    return good("row security", "on for every table with rows of tenants.")


def transactions() -> Line:
    """A forgotten transaction holds its locks and keeps the history from being sealed (R64) until it ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting::int FROM pg_settings WHERE name IN"
            " ('transaction_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout')"
        )
        limits = dict(cursor.fetchall())
    most = int(LONGEST_TRANSACTION.removesuffix("s")) * 1000
    if 0 < limits.get("transaction_timeout", 0) <= most:
        return good("transactions", f"end after {limits['transaction_timeout'] // 1000} s.")
    if "transaction_timeout" not in limits and all(0 < limits[name] <= most for name in limits):
        return note("transactions", "only statements and pauses are limited; PostgreSQL 17 limits transactions too.")
    return bad(
        "transactions",
        "have no limit, so a forgotten one would hold its locks for ever. Run manage.py setup_database again.",
    )


def clock() -> Line:
    """Deadlines are compared by the database's clock and shown by ours."""
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    after = timezone.now()
    drift = max(theirs - after, before - theirs)
    if drift > MOST_DRIFT:
        return bad("clock", f"is {drift.total_seconds():.0f} s off the database's. Let NTP set both.")
    return good("clock", "agrees with the database's.")
