"""Requests to a mail provider's API that can be ended while they are under way."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter


class EndableAdapter(HTTPAdapter):
    """Knows the sockets of its requests. Its time-outs end each wait; `interrupt` ends them all."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._is_over = False
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """As requests makes it, with connections that tell of their sockets."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        adapter = self

        class Connection(pool.ConnectionCls):  # type: ignore[misc]  # urllib3 chooses it by the scheme
            def connect(self) -> None:
                super().connect()
                adapter.note(self.sock)

        pool.ConnectionCls = Connection
        return pool

    def note(self, sock: socket.socket) -> None:
        """Keep the socket. Raises OSError where it was opened too late: nothing may be sent over it."""
        self._sockets.append(sock)
        if self._is_over:
            raise OSError("the conversation has ended")

    def interrupt(self) -> None:
        """End what is under way, from another thread."""
        self._is_over = True
        for sock in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not a TLS socket's own method, as in outbox/smtp.py


def endable(session: Session) -> EndableAdapter:
    """Have all requests of the session go through an adapter that can end them."""
    adapter = EndableAdapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return adapter
