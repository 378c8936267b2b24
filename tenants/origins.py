"""Where a browser may be sent: origins, compared as browsers compare them (R39).

Knows how a URL's origin is written in one way and how a URL is rebuilt from what was checked. It must never hand back a
URL that a browser could read as another origin than the one that was compared: what can be read in two ways has none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final, NamedTuple

from django.utils.encoding import iri_to_uri

from tenants.addresses import AddressRefused, canonical_domain

LONGEST_URL: Final = 2_000
"""Characters; longer ones fail in some proxy or browser, and none is needed to name a page of an application."""

_PARTS: Final = re.compile(r"(https?)://([^/?#\\]+)([/?#].*)?", re.IGNORECASE)
_PORT: Final = re.compile(r"[0-9]{1,5}")
_USUAL_PORT: Final = {"http": 80, "https": 443}
_SINGLE_LABEL: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOOPBACK: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]+)?")


class _Url(NamedTuple):
    origin: str
    rest: str


def origin_of(url: str) -> str | None:
    """The origin as `https://host` or `https://host:8443`: A-labels, lower case, the scheme's usual port left out.

    None for everything that is no absolute http or https URL which every parser reads alike: without `//`, with user
    information, a backslash, white space, a control or bidi character, a host written as a number, a last dot; and for
    one that is too long, as it was typed or once it is percent-encoded.
    """
    parts = _parts(url)
    return parts.origin if parts else None


def rebuilt(url: str, *, longest: int = LONGEST_URL) -> str | None:
    """The URL made anew, ASCII only, from the origin that was checked and its percent-encoded rest; None as above.

    This, not the text that was checked, belongs into a Location, a Refresh or a link.
    """
    parts = _parts(url, longest)
    return parts.origin + parts.rest if parts else None


def is_registered(url: str, origins: Iterable[str]) -> bool:
    """Whether the URL's origin is one of these. One that cannot be read is never equal to anything (R39)."""
    origin = origin_of(url)
    return origin is not None and any(origin == origin_of(registered) for registered in origins)


def noted(url: str) -> str:
    """What the history keeps of an address that is not followed: its printable characters, as many as a URL may have.

    A NUL or half a surrogate pair would make the line impossible to write.
    """
    return "".join(character for character in url if character.isprintable())[:LONGEST_URL]


def canonical_origin(text: str) -> str:
    """An origin that an administrator typed, as tenants store it. https only, http for the machine itself.

    Raises ValueError with a sentence naming the fix.
    """
    parts = _parts(text.strip())
    if parts is None or parts.rest not in ("", "/"):
        raise ValueError("Write an origin as https://app.example or https://app.example:8443, with nothing after it.")
    if not parts.origin.startswith("https://") and not _LOOPBACK.fullmatch(parts.origin):
        raise ValueError("Use https: http would show the guest's way to everybody on the network.")
    return parts.origin


def _parts(url: str, longest: int = LONGEST_URL) -> _Url | None:
    if not isinstance(url, str) or len(url) > longest:
        return None
    # Browsers drop tabs and newlines anywhere and trim what is below the space: none of them may be there at all.
    if any(unicodedata.category(character)[0] in "CZ" for character in url):
        return None
    match = _PARTS.fullmatch(url)
    if match is None or "\\" in url:
        return None
    scheme, authority, rest = match[1].lower(), match[2], match[3] or ""
    if "@" in authority:
        return None
    host, port = _host_and_port(authority)
    if host is None or port is None:
        return None
    shown_port = f":{port}" if port and int(port) != _USUAL_PORT[scheme] else ""
    made = _Url(f"{scheme}://{host}{shown_port}", iri_to_uri(rest))
    # Measured again: percent-encoding makes one character up to twelve.
    return made if len(made.origin) + len(made.rest) <= longest else None


def _host_and_port(authority: str) -> tuple[str | None, str | None]:
    """(host, port), the port "" when there is none; None for what cannot be used."""
    if authority.startswith("["):
        name, bracket, tail = authority.partition("]")
        host = _ipv6(name[1:]) if bracket else None
    else:
        name, colon, tail = authority.partition(":")
        host, tail = _named_host(name), colon + tail
    if not tail:
        return host, ""
    port = tail[1:]
    if tail[0] != ":" or not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        return host, None
    return host, str(int(port))


def _ipv6(text: str) -> str | None:
    try:
        return f"[{IPv6Address(text)}]" if "%" not in text else None
    except AddressValueError:
        return None


def _named_host(name: str) -> str | None:
    try:
        # Dotted decimal in full is the one way of writing a number that no parser reads differently.
        return str(IPv4Address(name))
    except AddressValueError:
        pass
    if _SINGLE_LABEL.fullmatch(name.lower()) and name.isascii():
        return name.lower()
    try:
        return canonical_domain(name)
    except AddressRefused:
        return None
