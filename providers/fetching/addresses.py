"""Where providers may stand: which URLs may be asked at all, and which addresses may be connected to. (threat 40)

Knows the Internet's special ranges and the networks that the operator opened. It must never let a name through without
having seen every address that it stands for.
"""

from __future__ import annotations

import re
import socket
import threading
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import requests
from django.conf import settings
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All that IANA hands out to the Internet; whatever else IPv6 knows is local, reserved or a disguise of IPv4."""

NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 as seen from networks that speak only IPv6 (RFC 6052 section 2.1): its last 32 bits are the address."""

LONGEST_URL: Final = 2048
RESOLVING_AT_ONCE: Final = 16
"""Names that are being resolved at once in one process: a resolver that hangs holds its thread longer than we wait."""

_resolving = threading.BoundedSemaphore(RESOLVING_AT_ONCE)

Place = tuple[socket.AddressFamily, Any]
"""An address that was checked, as connect() takes it."""


class FetchFailed(requests.RequestException):
    """Nothing usable came back. Its text is a sentence for administrators, without secrets and without the answer."""


def mistake_in_url(url: str) -> str | None:
    """Why this URL may not be asked, as a sentence naming the fix; None when nothing in its text speaks against it.

    It asks no network: what the name stands for is checked when it is connected to.
    """
    if not url.isascii() or not url.isprintable() or re.search(r"[\s\\]", url) or len(url) > LONGEST_URL:
        return "Write the URL without spaces, backslashes and letters beyond ASCII (a domain in its xn-- form)."
    parsed = _parsed(url)
    if parsed is None or not parsed.host:
        return "Write a whole URL, such as https://login.example.org/, with a port that is a number up to 65535."
    if parsed.scheme not in ("https", "http"):
        return "Write a URL that begins with https://."
    if parsed.auth is not None:
        return "Leave the user name and password out of the URL."
    if parsed.port == 0:
        return "Write a port between 1 and 65535, or none."
    host = host_of(parsed)
    address = _address(host)
    if address is None and _is_disguised(host):
        return "Write the host's name, or its IP address in the usual form."
    if _is_local_name(host):
        address = next((one for one in (IPv4Address("127.0.0.1"), IPv6Address("::1")) if is_allowed(one)), None)
        if address is None:
            return f"{host} is this machine itself. Write the host's public name."
    if address is not None and not is_allowed(address):
        return f"{host} is no public address. Write the provider's public name, or open PROVIDER_NETWORKS for it."
    if parsed.scheme == "http" and (address is None or not address.is_loopback):
        return "Write a URL that begins with https://; http is taken only on this machine itself."
    return None


def _parsed(url: str) -> Url | None:
    try:
        return parse_url(url) if "://" in url else None
    except LocationParseError:
        return None


def host_of(url: Url) -> str:
    """The host's name or address, in lower case and without the brackets of IPv6."""
    return (url.host or "").strip("[]").lower()


def host_in(url: str) -> str:
    """The host that a URL names, for a sentence; "the provider" when it names none."""
    parsed = _parsed(url)
    return (host_of(parsed) if parsed else "") or "the provider"


def is_allowed(address: IPv4Address | IPv6Address) -> bool:
    """Whether this address may be connected to: a public one, or one in the operator's PROVIDER_NETWORKS."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_allowed(address.ipv4_mapped)
        if any(address in network for network in settings.PROVIDER_NETWORKS):
            return True
        if address in NAT64:
            return is_allowed(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.sixtofour is not None:  # IPv4 in disguise, by relays that are gone (RFC 7526)
            return False
        return address.is_global and address in GLOBAL_UNICAST and not address.is_multicast
    if any(address in network for network in settings.PROVIDER_NETWORKS):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int, *, is_plain: bool, seconds: float) -> list[Place]:
    """Every address that the name stands for, in the resolver's order, each of them checked.

    `is_plain` is http, which loopback alone may speak. Raises FetchFailed when the name stands for nothing, for
    anything that may not be connected to, or when the resolver takes longer than `seconds`.
    """
    places = _asked(host, port, seconds)
    if not places:
        raise FetchFailed(f"{host} has no address.")
    for _, place in places:
        address = ip_address(place[0])
        if not is_allowed(address):
            raise FetchFailed(f"{host} stands for {address}, which is no public address and not in PROVIDER_NETWORKS.")
        if is_plain and not address.is_loopback:
            raise FetchFailed(f"{host} is not this machine itself: it is asked by https only.")
    return places


def _asked(host: str, port: int, seconds: float) -> list[Place]:
    """getaddrinfo in a thread of its own, because nothing else ends one that hangs."""
    if not _resolving.acquire(blocking=False):
        raise FetchFailed("Too many names are being resolved at once; the resolver seems to hang.")
    found: list[Place] = []

    def ask() -> None:
        try:
            for family, _, _, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                if family in (socket.AF_INET, socket.AF_INET6):
                    found.append((family, place))
        except (OSError, UnicodeError):
            found.clear()
        finally:
            _resolving.release()

    thread = threading.Thread(target=ask, name="resolving", daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if thread.is_alive():
        raise FetchFailed(f"The name {host} was not resolved in time.")
    return found


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_disguised(host: str) -> bool:
    """An IPv4 address in one of the old forms that resolvers still read: 2130706433, 0x7f.1, 0177.0.0.1 (RFC 6943)."""
    last = host.rstrip(".").rpartition(".")[2]
    return bool(re.fullmatch(r"\d+|0x[0-9a-f]*", last)) or ":" in host or "%" in host


def _is_local_name(host: str) -> bool:
    """localhost and all below it (RFC 6761 section 6.3)."""
    name = host.rstrip(".")
    return name == "localhost" or name.endswith(".localhost")
