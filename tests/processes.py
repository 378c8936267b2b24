"""Processes that a test starts. They end with the test, and with pytest itself if it is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen  # noqa: TID251  # here is where the others get it from
from typing import Any

from config.stack.launcher import tied
from config.stack.processes import ROOT

Process = Popen[str]


@contextmanager
def started(
    command: Sequence[str | Path], *, stops_at: signal.Signals = signal.SIGKILL, **options: Any
) -> Iterator[Process]:
    """The running command, in a session of its own. On the way out its whole process group is killed.

    The kernel sends it `stops_at` when pytest dies: SIGTERM if it has children in other sessions to stop first.
    Signals that pytest ignores (under nohup, in the background of a shell) have their usual effect in the command.
    """
    ignored = [one for one in (signal.SIGHUP, signal.SIGINT) if signal.getsignal(one) == signal.SIG_IGN]
    for one in ignored:
        signal.signal(one, lambda *_: None)  # exec turns a handler into the default, but hands SIG_IGN on
    try:
        process = Popen([*tied(stops_at), *command], cwd=ROOT, text=True, start_new_session=True, **options)
    finally:
        for one in ignored:
            signal.signal(one, signal.SIG_IGN)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
