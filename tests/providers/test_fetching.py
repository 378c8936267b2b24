"""Calls to providers: where they may go, and how long and how large an answer may be. (threat 40)"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import requests

from providers.fetching import FetchFailed, fetch, fetch_json, fetch_status_json, guarded_session, mistake_in_url
from providers.fetching.addresses import is_allowed
from tests.providers.listening import Listener, Resolver, hangs, listening, says

BY_TEXT = [
    "https://127.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://017700000001:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0:{port}/",
    "https://[::1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[fe80::1]:{port}/",
    "https://[fd00::1]:{port}/",
    "https://[ff02::1]:{port}/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://192.0.2.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost:{port}/",
    "https://localhost.:{port}/",
    "https://LOCALHOST:{port}/",
    "https://app.localhost:{port}/",
    "http://localhost:{port}/",
    "http://127.0.0.1:{port}/",
    "http://login.example.org/",
    "https://someone@login.example.org/",
    "https://login.example.org:pass@127.0.0.1:{port}/",
    "https://login.example.org@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@login.example.org/",
    "https://login.example.org#@127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_GET",
    "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/",
    "data:application/json,{{}}",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "https://",
    "https:///path",
    "https://login.example.org:0/",
    "https://login.example.org:65536/",
    "https://login.example.org:https/",
    "https://login.example.org:-1/",
    "https://login.example.org/ x",
    "https://login.example.org/\r\nHost: 127.0.0.1",
    "https://①②⑦.0.0.1:{port}/",
    "https://login.example.org/" + "x" * 3000,
    "",
]
"""URLs that are refused, most of them by their text; `{port}` is a listener's on loopback."""

HARMLESS = {"https://login.example.org#@127.0.0.1:{port}/"}
"""What stands for a public host and only looks odd: its name has no address."""


@pytest.fixture
def closed(settings: Any) -> None:
    """An installation as it comes: providers in public networks only."""
    settings.PROVIDER_NETWORKS = ()


@pytest.fixture
def good() -> Iterator[Listener]:
    """A server that answers with a JSON object."""
    with listening(says(b'{"issuer": "here"}')) as listener:
        yield listener


