"""Whether this process lives, and whether it should be given work (SAFETY, standing rules).

Knows what a node cannot do without: its database, the schema of this version and the keys. What it can do without, the
broker and a quick outbox, makes it "degraded" and keeps it in service. Anybody may ask, as often as they like: what
costs something is asked at most once in two seconds, and the schema only until it is right.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from config.postgresql.pool import patience
from outbox.models import OutboundMail
from tenants.scope import every_tenant

LAG = timedelta(seconds=30)
"""A mail that is due for longer says that nobody sends."""

FRESH = 2.0
"""Seconds for which an answer stands."""

ANSWERS_WITHIN = 0.9
"""Seconds for a statement of ours; with the wait for a connection, the probe is answered within 3 s."""


_STATE = """
SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean, rolsuper OR rolbypassrls
  FROM pg_roles WHERE rolname = current_user
"""
"""What a guest's next request needs beside an answer: a server that takes writes, and the application's role (B6)."""


class Kept:
    """An answer of this process, asked for anew when it is older than FRESH. Only one thread asks at a time."""

    def __init__(self, ask: Callable[[], list[str]]) -> None:
        self._ask = ask
        self._answer: list[str] = []
        self._asked_at: float | None = None
        self._asking = threading.Lock()

    def __call__(self) -> list[str]:
        # The other threads take the answer before it, and wait only where there is none.
        if self._is_fresh() or not self._asking.acquire(blocking=self._asked_at is None):
            return self._answer
        try:
            if not self._is_fresh():  # another thread may have asked while this one waited
                self._answer = self._ask()
                self._asked_at = time.monotonic()
            return self._answer
        finally:
            self._asking.release()

    def _is_fresh(self) -> bool:
        return self._asked_at is not None and time.monotonic() - self._asked_at < FRESH

    def forget(self) -> None:
        """Ask anew the next time."""
        self._asked_at = None


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; it asks nobody."""
    return JsonResponse({"status": "live"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 "ready" or "degraded", 503 with what is missing."""
    missing = missing_parts()
    if missing:
        return JsonResponse({"status": "unready", "missing": missing}, status=503)
    slow = slow_parts()
    return JsonResponse({"status": "degraded" if slow else "ready", "degraded": slow})


def _missing() -> list[str]:
    missing = [] if settings.PASSCODE_KEYS else ["PASSCODE_KEYS"]
    try:
        with patience(ANSWERS_WITHIN):
            with connection.cursor() as cursor:
                cursor.execute(_STATE)
                is_read_only, is_unbound = cursor.fetchone()
            missing += ["writable database"] * is_read_only + ["application role"] * is_unbound
            if not _schema.is_right():
                missing.append("migrations")
    except Error:
        missing.append("database")
    return missing


class _Schema:
    """Whether the database has this version's schema. A right one stays right: it only ever grows under a version."""

    def __init__(self) -> None:
        self._is_right = False

    def is_right(self) -> bool:
        if not self._is_right:
            executor = MigrationExecutor(connection)
            self._is_right = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return self._is_right


def _slow() -> list[str]:
    slow = []
    try:
        with patience(ANSWERS_WITHIN), every_tenant(reason="the outbox's lag is one number for the whole installation"):
            is_late = OutboundMail.objects.late(LAG).exists()
        if is_late:
            slow.append("outbox")
    except Error:  # the database went since it was asked about; the next answer says so
        slow.append("outbox")
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=0, timeout=1)
    except Exception:  # noqa: BLE001  # each transport has errors of its own, and all of them mean the same here
        slow.append("broker")
    return slow


_schema = _Schema()
missing_parts = Kept(_missing)
slow_parts = Kept(_slow)
