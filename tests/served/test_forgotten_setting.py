"""TRUSTED_PROXIES left at 0 behind a proxy that ends TLS: the page says so and does not redirect to itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from config.stack.processes import Group
from config.stack.walk import free_port
from tests.served import shipped, wire
from tests.served.conftest import TENANT, Nodes, wait_until_open, wait_until_ready
from tests.served.shipped import HOST, Certificate


def test_a_page_says_that_TRUSTED_PROXIES_is_missing(nodes: Nodes, certificate: Certificate, tmp_path: Path) -> None:
    name = shipped.first_installed()
    forgotten = replace(nodes, environment=nodes.environment | {"TRUSTED_PROXIES": "0"})
    port = free_port()
    with Group(tmp_path / "logs") as group:
        group.start(forgotten.program(port))
        proxy = shipped.start(name, (port, port), certificate, tmp_path / name, group)
        wait_until_ready(port)
        wait_until_open(proxy)
        for path in (f"/{TENANT}", "/admin/login/"):
            answer = wire.get(proxy, path)
            assert (answer.status, "Set <code>TRUSTED_PROXIES</code>" in answer.text) == (503, True)
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        plain = wire.ask_node(port, wire.head("GET", f"/{TENANT}", "X-Forwarded-Proto: http"))
        straight = wire.ask_node(port, wire.head("GET", f"/{TENANT}"))
        for redirected in (plain, straight):
            assert (redirected.status, redirected.headers["location"]) == (301, f"https://{HOST}/{TENANT}")
