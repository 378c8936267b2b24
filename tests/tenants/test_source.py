"""R17 per source: whose address a request comes from, whatever the client wrote into its headers. No database."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory, override_settings

from tenants.source import UNKNOWN, canonical_range, client_address, is_exempt, is_within, network_key


def seen(proxies: int, peer: str, forwarded: str | None = None) -> str:
    request = RequestFactory().get("/", REMOTE_ADDR=peer)
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    with override_settings(TRUSTED_PROXIES=proxies):
        return client_address(request)


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        (0, "203.0.113.7", None, "203.0.113.7"),
        (0, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (0, "::ffff:203.0.113.7", None, "203.0.113.7"),
        (0, "2001:DB8:0:0::7", None, "2001:db8::7"),
        (0, "fe80::1%eth0", None, "fe80::1"),
        (0, "", None, UNKNOWN),
        (0, "unix:", None, UNKNOWN),
        (1, "10.0.0.1", "203.0.113.7", "203.0.113.7"),
        (1, "10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (1, "10.0.0.1", "198.51.100.1,203.0.113.7", "203.0.113.7"),
        (1, "10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
        (1, "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "10.0.0.1", "2001:db8::7", "2001:db8::7"),
        (1, "10.0.0.1", None, UNKNOWN),
        (1, "10.0.0.1", "", UNKNOWN),
        (1, "10.0.0.1", "unknown", UNKNOWN),
        (1, "10.0.0.1", "198.51.100.1, ", UNKNOWN),
        (1, "10.0.0.1", "203.0.113.7; DROP TABLE", UNKNOWN),
        (1, "", "nonsense", UNKNOWN),
        (2, "10.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "10.0.0.1", "203.0.113.7", UNKNOWN),
        (3, "10.0.0.1", "198.51.100.9, 203.0.113.7, 10.0.0.3, 10.0.0.2", "203.0.113.7"),
    ],
)
def test_R17_it_takes_the_hop_that_our_outermost_proxy_wrote(
    proxies: int, peer: str, forwarded: str | None, client: str
) -> None:
    assert seen(proxies, peer, forwarded) == client


def test_R17_two_hundred_forged_headers_come_from_one_source() -> None:
    forged = [f"198.51.100.{number}, 203.0.113.7" for number in range(200)]
    assert {seen(1, "10.0.0.1", header) for header in forged} == {"203.0.113.7"}
    assert {seen(0, "203.0.113.7", header) for header in forged} == {"203.0.113.7"}


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", "0.0.0.0/32"),
        ("nonsense", "0.0.0.0/32"),
    ],
)
def test_R17_it_counts_one_IPv4_address_and_one_IPv6_network(address: str, key: str) -> None:
    assert network_key(address) == key


def test_R17_it_counts_every_host_of_a_network_together() -> None:
    assert {network_key(f"2001:db8::{number:x}") for number in range(1, 65536, 37)} == {"2001:db8::/64"}


@pytest.mark.parametrize(
    ("address", "ranges", "inside"),
    [
        ("203.0.113.7", ["203.0.113.0/24"], True),
        ("203.0.113.7", ["198.51.100.0/24", "203.0.113.7"], True),
        ("203.0.113.7", ["203.0.113.99/24"], True),
        ("203.0.114.7", ["203.0.113.0/24"], False),
        ("::ffff:203.0.113.7", ["203.0.113.0/24"], True),
        ("2001:db8::7", ["2001:db8::/32"], True),
        ("2001:db8::7", ["203.0.113.0/24"], False),
        ("203.0.113.7", ["2001:db8::/32"], False),
        ("203.0.113.7", [ip_network("203.0.113.0/24")], True),
        ("203.0.113.7", ["nonsense", "203.0.113.0/33"], False),
        ("203.0.113.7", [], False),
        ("nonsense", ["0.0.0.0/0", "::/0"], False),
    ],
)
def test_R17_it_knows_the_ranges_that_a_tenant_trusts(address: str, ranges: list[str], inside: bool) -> None:
    assert is_within(address, ranges) is inside


@override_settings(SOURCE_LIMITS_EXEMPT=(ip_network("127.0.0.0/8"), ip_network("2001:db8::/32")))
def test_R17_it_exempts_what_the_operator_lists_and_nobody_else() -> None:
    assert is_exempt("127.0.0.1")
    assert is_exempt("2001:db8::7")
    assert not is_exempt("203.0.113.7")
    assert not is_exempt("")


def test_R17_it_writes_a_range_in_one_way_and_refuses_what_is_none() -> None:
    assert canonical_range(" 192.0.2.7/24 ") == "192.0.2.0/24"
    assert canonical_range("2001:DB8::1/32") == "2001:db8::/32"
    with pytest.raises(ValueError, match="Write a range"):
        canonical_range("everybody")
