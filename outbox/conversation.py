"""A conversation with a mail server, held in other threads while its sender renews the lease.

The sender's own thread keeps the database's connection and the tenant's scope; the others touch neither. (SAFETY B8)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final, TypeVar

T = TypeVar("T")

RENEWED_EVERY: Final = 2.0
"""Seconds between two renewals of the lease. A conversation that lasts longer than the first is a slow one."""

LASTS_AT_MOST: Final = 45.0
"""Seconds of one conversation. Below the broker's visibility timeout of 60 s, so that a task is not given out twice."""

ENDS_WITHIN: Final = 1.0
"""Seconds that an interrupted step, or the goodbye, may still take."""


class LeaseLost(Exception):
    """Another sender holds the row."""


class LastedTooLong(TimeoutError):
    """The conversation has lasted LASTS_AT_MOST seconds."""

    def __str__(self) -> str:
        return f"within {LASTS_AT_MOST:.0f} s"


class Conversation:
    """Steps with one mail server, one after the other.

    `renew` is called every RENEWED_EVERY seconds and says whether the row is still this sender's. `interrupt` makes the
    running step fail soon; it may be set anew once the connection is open.
    """

    def __init__(self, *, renew: Callable[[], bool], interrupt: Callable[[], None]) -> None:
        self._renew = renew
        self.interrupt = interrupt
        self._ends_at = time.monotonic() + LASTS_AT_MOST

    def step(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. LastedTooLong at the end of the time, LeaseLost when another sender took the
        row: then the mail has not left."""
        running = _started(work)
        while not _is_done(running, within=max(0.0, min(RENEWED_EVERY, self._ends_at - time.monotonic()))):
            is_ours = self._renew()
            if is_ours and time.monotonic() < self._ends_at:
                continue
            self.interrupt()
            # The resolver cannot be interrupted: opening a connection sends no mail, and no step follows.
            if not _is_done(running, within=ENDS_WITHIN) or running.exception() is not None:
                raise LastedTooLong if is_ours else LeaseLost
        return running.result()

    def say_goodbye(self, work: Callable[[], object]) -> None:
        """Close the connection. The mail has left or has not: a server that closes rudely or slowly changes neither."""
        if not _is_done(_started(work), within=ENDS_WITHIN):
            self.interrupt()


def _started(work: Callable[[], T]) -> Future[T]:
    running: Future[T] = Future()

    def run() -> None:
        try:
            running.set_result(work())
        except BaseException as error:  # noqa: BLE001  # the waiting thread raises it
            running.set_exception(error)

    threading.Thread(target=run, name="mail-conversation", daemon=True).start()
    return running


def _is_done(running: Future[T], *, within: float) -> bool:
    return bool(wait([running], timeout=within).done)
