"""Requests without a pause, through each proxy at once, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from threading import Event, Thread
from typing import Self

from tests.served import wire
from tests.served.conftest import TENANT
from tests.served.shipped import Proxy

PAUSE = 0.01
"""Seconds between two requests of one sender."""


class Load:
    """For each proxy two senders that load a page and one that posts a form, until the block ends."""

    def __init__(self, proxies: Iterable[Proxy]) -> None:
        self.answered: Counter[tuple[str, str, int]] = Counter()
        self._is_over = Event()
        self._senders = [
            Thread(target=self._send, args=(proxy, method)) for proxy in proxies for method in ("GET", "GET", "POST")
        ]

    def __enter__(self) -> Self:
        for sender in self._senders:
            sender.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        for sender in self._senders:
            sender.join()

    def count(self, proxy: Proxy) -> int:
        return sum(count for (name, _, _), count in self.answered.items() if name == proxy.name)

    def failed(self) -> dict[tuple[str, str, int], int]:
        """How many were not answered, or not by a page of ours, for each proxy, method and status."""
        return {what: count for what, count in self.answered.items() if not 200 <= what[2] < 500}

    def _send(self, proxy: Proxy, method: str) -> None:
        asked = wire.head(method, f"/{TENANT}", *(["Content-Length: 0"] if method == "POST" else []))
        while not self._is_over.wait(PAUSE):
            try:
                status = wire.send(proxy, asked).status
            except OSError:  # the proxy itself is there, so that no connection may fail
                status = 0
            self.answered[proxy.name, method, status] += 1
