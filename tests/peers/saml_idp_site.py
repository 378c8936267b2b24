"""Where a browser meets `SamlIdp`: a site on localhost that signs somebody in and has them post the answer.

Whoever is chosen gets a page whose form posts to the service provider: by itself, and by a button without JavaScript.
For a browser it is another site than ours, which stands on 127.0.0.1.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.peers.listening import new_server
from tests.peers.saml_idp import Person, SamlIdp


@contextmanager
def running_site(folder: Path, people: Sequence[Person]) -> Iterator[SamlIdp]:
    """The partner's provider, its site up until the block ends; these people have an account there."""
    server = new_server(_Handler)
    idp = SamlIdp(folder, host=f"http://localhost:{server.server_port}")
    server.idp, server.people = idp, people  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield idp
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        idp: SamlIdp = self.server.idp  # type: ignore[attr-defined]
        people: Sequence[Person] = self.server.people  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        if parts.path not in ("/saml/sso", "/wsfed"):
            self.send_error(404)
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        chosen = [one for one in people if one.mail == query.get("as")]
        if not chosen:
            self._say(_choices(query, people))
            return
        url = f"{idp.sso.removesuffix('/saml/sso')}{self.path}"
        answer = idp.answer if parts.path == "/saml/sso" else idp.answer_ws_federation
        self._say(_posting(*answer(url, chosen[0])))

    def _say(self, page: str) -> None:
        body = f'<!doctype html><html lang="en"><title>Adatum</title><link rel="icon" href="data:,">{page}'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


def _choices(query: dict[str, str], people: Sequence[Person]) -> str:
    links = "".join(
        f'<li><a href="?{html.escape(urlencode({**query, "as": one.mail}))}">{html.escape(one.name)}</a>'
        for one in people
    )
    return f"<h1>Adatum: who are you?</h1><ul>{links}</ul>"


def _posting(where: str, fields: dict[str, str]) -> str:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{html.escape(fields[name])}">' for name in fields)
    return (
        f'<h1>Adatum: signed in</h1><form method="post" action="{html.escape(where)}">{hidden}'
        "<button>Go on to the service</button></form><script>document.forms[0].submit()</script>"
    )
