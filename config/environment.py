"""Reads the environment for settings.py.

Knows how each kind of value is written, and refuses a missing or malformed one with its name and the fix, so that a
start stops with one sentence instead of a traceback later.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config.stack.data_folder import is_running

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DATABASE_FIX = "Write it as postgres://user:password@host:5432/vestibule"
BROKER_FIX = "Write it as redis://host:6379/0, rediss://… for TLS, or redis+socket:///path/to/valkey.sock"
MAIL_FIX = "Write it as smtp+tls://user:password@host:587, or anymail://mailgun"

# No user information, which a link in a mail would carry, and a port that is a number.
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[^\s/?#@:\[\]\\]+)(?::[0-9]{1,5})?")

env = environ.Env()


def read_running_stack(data_dir: Path) -> None:
    """Take what script/up wrote while it runs, unless the environment names a database of its own.

    What a killed stack left behind is not taken: it names servers that are gone.
    """
    if "DATABASE_URL" not in env.ENVIRON and (data_dir / "running.env").exists() and is_running(data_dir):
        env.read_env(str(data_dir / "running.env"))


def malformed(name: str, why: str, fix: str) -> ImproperlyConfigured:
    """The error for a value that is there and cannot be used."""
    return ImproperlyConfigured(f"{name} cannot be used: {why}. {fix}")


def required(name: str, what: str) -> str:
    """The variable's value. `what` says what it is for, and how it is written."""
    value: str = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: {what}. Start the local stack with script/up, which sets it, "
            f"or set it in the environment as .env.example shows."
        )
    return value


def number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number that is at least `least`."""
    text: str = env.str(name, default="").strip() or str(default)
    if not text.isascii() or not text.isdecimal() or int(text) < least:
        raise malformed(name, f"'{text}' is no whole number from {least}", f"Without it, it is {default}.")
    return int(text)


def switch(name: str, *, default: bool) -> bool:
    """On or off."""
    text: str = env.str(name, default="").strip().lower()
    if text not in ("", "1", "0", "true", "false", "yes", "no", "on", "off"):
        raise malformed(name, f"'{text}' is neither on nor off", "Write true or false.")
    return default if not text else text in ("1", "true", "yes", "on")


def one_of(name: str, words: tuple[str, ...], *, default: str) -> str:
    """One of these words."""
    text: str = env.str(name, default="").strip().lower() or default
    if text not in words:
        raise malformed(name, f"'{text}' is not known", f"Write {' or '.join(words)}.")
    return text


def broker(name: str) -> str:
    """The address of Valkey or Redis."""
    url = required(name, "the broker, as redis://host:6379/0")
    if urlsplit(url).scheme not in ("redis", "rediss", "redis+socket"):
        raise malformed(name, f"'{urlsplit(url).scheme or url}' is no scheme of Valkey or Redis", BROKER_FIX)
    return url


def origin(name: str, what: str) -> SplitResult:
    """Scheme and host of a URL that has nothing else. http is refused but for a loopback host."""
    text = required(name, what).rstrip("/")
    if not _ORIGIN.fullmatch(text):
        raise malformed(name, "it is no origin", "Write scheme and host, as https://guests.example.org")
    found = urlsplit(text)
    if found.scheme == "http" and not _is_loopback(found.hostname or ""):
        raise malformed(
            name,
            f"http on {found.hostname} would send codes and cookies unencrypted",
            "Serve it over https (see the README, Running it for real) and write https:// here.",
        )
    return found


def keys(name: str) -> tuple[tuple[int, bytes], ...]:
    """(id, key) pairs, the first of which makes what is new. Written as 1:<base64 of 32 bytes>,2:<…>."""
    found = []
    parts = required(name, "codes and links are derived from it, as 1:<base64 of 32 bytes>").split(",")
    for place, part in enumerate(parts, 1):
        number_text, colon, text = part.strip().partition(":")
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error:
            key = b""
        if not colon or not number_text.isdecimal() or not 0 < int(number_text) < 2**31 or len(key) < 32:
            raise malformed(
                name,
                f"entry {place} is no id, a colon and the base64 of at least 32 bytes",  # not quoted: it may be a key
                "Make one: echo 1:$(openssl rand -base64 32)",
            )
        found.append((int(number_text), key))
    if len({key_id for key_id, _ in found}) != len(found):
        raise malformed(name, "an id stands there twice", "Give every key an id of its own.")
    return tuple(found)


def networks(name: str) -> tuple[Network, ...]:
    """CIDR ranges, separated by commas."""
    try:
        return tuple(ipaddress.ip_network(text.strip()) for text in env.list(name, default=[]) if text.strip())
    except ValueError as error:
        raise malformed(name, str(error), "Write networks as 192.0.2.0/24,2001:db8::/32") from None


def database(name: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL URL; a unix socket's folder is written percent-encoded as the host."""
    text = required(name, "the database, as postgres://vestibule_app:…@host/vestibule")
    try:
        found: dict[str, Any] = dict(env.db_url(name))
    except (ValueError, ImproperlyConfigured) as error:
        raise malformed(name, str(error), DATABASE_FIX) from None
    if "postgresql" not in str(found.get("ENGINE")):
        raise malformed(name, "only PostgreSQL is supported", DATABASE_FIX)
    if not found.get("USER"):
        raise malformed(name, "it names no role", DATABASE_FIX)
    host = urlsplit(text).netloc.rpartition("@")[2]
    if host.lower().startswith("%2f"):  # urlsplit().hostname would lower the folder's case
        found["HOST"] = unquote(host.rpartition(":")[0] or host)
    # The pool and its health check must know a connection that died with the server.
    return found | {"CONN_HEALTH_CHECKS": True}


def mail(name: str) -> dict[str, Any]:
    """Django's EMAIL_… settings for an SMTP URL, or for anymail://<provider>."""
    url = required(name, "where mail goes, as smtp+tls://user:password@host:587 or anymail://mailgun")
    if url.startswith("anymail://"):
        return {"EMAIL_BACKEND": f"anymail.backends.{urlsplit(url).netloc}.EmailBackend"}
    try:
        found: dict[str, Any] = dict(env.email_url(name))
    except (KeyError, ValueError, ImproperlyConfigured) as error:
        raise malformed(name, str(error), MAIL_FIX) from None
    if not str(found["EMAIL_BACKEND"]).endswith("smtp.EmailBackend"):
        raise malformed(name, "it is no smtp address", MAIL_FIX)
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
