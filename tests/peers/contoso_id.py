"""Contoso ID, a certified OpenID provider, running beside the suite.

Knows how it is started and how a person signs in there without a browser. Where it cannot be installed its tests are
skipped with one line; in CI they fail.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import requests

from config.stack.contoso_id.program import Client, Filed, NoNode, NotInstalled, install, program, reserve
from config.stack.processes import Child, Group
from tests.stack.conftest import eventually

STARTS_WITHIN = 20.0  # seconds
_FIELD = re.compile(r'<input id="address" [^>]*value="([^"]*)"')


class ContosoId:
    """The running provider."""

    def __init__(self, path: Path, child: Child, port: int) -> None:
        self.path, self.child = path, child
        self.filed = Filed(port)
        self._file()

    @property
    def issuer(self) -> str:
        return self.filed.issuer

    def register(self, *redirect_uris: str) -> Client:
        """A new client, known from the next request on."""
        client = Client.new(*redirect_uris)
        self.filed = replace(self.filed, clients=(*self.filed.clients, client))
        self._file()
        return client

    def send_back(self, client: Client, *redirect_uris: str) -> None:
        """The client's people are sent back to these addresses from now on."""
        others = (one for one in self.filed.clients if one.client_id != client.client_id)
        self.filed = replace(self.filed, clients=(*others, replace(client, redirect_uris=redirect_uris)))
        self._file()

    def rename(self, old: str, new: str) -> None:
        """The person with the address `old`, in small letters, has the address `new` from now on."""
        self.filed = replace(self.filed, renamed={**self.filed.renamed, old: new})
        self._file()

    def _file(self) -> None:
        self.filed.write(self.path)


@contextmanager
def running(folder: Path) -> Iterator[ContosoId]:
    """Start it on a port of its own, with its file and its log in `folder`; end it on the way out."""
    with reserve(None) as listening, Group(folder) as group:
        path = folder / "contoso-id.json"
        port = listening.getsockname()[1]
        Filed(port).write(path)
        child = group.start(program(listening, path))
        assert eventually(lambda: "READY" in child.last_words() or child.has_ended(), within=STARTS_WITHIN)
        assert not child.has_ended(), child.last_words()
        yield ContosoId(path, child, port)


@pytest.fixture(scope="session")
def contoso_id(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContosoId]:
    """Contoso ID, for the whole run."""
    try:
        install()
    except (NoNode, NotInstalled) as failed:
        if os.environ.get("CI"):
            pytest.fail(f"Contoso ID could not be installed:\n{failed}")
        pytest.skip(f"Contoso ID could not be installed: {failed}".splitlines()[0])
    with running(tmp_path_factory.mktemp("contoso-id")) as started:
        yield started


class Person:
    """Somebody's browser at Contoso ID; it stays signed in there."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy: it stands on this machine

    def go_to(self, url: str) -> requests.Response:
        """The sign-in page behind `url`, or the redirect that leads away from Contoso ID."""
        return self._follow(self.session.get(url, allow_redirects=False, timeout=10))

    def press(self, page: requests.Response, **typed: str) -> requests.Response:
        """Send the page's form."""
        return self._follow(self.session.post(page.url, data=typed, allow_redirects=False, timeout=10))

    def _follow(self, response: requests.Response) -> requests.Response:
        home = urlsplit(response.url).netloc
        while response.is_redirect:
            url = urljoin(response.url, response.headers["Location"])
            if urlsplit(url).netloc != home:
                return response
            response = self.session.get(url, allow_redirects=False, timeout=10)
        return response


def sign_in_at(url: str, address: str, person: Person | None = None) -> str:
    """Sign in with this address at the provider's `url`. Returns the URL that the browser is sent back to."""
    person = person or Person()
    page = person.go_to(url)
    assert "<h1>Contoso ID</h1>" in page.text, f"no sign-in page: {page.status_code} {page.text[:500]}"
    return _sent_back(person.press(page, address=address))


def cancel_at(url: str) -> str:
    """Press Cancel at the provider's `url`. Returns the URL that the browser is sent back to."""
    person = Person()
    return _sent_back(person.press(person.go_to(url), press="cancel"))


def filled_in(page: requests.Response) -> str:
    """The address that the sign-in page proposes."""
    found = _FIELD.search(page.text)
    assert found, page.text
    return unescape(found[1])


def answer_in(callback: str) -> Mapping[str, str]:
    """The parameters that came back."""
    return dict(parse_qsl(urlsplit(callback).query))


def _sent_back(response: requests.Response) -> str:
    assert response.is_redirect, f"{response.status_code} {response.text[:500]}"
    return response.headers["Location"]
