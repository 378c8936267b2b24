"""The signals that end the stack, as one exception.

Knows which they are and that only the first counts: while everything is being stopped a second one must not tear the
stopping apart.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """Somebody asked us to end. Not an Exception: nothing on the way out may swallow it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number = signal_number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Within, the first of SIGNALS raises Ended. A SIGHUP that nohup had switched off stays off."""

    def end(signal_number: int, frame: FrameType | None) -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        raise Ended(signal_number)

    before = {one: signal.getsignal(one) for one in SIGNALS}
    for one in SIGNALS:
        if not (one == signal.SIGHUP and before[one] == signal.SIG_IGN):
            signal.signal(one, end)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
