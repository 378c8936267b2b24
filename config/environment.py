"""Reads the environment for settings.py.

Knows how each kind of value is written, and refuses a missing or malformed one with its name and the fix, so that a
start stops with one sentence instead of a traceback later. No message quotes a value: it may be a secret that was put
into the wrong variable.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config.stack.data_folder import is_running

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# No user information, which a link in a mail would carry, and a port that is a number.
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[^\s/?#@:\[\]\\]+)(?::[0-9]{1,5})?")

env = environ.Env()

KNOWN: set[str] = set()
"""The names that were asked for, so that others which look like them can be told."""


def read_running_stack(data_dir: Path) -> None:
    """Take what script/up wrote while it runs, unless the environment names a database of its own.

    What a killed stack left behind is not taken: it names servers that are gone.
    """
    if "DATABASE_URL" not in env.ENVIRON and (data_dir / "running.env").exists() and is_running(data_dir):
        env.read_env(str(data_dir / "running.env"))


def malformed(name: str, why: str, fix: str) -> ImproperlyConfigured:
    """The error for a value that is there and cannot be used."""
    return ImproperlyConfigured(f"{name} cannot be used: {why}. {fix}")


def text(name: str) -> str:
    """The variable's value without outer spaces; empty where it is not set."""
    KNOWN.add(name)
    return str(env.ENVIRON.get(name, "")).strip()


def words(name: str) -> list[str]:
    """The parts of a value that commas separate, empty ones left out."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def required(name: str, what: str) -> str:
    """The variable's value. `what` says what it is for, and how it is written."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: {what}. Start the local stack with script/up, which sets it, "
            f"or set it in the environment as .env.example shows."
        )
    return value


def number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number that is at least `least`."""
    value = text(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < least:
        raise malformed(name, f"it is no whole number from {least}", f"Without it, it is {default}.")
    return int(value)


def switch(name: str, *, default: bool) -> bool:
    """On or off."""
    value = text(name).lower()
    if value not in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        raise malformed(name, "it is neither on nor off", "Write true or false.")
    return default if not value else value in ("1", "true", "yes", "on")


def one_of(name: str, choices: tuple[str, ...], *, default: str) -> str:
    """One of these words, in capitals or not; returned as the choice is written."""
    value = text(name) or default
    found = next((choice for choice in choices if choice.lower() == value.lower()), None)
    if found is None:
        raise malformed(name, "it is none of the words that are known", f"Write {' or '.join(choices)}.")
    return found


def origin(name: str, what: str) -> SplitResult:
    """Scheme and host of a URL that has nothing else. http is refused but for a loopback host."""
    value = required(name, what).rstrip("/")
    fix = "Write scheme and host, as https://guests.example.org"
    if not _ORIGIN.fullmatch(value):
        raise malformed(name, "it is no origin", fix)
    try:
        found = urlsplit(value)
        is_plain = found.scheme == "http" and not is_loopback(found.hostname or "")
        found.port  # noqa: B018  # raises for a number that is no port
    except ValueError:
        raise malformed(name, "its host or its port cannot be read", fix) from None
    if is_plain:
        raise malformed(
            name,
            "it is http on another host than this machine, which would send codes and cookies unencrypted",
            "Serve it over https (see the README, Running it for real) and write https:// here.",
        )
    return found


def keys(name: str) -> tuple[tuple[int, bytes], ...]:
    """(id, key) pairs, the first of which makes what is new. Written as 1:<base64 of 32 bytes>,2:<…>."""
    found = []
    parts = required(name, "codes and links are derived from it, as 1:<base64 of 32 bytes>").split(",")
    for place, part in enumerate(parts, 1):
        number_text, colon, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:  # binascii.Error, and what letters outside ASCII raise
            key = b""
        is_number = re.fullmatch(r"[0-9]{1,10}", number_text) and 0 < int(number_text) < 2**31
        if not colon or not is_number or len(key) < 32:
            raise malformed(
                name,
                f"entry {place} is no id, a colon and the base64 of at least 32 bytes",
                "Make one: echo 1:$(openssl rand -base64 32)",
            )
        found.append((int(number_text), key))
    if len({key_id for key_id, _ in found}) != len(found):
        raise malformed(name, "an id stands there twice", "Give every key an id of its own.")
    return tuple(found)


def networks(name: str) -> tuple[Network, ...]:
    """CIDR ranges, separated by commas."""
    found = []
    for place, part in enumerate(words(name), 1):
        try:
            found.append(ipaddress.ip_network(part))
        except ValueError:
            raise malformed(
                name,
                f"entry {place} is no network, or has bits set behind its prefix",
                "Write networks as 192.0.2.0/24,2001:db8::/32",
            ) from None
    return tuple(found)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
