"""Microsoft's look-up service, in a part: a real HTTP server on loopback that says which tenant a domain belongs to.

It counts what it is asked, and can fail in every way that the real one could.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.peers.listening import new_server

HOME = "3f1c2b9a-7d54-4f0e-9a61-5b8f2f6f0d11"
OTHER_HOME = "c2b7f1de-0a35-4c2c-8f7e-64d3a0e9b722"


class Mode(StrEnum):
    """How the service behaves."""

    NORMAL = "normal"
    BROKEN = "500"
    HANGING = "hanging"
    DRIPPING = "dripping"
    GARBAGE = "garbage"
    WRONG_ISSUER = "wrong issuer"
    ODD_REFUSAL = "odd refusal"
    REDIRECTING = "redirecting"


class EntraDirectory:
    """The service while it runs. `domains` and `mode` may be changed at any time; `asked` has one name per request."""

    def __init__(self, server: ThreadingHTTPServer, domains: Mapping[str, str]) -> None:
        self.authority = f"http://127.0.0.1:{server.server_address[1]}"
        self.domains = dict(domains)
        self.mode = Mode.NORMAL
        self.asked: list[str] = []
        self.is_closing = threading.Event()
        self.hangs_for = 60.0  # seconds

    def answer(self, domain: str) -> tuple[int, dict[str, Any]]:
        """The status and the object that the real service answers with."""
        tid = self.domains.get(domain)
        if tid is None:
            description = f"AADSTS90002: Tenant '{domain}' not found."
            return 400, {"error": "invalid_tenant", "error_description": description, "error_codes": [90002]}
        return 200, {
            "issuer": f"{self.authority}/{tid}/v2.0",
            "authorization_endpoint": f"{self.authority}/{tid}/oauth2/v2.0/authorize",
            "jwks_uri": f"{self.authority}/{tid}/discovery/v2.0/keys",
        }


@contextmanager
def running_directory(domains: Mapping[str, str] | None = None) -> Iterator[EntraDirectory]:
    """Start it on a free port, with these domains and the tenants that they belong to."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            domain = self.path.strip("/").partition("/")[0]
            directory.asked.append(domain)
            try:
                self._behave(domain)
            except OSError:
                self.close_connection = True  # who asked has given up

        def _behave(self, domain: str) -> None:
            status, said = directory.answer(domain)
            match directory.mode:
                case Mode.BROKEN:
                    status, said = 500, {"error": "server_error"}
                case Mode.HANGING:
                    directory.is_closing.wait(directory.hangs_for)
                case Mode.DRIPPING:
                    self._drip()
                    return
                case Mode.WRONG_ISSUER:
                    status, said = 200, {"issuer": f"https://elsewhere.example/{HOME}/v2.0"}
                case Mode.ODD_REFUSAL:
                    status, said = 400, {"error": "invalid_request", "error_description": "AADSTS900023: no such name."}
                case Mode.REDIRECTING:
                    self.send_response(302)
                    self.send_header("Location", f"{directory.authority}/elsewhere")
                    self.end_headers()
                    return
            body = b"<html>not this" if directory.mode is Mode.GARBAGE else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _drip(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
            while not directory.is_closing.wait(0.2):
                self.wfile.write(b" ")

        def log_message(self, *args: Any) -> None:
            """Nothing: the test reads `asked`."""

    server = new_server(Handler)
    directory = EntraDirectory(server, domains or {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield directory
    finally:
        directory.is_closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def entra_directory(settings: Any) -> Iterator[EntraDirectory]:
    """The service, with Entra ID registered and looked up live. It knows two organisations."""
    with running_directory({"adatum.example": HOME, "firstupconsultants.com": OTHER_HOME}) as directory:
        settings.ENTRA_CLIENT_ID = "11111111-2222-3333-4444-555555555555"
        settings.ENTRA_AUTHORITY = directory.authority
        settings.DISCOVERY = "live"
        yield directory
