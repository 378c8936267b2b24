"""An OpenID Connect provider as a real HTTP server on loopback, which says whatever a test tells it to.

Left alone it is a good provider: discovery, keys, a code for each departure, PKCE, single use. A test changes one
thing: `document` and `keys` are what it publishes, `come_back(url, token=…)` what it issues, `instead` what an endpoint
answers.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.peers.listening import new_server
from tests.peers.tokens import ALGORITHMS, key_for, signed, text

CLIENT_ID = "vestibule-at-the-peer"
CLIENT_SECRET = "a secret/with:odd+characters%~"

DISCOVERY, KEYS, TOKEN, USERINFO = "/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"


@dataclass(frozen=True)
class Instead:
    """What an endpoint answers in place of what it should; `hang` keeps it silent until the server closes."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    hang: bool = False
    location: str = ""


@dataclass(frozen=True)
class Asked:
    """One request that arrived."""

    path: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class HostileProvider:
    """The provider's state; its server runs in `running()`."""

    url: str
    document: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)
    userinfo: dict[str, Any] = field(default_factory=dict)
    instead: dict[str, Instead] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    person: dict[str, Any] = field(default_factory=dict)
    """Claims about whoever signs in through /authorize, where a real browser goes."""
    codes: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}{TOKEN}",
            "jwks_uri": f"{self.url}{KEYS}",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["none", "HS256", *ALGORITHMS],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
        }
        self.keys = [key_for(algorithm).public() for algorithm in ("RS256", "ES256", "ES384", "ES512", "EdDSA")]

    def claims(self, departure: str, **changes: Any) -> dict[str, Any]:
        """Good claims for this departure; a change to None takes the claim out."""
        at = int(time.time())
        nonce = _query(departure)["nonce"]
        claims = {"iss": self.document["issuer"], "sub": "person-1", "aud": CLIENT_ID, "nonce": nonce}
        claims |= {"iat": at, "exp": at + 300, "email": "nicole@adatum.example", "email_verified": True, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, departure: str, *, algorithm: str = "RS256", **changes: Any) -> str:
        """A good token but for the changes to its claims."""
        return signed(self.claims(departure, **changes), key_for(algorithm), algorithm)

    def come_back(self, departure: str, *, token: Any = None, **more: Any) -> dict[str, str]:
        """What the browser brings back from this departure: a code for which `token` is issued, a good one if none.

        `more` changes the token endpoint's answer.
        """
        asked = _query(departure)
        code = secrets.token_urlsafe(12)
        id_token = self.token(departure, **self.person) if token is None else token
        issued = {"access_token": "at-" + code, "token_type": "Bearer", "expires_in": 300, "id_token": id_token}
        self.codes[code] = (asked["code_challenge"], {**issued, **more})
        brought = {"code": code, "state": asked["state"]}
        if self.document.get("authorization_response_iss_parameter_supported"):
            brought["iss"] = self.document["issuer"]
        return brought

    def count(self, path: str) -> int:
        """How many requests that endpoint had."""
        return sum(1 for one in self.asked if one.path == path)

    def answer(self, asked: Asked) -> Instead:
        """What the server says; nothing here trusts the caller."""
        if asked.path in self.instead:
            return self.instead[asked.path]
        if asked.path.endswith(DISCOVERY):
            return _json(self.document)
        if asked.path == KEYS:
            return _json({"keys": self.keys})
        if asked.path == USERINFO:
            return _json(self.userinfo)
        if asked.path == TOKEN:
            return self._redeem(asked.form)
        if asked.path == "/authorize":
            departure = f"{self.url}/authorize?{urlencode(asked.form)}"
            back = urlencode(self.come_back(departure))
            return Instead(302, location=f"{asked.form['redirect_uri']}?{back}")
        return Instead(404, b"nothing here", "text/plain")

    def _redeem(self, form: Mapping[str, str]) -> Instead:
        challenge, issued = self.codes.pop(form.get("code", ""), ("", {}))
        verifier = form.get("code_verifier", "").encode()
        if not challenge or text(hashlib.sha256(verifier).digest()) != challenge:
            return _json({"error": "invalid_grant", "error_description": "AADSTS70008: no such code"}, 400)
        return _json(issued)


@contextmanager
def running() -> Iterator[HostileProvider]:
    """The provider, up until the block ends."""
    server = new_server(_Handler)
    provider = HostileProvider(f"http://127.0.0.1:{server.server_port}")
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self._say(Asked(path, dict(parse_qsl(query)), dict(self.headers)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._say(Asked(self.path, dict(parse_qsl(body)), dict(self.headers)))

    def _say(self, asked: Asked) -> None:
        provider: HostileProvider = self.server.provider  # type: ignore[attr-defined]
        provider.asked.append(asked)
        said = provider.answer(asked)
        if said.hang:
            provider.closing.wait(30)
            return
        self.send_response(said.status)
        self.send_header("Content-Type", said.kind)
        self.send_header("Content-Length", str(len(said.body)))
        if said.location:
            self.send_header("Location", said.location)
        self.end_headers()
        self.wfile.write(said.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def _json(value: Any, status: int = 200) -> Instead:
    return Instead(status, json.dumps(value).encode())
