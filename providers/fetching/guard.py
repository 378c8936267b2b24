"""Requests' transport with connections of our own: to the address that was checked, and to no other. (threat 40)

Knows sockets, TLS and the deadline. It never resolves a name twice, follows a redirect or reads past the limit.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from providers.fetching.addresses import FetchFailed, Place, host_in, host_of, mistake_in_url, resolve

SECONDS: Final = 5.0
"""From the name's resolution to the body's last byte."""

MOST_BYTES: Final = 1024 * 1024
PIECE: Final = 64 * 1024


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is up")
    return left


class _Hurried(socket.socket):
    """A socket whose every operation ends at one deadline, however slowly the other side drips."""

    deadline: float = 0.0

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_left(self.deadline))
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(_left(self.deadline))
        super().sendall(*args, **kwargs)


class _HurriedTls(_Hurried, ssl.SSLSocket):
    """The same over TLS; the handshake runs before it has its deadline, under the plain socket's time-out."""


class _Pinned(HTTPConnection):
    """A connection to one of the places that were checked."""

    def __init__(self, *args: Any, places: list[Place], deadline: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        self.deadline = deadline

    def _new_conn(self) -> socket.socket:
        """The first place that answers; each has its share of the time that is left."""
        for number, (family, place) in enumerate(self.places):
            wire = _Hurried(family, socket.SOCK_STREAM)
            try:
                wire.deadline = self.deadline
                wire.settimeout(_left(self.deadline) / (len(self.places) - number))
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire.connect(place)
                wire.settimeout(_left(self.deadline))
                return wire
            except OSError as error:
                wire.close()
                if number + 1 < len(self.places):
                    continue
                if isinstance(error, TimeoutError):
                    raise ConnectTimeoutError(self, "no answer in time") from error
                raise NewConnectionError(self, "no connection") from error
        raise NewConnectionError(self, "no place to connect to")


class _PinnedTls(_Pinned, HTTPSConnection):
    """The same over TLS, which is checked against the URL's host, as ever."""

    def connect(self) -> None:
        super().connect()
        if isinstance(self.sock, _HurriedTls):
            self.sock.deadline = self.deadline


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Pinned


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedTls


@lru_cache(maxsize=4)
def _trusting(*files: str) -> ssl.SSLContext:
    """The TLS rules for all connections; reading the authorities takes long enough to do it once."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = True
    for authorities in files:
        context.load_verify_locations(authorities)
    context.sslsocket_class = _HurriedTls
    return context


class Guard(HTTPAdapter):
    """Sends one request over one new connection, and hands back an answer whose body is read to its end.

    `seconds` is what each request may take, from the name's resolution to the last byte.
    """

    def __init__(self, *, seconds: float = SECONDS) -> None:
        super().__init__()
        self.seconds = seconds

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer, whatever its status, unless it is a redirect. `timeout` and `proxies` are ours to set.

        `verify` may name a file of other authorities; TLS is never left unchecked. Raises FetchFailed.
        """
        url = request.url or ""
        host = host_in(url)
        request.headers["Accept-Encoding"] = "identity"
        request.headers["Connection"] = "close"
        try:
            answer = super().send(request, True, self.seconds, verify or True, cert, {})
            try:
                body = _whole(answer, host)
            finally:
                answer.close()
            answer.raw = io.BytesIO(body)
        except FetchFailed:
            raise
        except (requests.Timeout, TimeoutError) as error:
            raise FetchFailed(self._late(host)) from error
        except requests.exceptions.SSLError as error:
            raise FetchFailed(f"{host} has no TLS certificate that is valid for it.") from error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise FetchFailed(self._late(host) if _is_late(error) else f"{host} cannot be reached.") from error
        if answer.is_redirect:
            raise FetchFailed(f"{host} sends elsewhere ({answer.status_code}). Write the URL that it sends to.")
        return answer

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Any = None,
        cert: Any = None,
    ) -> HTTPConnectionPool:
        """A pool of one connection, to places that are checked here and now. Raises FetchFailed."""
        deadline = time.monotonic() + self.seconds
        mistake = mistake_in_url(request.url or "")
        if mistake is not None:
            raise FetchFailed(mistake)
        url = parse_url(request.url or "")
        host, is_plain = host_of(url), url.scheme == "http"
        port = url.port or (80 if is_plain else 443)
        places = resolve(host, port, is_plain=is_plain, seconds=self.seconds)
        pinned: dict[str, Any] = {"places": places, "deadline": deadline}
        if is_plain:
            return _PlainPool(host, port, maxsize=1, **pinned)
        authorities = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
        files = [authorities, settings.TLS_CA_FILE] if settings.TLS_CA_FILE else [authorities]
        return _TlsPool(host, port, maxsize=1, ssl_context=_trusting(*files), **pinned)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the connection's TLS rules are fixed."""

    def _late(self, host: str) -> str:
        return f"{host} did not answer within {self.seconds:.0f} seconds."


def guard(session: requests.Session, *, seconds: float = SECONDS) -> requests.Session:
    """Put every call of this session under the guard; for sessions that a library makes by itself."""
    session.trust_env = False
    session.proxies.clear()
    session.adapters.clear()
    session.mount("", Guard(seconds=seconds))
    return session


def guarded_session() -> requests.Session:
    """A session that reaches public addresses only, follows no redirect, and gives up after 5 s or 1 MiB.

    Its errors are requests.RequestException, mostly FetchFailed. Hold a waiting_place() while calling it.
    """
    return guard(requests.Session())


def _whole(answer: requests.Response, host: str) -> bytes:
    """The body. One that is compressed although nobody asked for it is refused: a bomb looks like that."""
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise FetchFailed(f"{host} answers compressed, which it was not asked to.")
    body = bytearray()
    while piece := answer.raw.read(PIECE, decode_content=False):
        body += piece
        if len(body) > MOST_BYTES:
            raise FetchFailed(f"{host} answers with more than 1 MiB.")
    return bytes(body)


def _is_late(error: BaseException | None) -> bool:
    """Whether time ran out somewhere underneath: urllib3 wraps what a socket says two and three deep."""
    causes = 0
    while error is not None and causes < 10:
        if isinstance(error, TimeoutError | ConnectTimeoutError):
            return not isinstance(error, NewConnectionError)
        error, causes = error.__cause__ or error.__context__, causes + 1
    return False
