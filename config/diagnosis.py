"""Whether this installation has what it needs, a line for each need.

Knows how to ask the database, the broker, the mail server, the clock and the keys, and what an operator does about a
bad answer. Reads only: it sends no mail and changes no row.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import psycopg
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.db.models.functions import Now
from django.http.request import validate_host
from django.utils import timezone

from config.database_roles import LONGEST_TRANSACTION
from config.findings import Line, State, bad, good, note
from config.provider_diagnosis import registrations, sealed_secrets
from outbox.kinds import reporting
from outbox.models import OutboundMail
from passcodes.models import Challenge
from tenants.checks import owned_tables_have_policies
from tenants.scope import every_tenant
from tenants.sealing import tenants_to_seal

OLDEST_SERVER: Final = 150000
"""PostgreSQL 15: the first in which the owner of a database may make tables in it without a superuser."""

LATE_SEAL: Final = timedelta(minutes=2)
LATE_MAIL: Final = timedelta(seconds=30)
MOST_DRIFT: Final = timedelta(seconds=2)
PATIENCE: Final = 5
"""Seconds to wait for the mail server."""


def examine() -> list[Line]:
    """Every line, in the order in which the needs build on each other. Never raises for what it finds."""
    lines = [keys(), address(), database()]
    if lines[-1].state is not State.BAD:
        of_database: tuple[Callable[[], Line], ...] = (owner, migrations, row_security, transactions, clock)
        lines += [_guarded(check) for check in of_database]
        if all(line.state is not State.BAD for line in lines):
            lines += [_guarded(check) for check in (live_keys, sealed_secrets, outbox, history)]
    return [*lines, broker(), mail(), mail_events(), registrations()]


def keys() -> Line:
    """The first key makes new codes; the others verify what they made."""
    first, *others = [str(number) for number, _ in settings.PASSCODE_KEYS]
    return good("keys", f"new codes by key {first}" + (f", older ones by {', '.join(others)}." if others else "."))


def address() -> Line:
    """Links in mails begin with PUBLIC_URL, and its host must be answered."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return bad("address", f"PUBLIC_URL's host {host} is not in ALLOWED_HOSTS, so its pages answer 400. Add it.")
    proxies = settings.TRUSTED_PROXIES
    return good("address", f"{settings.PUBLIC_URL}, behind {proxies} {'proxy' if proxies == 1 else 'proxies'}.")


def database() -> Line:
    """The application role: row security must bind it."""
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
        return bad("database", f"does not answer ({_first(error)}). Start it with script/up, or correct DATABASE_URL.")
    if number < OLDEST_SERVER:
        return bad("database", f"PostgreSQL {version} is too old. 15 is the oldest that works.")
    if is_above or is_owner:
        return bad(
            "database",
            f"{role} is above row security, so one tenant could see another's rows. "
            "Make the two roles with manage.py setup_database, and name the application's in DATABASE_URL.",
        )
    return good("database", f"{role} in {name}, PostgreSQL {version}; row security binds it.")


def owner() -> Line:
    """The owner migrates; the web and worker processes should not know it."""
    if "owner" not in settings.DATABASES:
        return note("owner", "DATABASE_OWNER_URL is not set here: right for web and worker, needed to migrate.")
    login = connections["owner"].get_connection_params()
    wanted = {name: login[name] for name in ("dbname", "user", "host", "port", "password") if name in login}
    try:
        with psycopg.connect(**wanted, connect_timeout=PATIENCE) as raw:
            row = raw.execute("SELECT current_user, has_schema_privilege('public', 'CREATE')").fetchone()
    except psycopg.Error as error:
        return bad("owner", f"does not get in ({_first(error)}). Correct DATABASE_OWNER_URL, or leave it out here.")
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
    """The longest transaction that the history's sealer may count on (R64)."""
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
        "have no limit, so a line could be missing from a seal of the history. Run manage.py setup_database again.",
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


def live_keys() -> Line:
    """No live code was made with a key that is gone."""
    known = [number for number, _ in settings.PASSCODE_KEYS]
    with every_tenant(reason="keys belong to the installation, not to a tenant"):
        lost = Challenge.objects.filter(used_at=None, voided_at=None, expires_at__gt=Now()).exclude(key_id__in=known)
        found = list(lost.values("key_id").annotate(n=Count("id")).order_by("key_id"))
    if found:
        said = ", ".join(f"{one['n']} of key {one['key_id']}" for one in found)
        return bad("live codes", f"cannot be verified: {said}. Put the key back into PASSCODE_KEYS, behind the first.")
    return good("live codes", "every one can be verified.")


def outbox() -> Line:
    """Somebody sends."""
    with every_tenant(reason="whether mails wait is a question about the installation"):
        waiting = OutboundMail.objects.late(LATE_MAIL).count()
    if waiting:
        return bad(
            "outbox",
            f"{waiting} mails are more than {LATE_MAIL.seconds} s late. "
            "Start a worker (celery -A config.celery worker --beat) and manage.py relay.",
        )
    return good("outbox", "no mail is late.")


def history() -> Line:
    """Beat seals (R64)."""
    with every_tenant(reason="whether beat runs is a question about the installation"):
        late = tenants_to_seal(older_than=LATE_SEAL)
    if late:
        return bad(
            "history",
            f"{len(late)} tenants have lines that wait for a seal for more than {LATE_SEAL.seconds // 60} minutes. "
            "Start a worker with beat: celery -A config.celery worker --beat",
        )
    return good("history", "sealed up to two minutes ago.")


def broker() -> Line:
    """Valkey or Redis: a nudge only, so its absence slows mails and stops beat."""
    try:
        with current_app.connection_for_write() as link:
            link.ensure_connection(max_retries=0, timeout=1)
    except Exception as error:  # noqa: BLE001  # each transport has errors of its own, and all of them mean the same here
        return bad(
            "broker",
            f"does not answer ({_first(error)}). Guests still get codes by manage.py relay. "
            "Start it with script/up, or correct REDIS_URL.",
        )
    return good("broker", "answers.")


def mail() -> Line:
    """The mail server lets us in. Nothing is sent."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return note("mail", f"{settings.EMAIL_BACKEND} cannot be asked without sending. Try: manage.py check_mail")
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=PATIENCE) as server:
            if settings.EMAIL_USE_TLS:
                server.starttls()
            if settings.EMAIL_HOST_USER:
                server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return bad("mail", f"{where} does not let us in ({_first(error)}). Correct EMAIL_URL.")
    return good("mail", f"{where} lets us in. Send a test: manage.py check_mail")


def mail_events() -> Line:
    """Whether pages can say delivered and bounced, or handed over at most (R18)."""
    found = reporting()
    if found.reader is not None:
        return good(
            "mail events", f"{found.provider} posts them to {settings.PUBLIC_URL}/mail/events/{found.provider}/."
        )
    if found.missing:
        return note("mail events", f"none are taken from {found.provider}: {found.missing.removesuffix('.')}.")
    return note("mail events", "none: a mail server says no more than that it took a mail.")


def _guarded(check: Callable[[], Line]) -> Line:
    try:
        return check()
    except DatabaseError as error:
        return bad(check.__name__.replace("_", " "), f"could not be asked ({_first(error)}). Run: manage.py migrate")


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
