"""Servers of the tests' own, in folders of their own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from config.stack.data_folder import DataFolder
from config.stack.processes import Group, Program

ENDS_WITHIN = 30.0


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    return DataFolder(tmp_path / "data")


@pytest.fixture
def sockets(tmp_path: Path, folder: DataFolder) -> Iterator[Path]:
    """A folder short enough for sockets."""
    folder.path.mkdir()
    with folder.sockets() as made:
        yield made


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    """Processes that end with the test."""
    with Group(tmp_path / "logs") as made:
        yield made


def python(name: str, code: str) -> Program:
    """A program that runs these lines."""
    return Program(name, [sys.executable, "-c", code])


def eventually(holds: Callable[[], bool], within: float = ENDS_WITHIN) -> bool:
    """Whether it holds before the time is up."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def processes_naming(text: str) -> list[str]:
    """The command lines of all living processes that have the text in them. (A zombie has no command line.)"""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [line] if text in line else []
    return found
