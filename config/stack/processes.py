"""Child processes: started tied to us, looked after, ended with everything that they started.

Knows nothing of what a program does. Must never leave a process behind: each child leads a session of its own, so that
its grandchildren can be ended by the same signal, and so that a terminal's Ctrl-C reaches only us, who stop in order.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from config.stack.launcher import Identity, tied

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 10.0  # seconds to stop in before a program is killed; Celery ends its running task first
AGAIN_AFTER = 1.0  # seconds before a program that ended is started again
TOO_OFTEN = 5  # ends within
A_WHILE = 60.0  # seconds: then starting it again is no help
LOG_KEPT = 10 * 1024 * 1024  # bytes of a log that the next start goes on writing to


class KeepsEnding(Exception):
    """A program ends again and again; the text says which and shows the end of its log."""


@dataclass(frozen=True)
class Program:
    """What to start, and how it wants to be told to stop. `sockets` are descriptors that it inherits, already bound."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] | None = None
    stops_at: signal.Signals = signal.SIGTERM
    sockets: tuple[int, ...] = ()
    identity: Identity = field(default=Identity((), owner=-1))


class Child:
    """One program's running process and its log file, `<logs>/<name>.log`."""

    def __init__(self, program: Program, logs: Path) -> None:
        self.program = program
        self.log = logs / f"{program.name}.log"
        self.ends: deque[float] = deque(maxlen=TOO_OFTEN)
        self.again_at: float | None = None
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the program. Raises OSError when it is not there."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_KEPT:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program.identity.words, *tied(self.program.stops_at), *self.program.command],
                cwd=ROOT,
                env=self.program.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=self.program.sockets,
            )
        self.again_at = None

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        if not self.has_ended():
            self.process.send_signal(self.program.stops_at)

    def stop(self, patience: float = PATIENCE) -> None:
        """Ask, wait, then kill what is left of it and of what it started."""
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.kill()

    def kill(self) -> None:
        """End the whole session at once; what has ended before is no error."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, lines: int = 15) -> str:
        """The end of the log, for a person to read."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8192))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


class Group:
    """Children that start in turn and stop together. As a context manager it stops them on the way out."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: list[Child] = []
        self.kept: list[socket.socket] = []

    def start(self, program: Program) -> Child:
        child = Child(program, self.logs)
        child.start()
        self.children.append(child)
        return child

    def keep(self, listening: socket.socket) -> None:
        """Hold a socket that a child has inherited, so that the child finds it again when it is started again."""
        self.kept.append(listening)

    def look_after(self) -> list[str]:
        """Start again what has ended, a second after it did. Returns a sentence for each; raises KeepsEnding."""
        said = []
        now = time.monotonic()
        for child in self.children:
            if not child.has_ended():
                continue
            if child.again_at is None:
                child.kill()
                child.ends.append(now)
                child.again_at = now + AGAIN_AFTER
                said.append(f"{child.program.name} has ended ({_how(child.process.returncode)}); starting it again")
                if len(child.ends) == TOO_OFTEN and now - child.ends[0] < A_WHILE:
                    raise KeepsEnding(f"{child.program.name} keeps ending. Its log, {child.log}:\n{child.last_words()}")
            elif now >= child.again_at:
                child.start()
        return said

    def stop(self) -> None:
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + PATIENCE
        for child in self.children:
            child.stop(patience=max(0.0, deadline - time.monotonic()))
        self.children.clear()
        for listening in self.kept:
            listening.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _how(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"status {returncode}"
