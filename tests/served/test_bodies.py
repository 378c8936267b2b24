"""Forms whose body has a length, comes in chunks, is too large or broken, through each proxy and at a node itself."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from config.http.bodies import LOGO_POST
from tests.served import shipped, wire
from tests.served.conftest import TENANT, Nodes
from tests.served.shipped import HOST, Proxy
from tests.served.wire import Visitor, chunks, head

FRONT_DOOR = f"/{TENANT}"
ORIGIN = f"Origin: https://{HOST}"
FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"
TO_A_NODE = ("X-Forwarded-Proto: https", f"X-Forwarded-For: {wire.CLIENT}")


@pytest.fixture
def visitor(nodes: Nodes, proxies: dict[str, Proxy]) -> Visitor:
    """A browser with the form of a page open."""
    browser = Visitor(proxies[shipped.first_installed()])
    browser.open(FRONT_DOOR)
    return browser


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_guests_form_is_read_with_a_length_and_in_chunks(proxy: Proxy, framing: str) -> None:
    browser = Visitor(proxy)
    assert browser.open(FRONT_DOOR).status == 200
    answer = browser.post(FRONT_DOOR, {"email": "nicole@firstupconsultants.com"}, framing=framing)
    assert answer.status in (200, 302, 303), answer.text[:800]


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_administrators_form_is_read_with_a_length_and_in_chunks(proxy: Proxy, framing: str) -> None:
    browser = Visitor(proxy)
    browser.open("/admin/login/")
    answer = browser.post("/admin/login/", {"username": "a@b.example", "password": "a"}, framing=framing)
    assert (answer.status, "otp_token" in answer.text) == (200, True)  # the form again: it lacks the code


@pytest.mark.parametrize(("path", "kind"), [("/saml/acs", "SAMLResponse"), ("/wsfed", "wresult")])
def test_a_providers_post_is_read_in_chunks(proxy: Proxy, path: str, kind: str) -> None:
    browser = Visitor(proxy)
    body = f"{kind}={'A' * 100_000}&RelayState=nobody&wctx=nobody".encode()  # above a guest's form
    answer = browser.post_raw(FRONT_DOOR + path, body, "application/x-www-form-urlencoded", framing="chunks")
    assert answer.status == 403, answer.text[:500]  # read, and of no sign-in that is under way


def test_a_body_above_the_pages_limit_is_answered_413(proxy: Proxy) -> None:
    browser = Visitor(proxy)
    browser.open(FRONT_DOOR)
    for framing in ("length", "chunks"):
        for size in (70_000, 3_000_000):
            answer = browser.post(FRONT_DOOR, {"email": "a" * size}, framing=framing)
            # HAProxy hands chunks on as they come, and what goes on sending after the answer may lose it.
            is_lost = answer.status == 0 and (proxy.name, framing, size) == ("haproxy", "chunks", 3_000_000)
            assert answer.status == 413 or is_lost, (framing, size, answer.text[:300])
    assert wire.get(proxy, FRONT_DOOR).status == 200


def test_both_lengths_at_once_never_make_two_requests(proxy: Proxy) -> None:
    """nginx answers 400. Caddy and HAProxy go by the chunks, drop the length and ask a node once (RFC 9112 §6.3)."""
    smuggled = head("GET", "/livez")
    body = chunks(b"email=a") + smuggled
    with wire.connect(proxy) as stream:
        stream.sendall(head("POST", FRONT_DOOR, FORM, CHUNKED, f"Content-Length: {len(body)}") + body)
        answer = wire.read(stream)
        assert answer.status == (400 if proxy.name == "nginx" else 403)
        with suppress(ConnectionResetError):  # what was not read ends a connection this way
            assert stream.recv(1) == b""


def test_a_node_refuses_a_coding_that_it_does_not_decode(nodes: Nodes) -> None:
    for coding in ("gzip, chunked", "chunked, chunked"):
        lines = (FORM, *TO_A_NODE, f"Transfer-Encoding: {coding}")
        assert wire.ask_node(nodes.ports[0], head("POST", FRONT_DOOR, *lines), chunks(b"email=a")).status == 400


@pytest.mark.parametrize(
    ("framing", "cut"),
    [
        (CHUNKED, b"zz\r\n%b\r\n0\r\n\r\n"),  # a chunk without a length
        (CHUNKED, b"0\r\n\r\n"),
        ("Content-Length: 3000", b"%b"),
        ("Content-Length: 3000", b""),
    ],
)
def test_a_node_answers_400_to_a_form_that_is_cut_off(nodes: Nodes, visitor: Visitor, framing: str, cut: bytes) -> None:
    body = cut.replace(b"%b", visitor.form({"email": "nicole@firstupconsultants.com"}))
    asked = head("POST", FRONT_DOOR, *visitor.lines(), ORIGIN, FORM, *TO_A_NODE, framing)
    is_cut = framing != CHUNKED
    # A sender that has gone may get no answer at all.
    assert wire.ask_node(nodes.ports[0], asked, body, is_cut=is_cut).status in ((0, 400) if is_cut else (400,))


def test_a_form_of_parts_is_read_in_chunks_and_refused_without_its_end(nodes: Nodes, visitor: Visitor) -> None:
    begun = b'--end\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
    part = begun + visitor.token.encode() + b"\r\n"
    kind = "Content-Type: multipart/form-data; boundary=end"
    asked = head("POST", "/admin/login/", *visitor.lines(), ORIGIN, kind, *TO_A_NODE, CHUNKED)
    assert wire.ask_node(nodes.ports[0], asked, chunks(part, b"--end--\r\n")).status == 200  # read: its token is right
    assert wire.ask_node(nodes.ports[0], asked, chunks(part)).status == 400
    assert wire.ask_node(nodes.ports[0], asked, b"%x\r\n%b\r\nzz" % (len(part), part)).status == 400
    assert wire.ask_node(nodes.ports[0], asked, chunks(part, b"a" * LOGO_POST, b"--end--\r\n")).status == 413


def test_a_form_that_is_cut_off_reaches_no_view_through_a_proxy(proxy: Proxy) -> None:
    browser = Visitor(proxy)
    browser.open(FRONT_DOOR)
    body = browser.form({"email": "nicole@firstupconsultants.com"})
    with wire.connect(proxy) as stream:
        asked = head("POST", FRONT_DOOR, *browser.lines(), ORIGIN, FORM, f"Content-Length: {len(body) + 9}")
        stream.sendall(asked + body)
        stream.shutdown(socket.SHUT_WR)
        assert wire.read(stream).status in (0, 400, 408)