@pytest.mark.usefixtures("closed")
class TestWhereCallsMayGo:
    @pytest.mark.parametrize("pattern", BY_TEXT)
    def test_T40_a_hostile_url_connects_to_nothing(self, good: Listener, pattern: str) -> None:
        url = pattern.format(port=good.port)
        with listening(says(b"{}"), "::1") as other:
            for call in (fetch, fetch_json, fetch_status_json):
                with pytest.raises(FetchFailed):
                    call(url)
            with pytest.raises((requests.RequestException, UnicodeError)), guarded_session() as session:
                session.post(url, data={"code": "x"}, timeout=1)
            assert (good.connections, other.connections) == (0, 0)

    @pytest.mark.parametrize("pattern", sorted({*BY_TEXT} - HARMLESS))
    def test_T40_its_text_is_told_to_the_administrator_who_types_it(self, pattern: str) -> None:
        mistake = mistake_in_url(pattern.format(port=8443))
        assert mistake is not None
        assert mistake.endswith(".")

    @pytest.mark.parametrize(
        "url",
        [
            "https://login.example.org",
            "https://login.example.org:8443/a/.well-known/openid-configuration?p=x",
            "https://xn--strae-oqa.example/metadata.xml",
            "https://9.9.9.9/metadata",
            "https://[2620:fe::fe]/metadata",
        ],
    )
    def test_T40_a_public_url_is_no_mistake(self, url: str) -> None:
        assert mistake_in_url(url) is None

    def test_T40_a_name_for_a_private_address_is_refused_by_what_it_stands_for(
        self, good: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Resolver("127.0.0.1").takes_over(monkeypatch)
        with pytest.raises(FetchFailed, match=r"stands for 127\.0\.0\.1"):
            fetch(f"https://inside.example.org:{good.port}/")
        assert good.connections == 0

    def test_T40_one_private_address_among_public_ones_is_enough(
        self, good: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Resolver("9.9.9.9", "127.0.0.1").takes_over(monkeypatch)
        with pytest.raises(FetchFailed, match="stands for"):
            fetch(f"https://both.example.org:{good.port}/")
        assert good.connections == 0

    def test_T40_a_name_that_stands_for_nothing_is_said_so(self) -> None:
        with pytest.raises(FetchFailed, match="has no address"):
            fetch("https://nobody.invalid/")

    @pytest.mark.parametrize(
        ("address", "may"),
        [
            ("9.9.9.9", True),
            ("2620:fe::fe", True),
            ("::ffff:9.9.9.9", True),
            ("64:ff9b::9.9.9.9", True),
            ("2002:909:909::1", False),
            ("::ffff:10.0.0.1", False),
            ("64:ff9b::10.0.0.1", False),
            ("64:ff9b:1::9.9.9.9", False),
            ("2002:a00:1::1", False),
            ("2001:0:909:909::", False),
            ("2001:db8::1", False),
            ("::9.9.9.9", False),
            ("fe80::1%1", False),
            ("fec0::1", False),
            ("4000::1", False),
            ("100.127.255.255", False),
            ("198.18.0.1", False),
            ("240.0.0.1", False),
            ("239.1.1.1", False),
        ],
    )
    def test_T40_an_address_in_disguise_is_taken_for_what_it_is(self, address: str, may: bool) -> None:
        assert is_allowed(ip_address(address)) is may


class TestOpenedNetworks:
    def test_T40_a_name_is_resolved_once_and_connected_to_where_it_was_checked(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.PROVIDER_NETWORKS = (ip_network("127.0.0.2/32"),)
        resolver = Resolver("127.0.0.2", then="127.0.0.1")
        with listening(says(b"{}"), "127.0.0.2") as checked, listening(hangs, port=checked.port) as rebound:
            resolver.takes_over(monkeypatch)
            with pytest.raises(FetchFailed):  # it speaks no TLS, but it was reached
                fetch_status_json(f"https://rebinding.example.org:{checked.port}/", seconds=1)
            assert (len(resolver.asked), checked.connections, rebound.connections) == (1, 1, 0)

    def test_T40_http_is_taken_on_an_opened_loopback_only(self, settings: Any, good: Listener) -> None:
        settings.PROVIDER_NETWORKS = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))
        assert fetch_json(good.url) == {"issuer": "here"}
        assert fetch_json(f"http://localhost:{good.port}/") == {"issuer": "here"}
        assert mistake_in_url("https://10.1.2.3/") is None
        for url in ("http://10.1.2.3/", "http://9.9.9.9/", "http://[::1]/", "http://login.example.org/"):
            assert mistake_in_url(url) is not None

    def test_T40_another_private_network_stays_closed(self, settings: Any, good: Listener) -> None:
        settings.PROVIDER_NETWORKS = (ip_network("10.0.0.0/8"),)
        with pytest.raises(FetchFailed):
            fetch(good.url)
        assert good.connections == 0

    def test_T40_no_proxy_of_the_environment_is_asked(self, good: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
        with listening(says(b'{"issuer": "proxy"}')) as proxy:
            for name in ("http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            assert fetch_json(good.url) == {"issuer": "here"}
            assert proxy.connections == 0

    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Kept", "308 Kept"])
    def test_T40_a_redirect_is_not_followed(self, good: Listener, status: str) -> None:
        with listening(says(b"", f"Location: {good.url}", status=status)) as sender:
            with pytest.raises(FetchFailed, match="sends elsewhere"):
                fetch_status_json(sender.url)
            with pytest.raises(FetchFailed, match="sends elsewhere"), guarded_session() as session:
                session.get(sender.url, allow_redirects=True)
        assert good.connections == 0
