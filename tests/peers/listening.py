"""A server on this machine for a peer of the tests.

Knows which addresses this process has had peers at: what a provider publishes is remembered by its address, so none may
stand where an earlier one did and answered otherwise.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_seen: set[int] = set()


def new_server(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """Listening at an address that no other peer of this process had; its threads end with the process."""
    while True:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        if server.server_port not in _seen:
            _seen.add(server.server_port)
            return server
        server.server_close()
