"""How PostgreSQL lists the connections of this process: what the process does, its version, its node and its number."""

from __future__ import annotations

import os
import socket
import sys
import tomllib
from pathlib import Path
from typing import Final

PRODUCT: Final = "vestibule"
LONGEST: Final = 63
"""Bytes of a name that PostgreSQL keeps (NAMEDATALEN - 1)."""

_CELERY: Final = ("worker", "beat")


def version() -> str:
    """The version that pyproject.toml names."""
    path = Path(__file__).resolve().parent.parent / "pyproject.toml"
    found: str = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"]
    return found


def process(arguments: list[str]) -> str:
    """web, worker, beat, relay, or the name of a management command."""
    program = Path(arguments[0] if arguments else "")
    program = program.parent if program.name == "__main__.py" else program
    if program.name == "granian":
        return "web"
    if program.name == "celery":
        return next((word for word in arguments[1:] if word in _CELERY), "celery")
    if program.name == "manage.py":
        return arguments[1] if len(arguments) > 1 and arguments[1].isidentifier() else "command"
    return program.stem if program.stem.isidentifier() else "python"


def application_name() -> str:
    """For example "vestibule web 0.1.0 node1/4711"."""
    head = f"{PRODUCT} {process(sys.argv)[:20]} {version()}"
    tail = f"/{os.getpid()}"
    node = socket.gethostname().partition(".")[0]
    return f"{head} {node[: LONGEST - len(head) - len(tail) - 1]}{tail}"
