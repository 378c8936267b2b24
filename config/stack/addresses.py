"""Where the stack listens and what it is called from outside.

Knows hosts, ports and origins; starts nothing.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  # named here to recognise it
LOOPBACK = "127.0.0.1"


class CannotListen(Exception):
    """The text says why, and which option mends it."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host name or address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket that a program may inherit. Raises OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.create_server((host, port), family=family)
    found.set_inheritable(True)
    return found


@dataclass(frozen=True)
class Listen:
    """The web server's host and port."""

    host: str
    port: int

    def origin(self, port: int) -> str:
        """http://host:port as this machine's browser writes it."""
        host = LOOPBACK if self.host in EVERYWHERE else self.host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def public_url(self, chosen: str | None) -> str:
        """PUBLIC_URL: the person's own, else this machine's. Raises CannotListen where that one could not work."""
        if chosen:
            return chosen.rstrip("/")
        if self.host not in EVERYWHERE and not is_loopback(self.host):
            raise CannotListen(
                f"--host {self.host} needs PUBLIC_URL=https://…, the address that guests use: codes and cookies never "
                f"leave this machine over plain http. Or leave --host away."
            )
        return self.origin(self.port)

    def check_free(self) -> None:
        """Raises CannotListen when the port is somebody else's."""
        try:
            listen(self.host, self.port).close()
        except OSError as error:
            raise CannotListen(
                f"Port {self.port} on {self.host} cannot be used ({os.strerror(error.errno or errno.EADDRINUSE)}). "
                f"Choose another one: script/up --port {self.port + 10 if self.port < 65000 else 8010}"
            ) from None

    def beside(self) -> socket.socket:
        """A listening socket for the demonstration application: the next port, else any that is free."""
        try:
            return listen(self.host, self.port + 1)
        except (OSError, OverflowError):
            return listen(self.host, 0)


def hosts(public_url: str) -> str:
    """ALLOWED_HOSTS: the public name and this machine's own."""
    names = [urlsplit(public_url).hostname or "", LOOPBACK, "localhost", "[::1]"]
    return ",".join(dict.fromkeys(f"[{name}]" if ":" in name and "[" not in name else name for name in names))
