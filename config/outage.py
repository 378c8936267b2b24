"""What happens while the database is away: how long a request waits for it, and which errors mean that it is away.

After the first failure one request every half second asks the database again. The others are answered at once, so that
no thread of the web server waits for a database that is known to be away.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import psycopg
from django.db import Error, connection
from psycopg import errors
from psycopg.abc import RV, PQGen
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from tenants.scope import clear_tenant

FOR_CONNECTION = 2
"""Seconds to wait for a connection, from the pool or from PostgreSQL (libpq's least)."""

FOR_GUESTS = 2.5
"""Seconds that a statement of a guest's page may take."""

FOR_PORTAL = 10.0
"""Seconds that a statement of a portal page may take, which looks through more rows."""

BETWEEN_PROBES = 0.5
"""Seconds between two requests that ask a database that was away."""

# 57014: a statement was cancelled by its timeout. 25006: read-only, as a server in recovery is.
# 25P03, 25P04: an idle or a long transaction was ended. 55P03: a lock was not available.
_AWAY_STATES = ("57014", "25006", "25P03", "25P04", "55P03")
_AWAY_CLASSES = ("08", "53", "57P", "58")
"""SQLSTATE: connection, resources (too many connections, disk full), shutdown, system (PostgreSQL, Appendix A)."""

log = logging.getLogger(__name__)

_patience: ContextVar[float | None] = ContextVar("database_patience", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Let no statement of the block wait longer for the server's answer."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


class PatientConnection(psycopg.Connection[Any]):
    """Closes itself where the server does not answer within `patience`: a stopped server ends no statement itself."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        limit = _patience.get() if timeout is None else None
        if limit is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit)
        except errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError(f"the database did not answer within {limit:.1f} s") from None


def clear_connection(raw: psycopg.Connection[Any]) -> None:
    """The pool's `reset`, which must not hold up the threads that connect."""
    with patience(FOR_CONNECTION):
        clear_tenant(raw)


def is_away(error: BaseException | None) -> bool:
    """Whether this error of Django's says that the database is away. Errors of our own statements do not."""
    if not isinstance(error, Error):
        return False
    cause = error.__cause__
    if isinstance(cause, PoolTimeout | PoolClosed | TooManyRequests):
        return True
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        return cause.sqlstate in _AWAY_STATES or cause.sqlstate.startswith(_AWAY_CLASSES)
    if isinstance(cause, psycopg.OperationalError):
        return True
    return isinstance(cause, psycopg.InterfaceError) and "closed" in str(cause)


class Outage:
    """Whether the database is away for this process, and when it is asked again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._ask_at = 0.0

    def begin(self, error: BaseException) -> None:
        """Note a failure. Logs the first one, and replaces the pool's connections, which may be dead."""
        with self._lock:
            is_first = self._since is None
            if is_first:
                self._since = time.monotonic()
            self._ask_at = time.monotonic() + BETWEEN_PROBES
        if is_first:
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            log.error("The database is away (%s). Pages answer 503 until it is back.", reason)
            with suppress(Exception):  # the pool may be closed; what matters is told already
                connection.pool.drain()  # type: ignore[attr-defined]  # of Django's PostgreSQL backend

    def is_over(self) -> bool:
        """Whether the caller may use the database. While it is away, one caller at a time finds out."""
        with self._lock:
            if self._since is None:
                return True
            if time.monotonic() < self._ask_at:
                return False
            # Nobody else asks before this caller is through.
            self._ask_at = time.monotonic() + 2 * FOR_CONNECTION + BETWEEN_PROBES
        try:
            with patience(FOR_CONNECTION), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except Error as error:
            with suppress(Error):
                connection.close()
            self.begin(error)
            return False
        self._end()
        return True

    def _end(self) -> None:
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            log.warning("The database is back after %.0f s.", time.monotonic() - since)


outage = Outage()


class HideOutage(logging.Filter):
    """Drop Django's line and traceback for each request that the outage's own line speaks of."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and is_away(record.exc_info[1]))
