"""Where the stack listens."""

from __future__ import annotations

import socket

import pytest

from config.stack.addresses import LOOPBACK, CannotListen, Listen, hosts, listen


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://127.0.0.1:8000"),
    ],
)
def test_it_is_called_as_this_machines_browser_calls_it(host, expected):
    assert Listen(host, 8000).public_url(None) == expected


def test_it_is_called_what_the_person_calls_it():
    assert Listen("192.0.2.1", 8000).public_url("https://guests.example.org/") == "https://guests.example.org"


def test_it_refuses_plain_http_for_other_machines():
    with pytest.raises(CannotListen, match="PUBLIC_URL=https://"):
        Listen("192.0.2.1", 8000).public_url(None)


def test_it_names_the_port_that_is_taken_and_the_option():
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"Port {port} .*--port"):
            Listen(LOOPBACK, port).check_free()


def test_it_puts_the_application_beside_the_web_server_or_elsewhere():
    with listen(LOOPBACK, 0) as free:
        port = free.getsockname()[1]
        with Listen(LOOPBACK, port - 1).beside() as elsewhere:
            assert elsewhere.getsockname()[1] != port
    with Listen(LOOPBACK, port - 1).beside() as beside:
        assert beside.getsockname()[1] == port


def test_it_allows_this_machines_own_names():
    assert hosts("https://guests.example.org").split(",") == ["guests.example.org", "127.0.0.1", "localhost", "[::1]"]
    assert hosts("http://[::1]:8000").split(",") == ["[::1]", "127.0.0.1", "localhost"]
