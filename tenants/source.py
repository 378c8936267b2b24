"""Where a request comes from, as the limits per source address count it (R17).

Knows how many proxies of our own stand in front and which entry of X-Forwarded-For the outermost of them wrote. It must
never believe what a client wrote into that header: everything left of that entry is the client's own invention.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from django.conf import settings
from django.http import HttpRequest

UNKNOWN: Final = "0.0.0.0"  # noqa: S104  # a value, not something to bind to
"""The address where none can be read (a unix socket, a probe past the proxy): all of them share one budget."""

V6_PREFIX: Final = 64
"""Bits of an IPv6 address that tell one network from another: within them anybody may take any address (R17)."""


def client_address(request: HttpRequest) -> str:
    """The client's IP address in its shortest form; an IPv4 address mapped into IPv6 comes as IPv4. Never raises.

    With `TRUSTED_PROXIES` = 0 it is the peer's, else what our outermost proxy wrote. It is never a proxy's own.
    """
    if settings.TRUSTED_PROXIES > 0:
        return forwarded_address(request) or UNKNOWN
    return str(_parsed(request.META.get("REMOTE_ADDR", "")) or UNKNOWN)


def forwarded_address(request: HttpRequest) -> str | None:
    """The n-th entry of X-Forwarded-For from the right with n trusted proxies; None where it is missing or unreadable.

    Each proxy writes one entry, so fewer than n mean that the request came past one of them.
    """
    # A trailing comma is an empty hop of its own: dropping it would let a client shift the count.
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(hops) < settings.TRUSTED_PROXIES:
        return None
    named = _parsed(hops[-settings.TRUSTED_PROXIES])
    return str(named) if named else None


def network_key(address: str) -> str:
    """What R17's budgets per source count by: the address for IPv4 (`/32`), its network for IPv6 (`/64`).

    What is no IP address counts with all others of its kind.
    """
    parsed = _parsed(address) or IPv4Address(UNKNOWN)
    if isinstance(parsed, IPv4Address):
        return f"{parsed}/32"
    return str(IPv6Network((parsed, V6_PREFIX), strict=False))


def is_within(address: str, ranges: Iterable[str | IPv4Network | IPv6Network]) -> bool:
    """Whether the address lies in one of the CIDR ranges. A range that cannot be read holds nobody."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in map(_network, ranges) if network is not None)


def is_exempt(address: str) -> bool:
    """Whether the operator lifted the limits per source address for it (`SOURCE_LIMITS_EXEMPT`, R17)."""
    return is_within(address, settings.SOURCE_LIMITS_EXEMPT)


def canonical_range(text: str) -> str:
    """A range that a tenant typed, `192.0.2.7/24` as `192.0.2.0/24`. Raises ValueError with a sentence on the fix."""
    network = _network(text.strip())
    if network is None:
        raise ValueError("Write a range of addresses as 192.0.2.0/24 or 2001:db8::/32.")
    return str(network)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):  # [2001:db8::7]:4711, as some proxies write a peer with its port
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.7:4711
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network(written: str | IPv4Network | IPv6Network) -> IPv4Network | IPv6Network | None:
    if not isinstance(written, str):
        return written
    try:
        return ip_network(written, strict=False)
    except ValueError:
        return None
