"""Connections that do not wait for a silent server, and a pool that fails at once while the database is away.

psycopg_pool by itself tries again after 1, 2, 4 … 128 seconds, so a database that came back stayed away for minutes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

log = logging.getLogger(__name__)

CONNECT_WITHIN: Final = 2
"""Seconds for one attempt to connect; fewer than 2 are taken as 2."""

WAIT_FOR_CONNECTION: Final = 2.0
"""Seconds that a request waits for a connection. With CHECK_WITHIN it keeps an answer below 3 s."""

CHECK_WITHIN: Final = 1.0
"""Seconds in which an idle connection has to answer before it is given out."""

TRY_AGAIN_AFTER: Final = 1.0
"""Seconds after a failed attempt in which nobody else tries."""

LOOK_EVERY: Final = 0.1
"""Seconds after which a request that waits looks whether an attempt to connect failed."""

GIVE_UP_AFTER: Final = 1.5
"""Seconds after which the pool forgets an attempt. The next request begins a new one without a pause."""


CANCEL_WITHIN: Final = 0.5
"""Seconds for telling the server to give up a statement that we no longer wait for."""

_patience: ContextVar[float | None] = ContextVar("database_patience", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait no longer than this for the server's answer to each statement within the block."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


class NoAnswer(psycopg.OperationalError):
    """The server took a statement and was silent for too long."""


class Connection(psycopg.Connection[Any]):
    """A connection that waits for an answer only as long as `patience` allows; without it, as long as it takes."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's. Raises NoAnswer when patience ends, cancels the statement and closes the connection."""
        limit = _patience.get() if timeout is None else None
        if limit is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, limit)
        except errors._WaitTimeout:
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CANCEL_WITHIN)  # else it would go on holding its locks
            self.pgconn.finish()  # its answer may still come
            raise NoAnswer(f"the database did not answer within {limit:.1f} s") from None


class Pool(ConnectionPool[Connection]):
    """A pool that remembers why the last attempt to connect failed.

    Until it connects again, a request that finds no connection fails at once with that reason, one a second excepted,
    which tries. Requests go on waiting for each other while some connection works.
    """

    def __init__(self, *, clear: Callable[[Connection], None], **options: Any) -> None:
        """`clear` leaves nothing of one request on a connection for the next one."""
        self._clear_connection = clear
        self._fault: psycopg.Error | None = None
        self._fault_at = 0.0
        self._trying = threading.Lock()
        self._counting = threading.Lock()
        self._given_out = 0
        super().__init__(
            connection_class=Connection,
            check=self._check_alive,
            reconnect_timeout=GIVE_UP_AFTER,
            reset=self._clear,
            **options,
        )

    def getconn(self, timeout: float | None = None) -> Connection:
        """A connection that answered a moment ago. Raises psycopg.OperationalError with the true cause."""
        fault = self._fault
        if fault is None or self._given_out or self.get_stats()["pool_available"]:
            return self._taken(timeout)
        is_too_soon = time.monotonic() - self._fault_at < TRY_AGAIN_AFTER
        if is_too_soon or not self._trying.acquire(blocking=False):
            raise psycopg.OperationalError(_first_line(fault)) from fault
        try:
            return self._taken(timeout)
        finally:
            self._trying.release()

    def putconn(self, conn: Connection) -> None:
        with self._counting:
            self._given_out = max(0, self._given_out - 1)
        super().putconn(conn)

    def _taken(self, timeout: float | None) -> Connection:
        """Wait for a connection, no longer than until an attempt to make one fails while none works."""
        began = time.monotonic()
        ends_at = began + (self.timeout if timeout is None else timeout)
        while True:
            try:
                connection = super().getconn(max(0.0, min(LOOK_EVERY, ends_at - time.monotonic())))
                break
            except PoolTimeout as error:
                fault, has_failed = self._fault, self._fault_at > began and not self._given_out
                if time.monotonic() < ends_at and not has_failed:
                    continue
                if fault is None:
                    waited = time.monotonic() - began  # psycopg_pool would name the last tenth of a second
                    raise PoolTimeout(f"no connection was free for {waited:.1f} s") from None
                raise psycopg.OperationalError(_first_line(fault)) from error
        with self._counting:
            self._given_out += 1
        return connection

    def _connect(self, timeout: float | None = None) -> Connection:
        try:
            connection = super()._connect(timeout)
        except psycopg.Error as error:
            if self._fault is None:
                log.error("The database cannot be reached: %s", _first_line(error))
            self._fault, self._fault_at = error, time.monotonic()
            raise
        if self._fault is not None:
            self._fault = None
            log.warning("The database can be reached again.")
        return connection

    def _clear(self, connection: Connection) -> None:
        with patience(CHECK_WITHIN):  # the few threads that do this also connect
            self._clear_connection(connection)

    def _check_alive(self, connection: Connection) -> None:
        """Raise for a dead connection, and drop the idle ones beside it: they mostly died with the same server."""
        try:
            with patience(CHECK_WITHIN):
                self.check_connection(connection)
        except psycopg.Error:
            self.drain()
            raise


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
