"""The folder that a local stack lives in, and the lock that only one stack holds at a time.

Knows what lies where in it, and whether a stack runs on it now: by the lock, which the kernel lets go however its
holder died, never by a file that may be left behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROBE_LASTS = 0.5  # seconds; a command that only asks holds the lock for far less


class AlreadyRuns(Exception):
    """Another stack holds this folder."""


class DataFolder:
    """DATA_DIR: databases, mail, logs, secrets. Made on first use, for our eyes only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.secrets = path / "secrets.env"
        self.running = path / "running.env"
        self.postgres = path / "postgres-18"
        self.mail = path / "mail"
        self.logs = path / "logs"
        self.beat = path / "beat-schedule"
        self.contoso_id = path / "contoso-id.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the one stack on this folder. Raises AlreadyRuns."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / "stack.lock").open("ab") as lock:
            deadline = time.monotonic() + PROBE_LASTS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise AlreadyRuns from None
                    time.sleep(0.05)
            self.running.unlink(missing_ok=True)
            try:
                yield
            finally:
                self.running.unlink(missing_ok=True)

    @contextmanager
    def sockets(self) -> Iterator[Path]:
        """A folder for unix sockets with a path short enough for them, which only we may enter; gone afterwards.

        One that a killed stack left is used again, so that kills leave no trail of folders.
        """
        note = self.path / "sockets"
        left = Path(note.read_text()) if note.exists() else None
        folder = left if left and _is_ours(left) else Path(tempfile.mkdtemp(prefix="vestibule-", dir=_short_folder()))
        note.write_text(str(folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            note.unlink(missing_ok=True)


def is_running(path: Path) -> bool:
    """Whether a stack runs on this folder now."""
    with suppress(OSError), (path / "stack.lock").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _is_ours(folder: Path) -> bool:
    """A folder that nobody else made in our absence: not a link, and closed to everybody but us."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _short_folder() -> str | None:
    """tempfile's own choice, or /tmp where that one is too deep for a socket's path."""
    return None if len(tempfile.gettempdir()) < 60 else "/tmp"  # noqa: S108  # mkdtemp makes a private folder in it
