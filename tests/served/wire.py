"""A client that writes every octet itself, over TLS, from an address of its own."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.served.shipped import HOST, Proxy

CLIENT = "127.0.0.2"
"""Where the clients are. Proxies ask the nodes from 127.0.0.1."""
ANSWERS_WITHIN = 60.0  # seconds; other tests may have the processor
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What came back, with headers' names in small letters; status 0 where the connection ended without an answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    cookies: tuple[str, ...] = ()


def connect(proxy: Proxy) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", proxy.https), ANSWERS_WITHIN, source_address=(CLIENT, 0))
    return proxy.trust.wrap_socket(plain, server_hostname=HOST)


def head(method: str, path: str, *lines: str, host: str = HOST) -> bytes:
    """The head of a request that is the last of its connection. Letters above ASCII travel as UTF-8."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *lines, "", "")).encode()


def read(stream: socket.socket) -> Answer:
    """The answer on this connection."""
    response = HTTPResponse(stream)
    try:
        response.begin()
        body = response.read()
    except (OSError, HTTPException):
        return Answer(0)
    cookies = tuple(response.headers.get_all("Set-Cookie") or ())
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, body.decode(errors="replace"), cookies)


def send(proxy: Proxy, *parts: bytes) -> Answer:
    """Send the parts; a proxy that refuses may stop reading before the last."""
    with connect(proxy) as stream:
        with suppress(OSError):
            for part in parts:
                stream.sendall(part)
        return read(stream)


def get(proxy: Proxy, path: str, *lines: str) -> Answer:
    return send(proxy, head("GET", path, *lines))


def ask_node(port: int, *parts: bytes, is_cut: bool = False) -> Answer:
    """Send the parts to a node itself, past the proxies; `is_cut` ends the sending there."""
    with socket.create_connection(("127.0.0.1", port), ANSWERS_WITHIN) as stream:
        for part in parts:
            stream.sendall(part)
        if is_cut:
            stream.shutdown(socket.SHUT_WR)
        return read(stream)


def chunks(*pieces: bytes) -> bytes:
    """A chunked body (RFC 9112 §7.1)."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


class Visitor:
    """A browser: it keeps cookies, and posts the form of the page that it was shown last."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.cookies: dict[str, str] = {}
        self.token = ""

    def open(self, path: str) -> Answer:
        return self._keep(get(self.proxy, path, *self.lines()))

    def post(self, path: str, typed: dict[str, str], *, framing: str = "length") -> Answer:
        """Send the form with its length, or in chunks."""
        return self.post_raw(path, self.form(typed), "application/x-www-form-urlencoded", framing=framing)

    def post_raw(self, path: str, body: bytes, kind: str, *, framing: str = "length") -> Answer:
        lines = [*self.lines(), f"Content-Type: {kind}", f"Origin: https://{HOST}"]
        if framing == "chunks":
            middle = len(body) // 2
            sent = head("POST", path, *lines, "Transfer-Encoding: chunked") + chunks(body[:middle], body[middle:])
        else:
            sent = head("POST", path, *lines, f"Content-Length: {len(body)}") + body
        return self._keep(send(self.proxy, sent))

    def form(self, typed: dict[str, str]) -> bytes:
        return urlencode({"csrfmiddlewaretoken": self.token, **typed}).encode()

    def lines(self) -> list[str]:
        """The header lines that carry the cookies."""
        return (
            [f"Cookie: {'; '.join(f'{name}={value}' for name, value in self.cookies.items())}"] if self.cookies else []
        )

    def _keep(self, answer: Answer) -> Answer:
        for line in answer.cookies:
            self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        if found := TOKEN.search(answer.text):
            self.token = found[1]
        return answer
