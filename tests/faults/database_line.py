"""A line to the test's PostgreSQL that a test can cut, freeze or close, as a network or a stopped server does."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote, urlsplit

from django.db import connection


class DatabaseLine:
    """Listens on a port of its own and hands on to PostgreSQL.

    `close` refuses new connections and ends the others, `cut` ends the others alone, `freeze` passes nothing on. A
    connection that sends the text in `cuts_at` is ended before PostgreSQL sees it.
    """

    def __init__(self) -> None:
        self._server: socket.socket | None = None
        self._port = 0
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._passing = threading.Event()
        self._passing.set()
        self.cuts_at: bytes = b""
        self.cuts = 0
        self.open()

    @property
    def url(self) -> str:
        """DATABASE_URL through this line, as the application's role, in the test's database."""
        role = quote(str(connection.settings_dict["USER"]))
        return f"postgres://{role}@127.0.0.1:{self._port}/{connection.settings_dict['NAME']}"

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def open(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self._port), backlog=64)
        self._port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._server], daemon=True).start()

    def close(self) -> None:
        """Refuse new connections and end the others: PostgreSQL was stopped."""
        if self._server is not None:
            with suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None
        self._passing.set()
        self.cut()

    def cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            _end(pair)

    def freeze(self) -> None:
        """Pass nothing on any more; connections stay and new ones are taken."""
        self._passing.clear()

    def thaw(self) -> None:
        self._passing.set()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            database = socket.socket(socket.AF_UNIX)
            try:
                database.connect(_postgres_socket())
            except OSError:
                client.close()
                continue
            pair = (client, database)
            with self._lock:
                self._pairs.add(pair)
            for source, target in (pair, pair[::-1]):
                threading.Thread(target=self._pass_on, args=[pair, source, target], daemon=True).start()

    def _pass_on(self, pair: tuple[socket.socket, socket.socket], source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                self._passing.wait()
                if self.cuts_at and source is pair[0] and self.cuts_at in piece:
                    self.cuts += 1
                    break
                target.sendall(piece)
        with self._lock:
            self._pairs.discard(pair)
        _end(pair)


def _end(pair: tuple[socket.socket, socket.socket]) -> None:
    for one in pair:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def _postgres_socket() -> str:
    folder = connection.settings_dict["HOST"] or urlsplit(os.environ["DATABASE_URL"]).hostname
    return f"{folder}/.s.PGSQL.{connection.settings_dict['PORT'] or 5432}"


@contextmanager
def database_line() -> Iterator[DatabaseLine]:
    line = DatabaseLine()
    try:
        yield line
    finally:
        line.cuts_at = b""
        line.close()
