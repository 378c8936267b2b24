"""Addresses and headers as strangers write them, through each proxy and at a node itself: nothing stops a node."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from config.http.guard import LONGEST_PATH
from tests.served import wire
from tests.served.conftest import TENANT, Nodes
from tests.served.shipped import HOST, Proxy
from tests.served.wire import Visitor, head

FRONT_DOOR = f"/{TENANT}"
FROM_A_PROXY = ("X-Forwarded-Proto: https", f"X-Forwarded-For: {wire.CLIENT}")

PATHS = ["/" + "." * 7900 + "/z", "/" + "a" * LONGEST_PATH, "/%ff", "/%00.example", "//evil.example/..", "/static/%ff"]
QUERIES = [f"{FRONT_DOOR}?email=%c3%a9%ff%00", f"/admin/login/?next=%00{'a' * 9000}"]
BACKSLASHES = 'Cookie: a="' + "\\" * 60_000 + '"'
HEADERS = [
    "Content-Type: text/plain; charset=base64",
    "Content-Type: text/plain; charset=idna",
    "Content-Type: text/plain; charset=undefined",
    "Content-Type: text/plain; a*=foo''b",
    "Content-Type: text/plain; charset*=utf-8''%00",
    f"Content-Type: multipart/form-data; boundary={'x' * 300}",
    "Content-Type: é",
    'Cookie: vestibule-browser="\\303\\"; =;;;a',
    "Cookie: __Host-vestibule-portal=é",
    "Cookie: a=" + "\\" * 7000,
    f"Accept-Language: {'x,' * 3000}",
    "Authorization: Basic é",
    "Authorization: Basic AAAA",
    "If-Modified-Since: 99999999",
    "If-None-Match: é",
    "Origin: http://[",
    "Range: bytes=9999999999999999999999-",
    "Referer: http://[",
    "User-Agent: é",
    "X-Forwarded-Host: evil.example",
]


@pytest.mark.parametrize("line", HEADERS)
def test_no_header_is_a_fault_of_ours(nodes: Nodes, line: str) -> None:
    for method, path in (
        ("GET", f"{FRONT_DOOR}?email=%c3%a9"),
        ("POST", FRONT_DOOR),
        ("GET", "/static/css/tokens.css"),
    ):
        answer = wire.ask_node(nodes.ports[0], head(method, path, line, *FROM_A_PROXY, "Content-Length: 0"))
        assert 200 <= answer.status < 500, (method, path)


@pytest.mark.parametrize("line", HEADERS)
def test_no_header_is_a_fault_of_ours_through_a_proxy(proxy: Proxy, line: str) -> None:
    assert 200 <= wire.get(proxy, f"{FRONT_DOOR}?email=%c3%a9", line).status < 500


@pytest.mark.parametrize("path", PATHS + QUERIES)
def test_no_address_is_a_fault_of_ours(proxy: Proxy, nodes: Nodes, path: str) -> None:
    is_long = len(path) > LONGEST_PATH
    straight, through = wire.ask_node(nodes.ports[0], head("GET", path, *FROM_A_PROXY)), wire.get(proxy, path)
    assert {straight.status, through.status} <= ({414, 400} if is_long else {200, 301, 302, 400, 404})
    assert not is_long or straight.status == 414


@pytest.mark.parametrize("host", ["", "é", "a@b", "[::1", "evil.example", f"{HOST}, evil.example"])
def test_a_host_that_is_not_ours_is_shown_no_page(nodes: Nodes, host: str) -> None:
    assert wire.ask_node(nodes.ports[0], head("GET", FRONT_DOOR, *FROM_A_PROXY, host=host)).status == 400


def test_a_page_answers_while_eight_send_the_worst_address_and_cookie(nodes: Nodes, proxy: Proxy) -> None:
    with ExitStack() as stack:
        for number in range(8):
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", nodes.ports[number % 2]), 5))
            stream.sendall(head("GET", PATHS[0], *FROM_A_PROXY))
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", nodes.ports[number % 2]), 5))
            stream.sendall(head("GET", FRONT_DOOR, *FROM_A_PROXY, BACKSLASHES))
        assert wire.get(proxy, FRONT_DOOR).status == 200


def test_big_headers_pass_or_are_refused_and_cookies_arrive(proxy: Proxy) -> None:
    assert wire.get(proxy, FRONT_DOOR, f"Cookie: other={'a' * 7000}").status == 200
    assert wire.get(proxy, FRONT_DOOR, f"Cookie: other={'a' * 20_000}").status in (200, 400, 431)
    browser = Visitor(proxy)
    browser.open(FRONT_DOOR)
    assert "__Host-vestibule-csrf" in browser.cookies


def test_pages_keep_their_headers_and_http_leads_to_https(proxy: Proxy) -> None:
    answer = wire.get(proxy, FRONT_DOOR)
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all("; Secure" in cookie and "HttpOnly" in cookie for cookie in answer.cookies)
    with socket.create_connection(("127.0.0.1", proxy.http), wire.ANSWERS_WITHIN) as stream:
        stream.sendall(head("GET", f"{FRONT_DOOR}?a=b"))
        plain = wire.read(stream)
    assert (plain.status, plain.headers["location"]) == (301, f"https://{HOST}{FRONT_DOOR}?a=b")


def test_slow_senders_hold_no_thread_of_a_node(proxy: Proxy) -> None:
    """Forty forms that never end, where both nodes together have sixteen threads."""
    with ExitStack() as stack:
        for _ in range(40):
            stream = stack.enter_context(wire.connect(proxy))
            stream.sendall(
                head("POST", FRONT_DOOR, "Content-Type: application/x-www-form-urlencoded", "Content-Length: 999")
            )
            stream.sendall(b"email=")
        assert wire.get(proxy, FRONT_DOOR).status == 200
