"""What an operator's command reads beside its words: a file, or the standard input where the name is `-`.

Knows how to say that a file cannot be read, with the option that named it. It must never print what it has read: it may
be a secret.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from django.core.management.base import CommandError

LARGEST = 2 * 1024 * 1024
"""Octets; more than the largest thing that any command takes."""

STANDARD_INPUT = "-"


def octets_in(name: str, *, option: str) -> bytes:
    """What stands in the file. Raises CommandError for one that is not there, may not be read or is too large."""
    try:
        if name == STANDARD_INPUT:
            found = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(name).open("rb") as file:
                found = file.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{option}: {name} cannot be read: {error.strerror}.", returncode=2) from None
    if len(found) > LARGEST:
        raise CommandError(f"{option}: {name} is larger than {LARGEST // 1024:,} KiB. Name another.", returncode=2)
    return found


def text_in(name: str, *, option: str) -> str:
    """The same as text in UTF-8, whatever mark it begins with."""
    try:
        return octets_in(name, option=option).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(f"{option}: {name} is no text in UTF-8. Save it as such.", returncode=2) from None


def secret_in(name: str, *, option: str) -> str:
    """A secret without the end of its line; at a terminal it is asked for and not shown.

    Raises CommandError for an empty one.
    """
    is_typed = name == STANDARD_INPUT and sys.stdin.isatty()
    found = getpass.getpass("Secret: ") if is_typed else text_in(name, option=option).rstrip("\r\n")
    if not found:
        raise CommandError(f"{option}: there is no secret in it. Write it there, on one line.", returncode=2)
    return found
