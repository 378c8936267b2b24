"""The embedded Valkey."""

from __future__ import annotations

import pytest
import redis

from config.stack.postgres import DidNotStart
from config.stack.valkey import Valkey


def test_it_answers_on_its_socket_and_on_no_port(sockets, group):
    valkey = Valkey(sockets)
    valkey.wait_until_ready(group.start(valkey.program()))
    with redis.Redis(unix_socket_path=str(valkey.socket)) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("save") == {"save": ""}


def test_it_answers_to_the_address_that_celery_reads(sockets):
    assert Valkey(sockets).url == f"redis+socket://{sockets}/valkey.sock"


def test_it_says_why_it_did_not_start(sockets, group):
    (sockets / "valkey.sock").mkdir()
    valkey = Valkey(sockets)
    with pytest.raises(DidNotStart, match="Valkey did not start"):
        valkey.wait_until_ready(group.start(valkey.program()))
