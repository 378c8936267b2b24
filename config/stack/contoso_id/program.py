"""Contoso ID as a program: whether it can run here, what it is told, how it is started.

Knows its file, in which its clients and its renamed people stand. Must never be needed: without Node.js everything else
runs as it does with it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from config.stack import local_env
from config.stack.addresses import LOOPBACK, listen
from config.stack.processes import Group, Program

HERE = Path(__file__).resolve().parent
NO_NODE = 3  # the status of `install` where there is no Node.js that it runs on


class NotInstalled(Exception):
    """The libraries could not be installed; the text is what npm said."""


class NoNode(Exception):
    """There is no npm here, or no Node.js that Contoso ID runs on."""


@dataclass(frozen=True)
class Client:
    """One registration at Contoso ID: whom it sends people back to."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...] = ()

    @classmethod
    def new(cls, *redirect_uris: str) -> Self:
        """A registration with an id and a secret of 256 bits that nobody else has."""
        return cls(f"vestibule-{secrets.token_hex(4)}", secrets.token_urlsafe(32), redirect_uris)


@dataclass(frozen=True)
class Filed:
    """Contoso ID's file: the port of its issuer, its clients, and the people whose address changed, old to new."""

    port: int
    clients: tuple[Client, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """`localhost`, while we are 127.0.0.1: for a browser those are two sites, as ours and a real provider's are."""
        return f"http://localhost:{self.port}"

    def write(self, path: Path) -> None:
        """Only we may read it, and nobody sees half of it."""
        descriptor, begun = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
        os.replace(begun, path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """What was written. Raises OSError where nothing was, ValueError for what is no such file."""
        found = json.loads(path.read_text(encoding="utf-8"))
        try:
            clients = tuple(
                Client(one["client_id"], one["client_secret"], tuple(one["redirect_uris"])) for one in found["clients"]
            )
            return cls(int(found["port"]), clients, dict(found["renamed"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is not Contoso ID's file") from error


def is_installed() -> bool:
    """Whether its libraries are here, as package-lock.json wants them, and a node to run them."""
    stamp = HERE / "node_modules" / ".installed"
    if shutil.which("node") is None or not stamp.exists():
        return False
    with (HERE / "package-lock.json").open("rb") as lock:
        wanted = subprocess.run(["cksum"], stdin=lock, check=True, capture_output=True, text=True).stdout  # noqa: S607  # POSIX
    return stamp.read_text() == wanted


def install() -> None:
    """Install its libraries, if they are not here. Raises NoNode and NotInstalled."""
    done = subprocess.run([HERE / "install"], check=False, capture_output=True, text=True)
    if done.returncode == NO_NODE:
        raise NoNode(done.stderr.strip())
    if done.returncode:
        raise NotInstalled(done.stderr.strip())


def reserve(port: int | None) -> socket.socket:
    """A listening socket at this port, or at any that is free where that one is taken."""
    try:
        return listen(LOOPBACK, port or 0)
    except (OSError, OverflowError):
        return listen(LOOPBACK, 0)


def program(listening: socket.socket, path: Path) -> Program:
    """It answers on `listening`, bound already, and reads `path` anew for each request. None of our secrets is told."""
    command: Sequence[str | Path] = ["node", HERE / "provider.mjs", str(listening.fileno()), path]
    return Program("contoso-id", command, environment=local_env.without_settings(), sockets=(listening.fileno(),))


class Desk:
    """Contoso ID beside a local stack: the same issuer and the same client at every start on a data folder."""

    def __init__(self, path: Path, *, port: int) -> None:
        """Reserve the port that `path` names, `port` the first time, and write down the one that it became."""
        self.path = path
        try:
            filed = Filed.read(path)
        except (OSError, ValueError):
            filed = Filed(port)
        self.listening = reserve(filed.port)
        self.filed = replace(filed, port=self.listening.getsockname()[1], clients=filed.clients or (Client.new(),))
        self.filed.write(path)

    def start(self, group: Group, *, redirect_uri: str) -> None:
        """Start it, to send people back to this address."""
        client = replace(self.filed.clients[0], redirect_uris=(redirect_uri,))
        replace(self.filed, clients=(client,)).write(self.path)
        group.start(program(self.listening, self.path))
        group.keep(self.listening)
