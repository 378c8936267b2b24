"""What providers publish, kept in memory for a while, so that a sign-in does not ask for it each time.

Knows ages, never what is kept. It must never hand out what its source has replaced for longer than is said here, nor
let anybody make it ask a source more often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from providers.fetching import FetchFailed

T = TypeVar("T")

FRESH_FOR = timedelta(hours=1)
GOOD_FOR = timedelta(days=1)
"""How long the old one serves while its source does not answer."""
BETWEEN_EARLY_READS = timedelta(seconds=60)
MOST_KEPT = 1000
"""Tenants type the sources, so their number is bounded; what was first kept goes first."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    fresh_until: datetime
    good_until: datetime
    early_from: datetime


class Remembered(Generic[T]):
    """Values by key in this process. Its sources raise FetchFailed when they do not answer."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept[T]] = {}
        self._lock = Lock()

    def value(self, key: str, *, now: datetime, source: Callable[[], T]) -> T:
        """The value, at most an hour old; up to a day old where the source does not answer, asked again each minute.

        Raises FetchFailed when there is none to fall back on, and whatever else the source raises.
        """
        kept = self._kept.get(key)
        if kept is not None and now < kept.fresh_until:
            return kept.value
        try:
            return self.renewed(key, now=now, source=source)
        except FetchFailed:
            if kept is None or now >= kept.good_until:
                raise
            self._keep(key, replace(kept, fresh_until=now + BETWEEN_EARLY_READS))
            return kept.value

    def read_early(self, key: str, *, now: datetime, source: Callable[[], T]) -> T | None:
        """A value read before its time, once a minute at most.

        None when that minute is not over, or it was read just now. Raises FetchFailed.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                if now <= kept.early_from:
                    return None
                self._kept[key] = replace(kept, early_from=now + BETWEEN_EARLY_READS)
        value = source()
        self._keep(key, _Kept(value, now + FRESH_FOR, now + GOOD_FOR, now + BETWEEN_EARLY_READS))
        return value

    def renewed(self, key: str, *, now: datetime, source: Callable[[], T]) -> T:
        """A value read now, whatever is kept. Raises what the source raises."""
        value = source()
        self._keep(key, _Kept(value, now + FRESH_FOR, now + GOOD_FOR, now))
        return value

    def _keep(self, key: str, kept: _Kept[T]) -> None:
        with self._lock:
            self._kept.pop(key, None)
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = kept
