"""A real web server on the test's own database, and many browsers that press a button at the same moment."""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread
from urllib.parse import urlsplit

import httpx
from django.db import connection

from config.stack.addresses import LOOPBACK, Listen
from config.stack.local_stack import web_server
from config.stack.processes import Child, Group
from config.stack.walk import free_port

STARTS_WITHIN = 60.0  # seconds; both cores may be busy with other tests
ANSWERS_WITHIN = 120.0
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # over http; a thousand clients would each read all root certificates
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[str]:
    """The origin of a granian, started as the local stack starts it, that works in the test database.

    `variables` replace those that the stories here need: no limits per network, no broker.
    """
    port = free_port()
    origin = f"http://{LOOPBACK}:{port}"
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {
        "DATABASE_URL": database,
        "PUBLIC_URL": origin,
        "ALLOWED_HOSTS": LOOPBACK,
        "LOCAL_STACK": "true",  # static files as they are
        "DATA_DIR": str(folder),
        "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody there: these stories send no mail
        "SOURCE_LIMITS_EXEMPT": "127.0.0.0/8",
        **variables,
    }
    environment.pop("DATABASE_OWNER_URL", None)
    with Group(folder) as group:
        _wait(origin, group.start(web_server(Listen(LOOPBACK, port), environment)))
        yield origin


def _wait(origin: str, server: Child) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and not server.has_ended():
        try:
            if httpx.get(f"{origin}/livez", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the web server does not answer:\n{server.last_words()}")


class Tab:
    """One page in a browser that stands on a form."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.client = httpx.Client(base_url=origin, timeout=ANSWERS_WITHIN, verify=NO_TLS, headers={"Origin": origin})
        self.page: httpx.Response

    def close(self) -> None:
        self.client.close()

    def open(self, url: str) -> None:
        self.page = self.client.get(url.removeprefix(self.origin), follow_redirects=True)

    @property
    def token(self) -> str:
        found = TOKEN.search(self.page.text)
        assert found, (self.page.status_code, self.page.text[:500])
        return found[1]

    def press(self, **typed: str) -> httpx.Response:
        """Send the form to the page's own address."""
        return self.client.post(self.page.url, data={"csrfmiddlewaretoken": self.token, **typed})

    def send(self, url: str, **typed: str) -> httpx.Response:
        """Send another form that stands on the page."""
        return self.client.post(url, data={"csrfmiddlewaretoken": self.token, **typed})

    def at_once(self, typed: Sequence[str]) -> list[httpx.Response]:
        """Send these codes from as many clients with this browser's cookies, all released by one barrier."""
        barrier, answers = Barrier(len(typed)), []
        token, url, cookies = self.token, str(self.page.url), dict(self.client.cookies)

        def send(code: str) -> None:
            with httpx.Client(
                cookies=cookies, timeout=ANSWERS_WITHIN, verify=NO_TLS, headers={"Origin": self.origin}
            ) as client:
                client.get(f"{self.origin}/livez")  # the connection stands before the race begins
                barrier.wait(ANSWERS_WITHIN)
                answers.append(client.post(url, data={"csrfmiddlewaretoken": token, "code": code}))

        threads = [Thread(target=send, args=(code,)) for code in typed]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == len(typed), "a client got no answer"
        return answers
