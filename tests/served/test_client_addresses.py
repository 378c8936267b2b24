"""A request counts for its client's own address through each proxy, whatever its headers say (R17)."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest

from guests.limits import for_opening
from tenants.models import Budget
from tenants.source import UNKNOWN
from tests.served import wire
from tests.served.conftest import TENANT, Nodes
from tests.served.shipped import HOST, Proxy

DEAD_LINK = f"/{TENANT}/redeem/{'A' * 43}"
SPOOFED = "198.51.100.9"
PROXY = "127.0.0.1"

Opened = Callable[[str], int]


@pytest.fixture
def opened(nodes: Nodes, django_db_blocker: Any) -> Opened:
    """How many dead links were opened from a network, as its budget counts them."""

    def _opened(source: str) -> int:
        with django_db_blocker.unblock():
            (one,) = for_opening(tenant_id=nodes.tenant_id, invitation_id=None, source=source, trusted=False)
            return sum(Budget.objects.filter(key=one.key).values_list("used", flat=True))

    return _opened


@pytest.mark.parametrize(
    "lines",
    [
        [f"X-Forwarded-For: {SPOOFED}"],
        [f"X_Forwarded_For: {SPOOFED}"],
        [f"X-Forwarded_For: {SPOOFED}"],
        [f"x-forwarded-for: {SPOOFED}", f"X_FORWARDED-FOR: {SPOOFED}", "X_Forwarded_Proto: http"],
        ["X-Forwarded-For: é"],
        ["X-Forwarded-For: é", f"X-Forwarded-For: {SPOOFED}"],
        [f"X-Forwarded-For: {SPOOFED},", "X-Forwarded-Proto: é", f"Forwarded: for={SPOOFED}", f"X-Real-IP: {SPOOFED}"],
    ],
)
def test_R17_through_each_proxy_the_client_is_where_it_is(proxy: Proxy, opened: Opened, lines: list[str]) -> None:
    before = opened(wire.CLIENT)
    assert wire.get(proxy, DEAD_LINK, *lines).status == 410
    assert opened(wire.CLIENT) == before + 1
    assert (opened(SPOOFED), opened(PROXY)) == (0, 0)


@pytest.mark.parametrize("value", [None, "", "é", "unknown", f"{SPOOFED}, "])
def test_R17_a_node_answers_400_where_no_proxy_of_ours_named_the_client(
    nodes: Nodes, opened: Opened, value: str | None
) -> None:
    headers = {"Host": HOST, "X-Forwarded-Proto": "https"} | ({} if value is None else {"X-Forwarded-For": value})
    assert _ask_node(nodes, DEAD_LINK, headers) == 400
    assert _ask_node(nodes, "/livez", headers) == 200
    assert _ask_node(nodes, "/readyz", headers) == 200
    assert (opened(PROXY), opened(UNKNOWN)) == (0, 0)


@pytest.mark.parametrize("value", [None, "", "é", "wss"])
def test_a_node_answers_400_where_no_proxy_of_ours_named_the_scheme(nodes: Nodes, value: str | None) -> None:
    headers = {"Host": HOST, "X-Forwarded-For": wire.CLIENT} | ({} if value is None else {"X-Forwarded-Proto": value})
    assert _ask_node(nodes, f"/{TENANT}", headers) == 400


def _ask_node(nodes: Nodes, path: str, headers: dict[str, str]) -> int:
    asked = HTTPConnection("127.0.0.1", nodes.ports[0], timeout=wire.ANSWERS_WITHIN)
    try:
        asked.putrequest("GET", path, skip_host=True)
        for name, value in headers.items():
            asked.putheader(name, value.encode())
        asked.endheaders()
        return asked.getresponse().status
    finally:
        asked.close()
