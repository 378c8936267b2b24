"""Nodes that go and come back while guests load pages: no request fails, and no form is sent twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from config.stack.processes import Group
from tests.served import shipped, wire
from tests.served.conftest import TENANT, Nodes, wait_until_open
from tests.served.load import Load
from tests.served.shipped import NAMES, Certificate, Proxy
from tests.served.wire import head


def test_a_rolling_restart_of_two_nodes_fails_no_request(nodes: Nodes, proxies: dict[str, Proxy]) -> None:
    for name in NAMES:
        shipped.program_of(name)
    with Load(proxies.values()) as load:
        time.sleep(0.5)
        nodes.restart(0)
        nodes.restart(1)
        time.sleep(0.5)
    assert load.failed() == {}, load.answered
    assert min(map(load.count, proxies.values())) > 50


class Deaf:
    """A node that takes requests, counts them, and dies over each without an answer."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.asked: list[str] = []
        Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                stream, _ = self.listening.accept()
            except OSError:
                return
            with stream:
                stream.settimeout(5)
                asked = b""
                while b"\r\n\r\n" not in asked and (more := stream.recv(65536)):
                    asked += more
                if asked and b"/readyz" not in asked:
                    self.asked.append(asked.split(b" ")[0].decode())


@contextmanager
def deaf_nodes() -> Iterator[tuple[Deaf, Deaf]]:
    nodes = Deaf(), Deaf()
    try:
        yield nodes
    finally:
        for node in nodes:
            node.listening.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_form_is_sent_once_and_no_link_is_logged(name: str, certificate: Certificate, tmp_path: Path) -> None:
    shipped.program_of(name)
    secret = "SeCrEt" * 7
    with deaf_nodes() as nodes, Group(tmp_path / "logs") as group:
        proxy = shipped.start(name, (nodes[0].port, nodes[1].port), certificate, tmp_path / name, group)
        wait_until_open(proxy)
        form = head("POST", f"/{TENANT}/redeem/{secret}", "Content-Length: 7") + b"email=a"
        assert wire.send(proxy, form).status in (0, 502, 503, 504)
        assert [*nodes[0].asked, *nodes[1].asked] == ["POST"]
        assert wire.get(proxy, f"/{TENANT}/redeem/{secret}").status in (0, 502, 503, 504)
        assert {"GET"} == set(nodes[0].asked[-1:] + nodes[1].asked[-1:]) or name == "nginx"
    assert secret not in proxy.logged()
