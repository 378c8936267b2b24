"""Under whom a program runs, and with whom it ends.

Knows util-linux's unshare and setpriv. Must never change an account, or a folder other than the one it is given:
PostgreSQL refuses root, and the usual ways around that make a user or open other people's folders.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534


class CannotRunAsRoot(Exception):
    """There is neither a user namespace nor setpriv: a program that refuses root cannot be started by root."""


@dataclass(frozen=True)
class Identity:
    """Words to put before a command, and the user id that its data folder must belong to."""

    words: tuple[str, ...]
    owner: int


def tied(stops_at: signal.Signals) -> tuple[str, ...]:
    """Words before a command that make the kernel send it `stops_at` when we die, by whatever death.

    Empty where there is no setpriv (macOS): there an orderly end still stops everything, a SIGKILL of ours does not.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or sys.platform != "linux":
        return ()
    return (setpriv, "--pdeathsig", stops_at.name.removeprefix("SIG"), "--")


def in_user_namespace() -> Identity | None:
    """As root: the program sees itself as nobody while its files stay root's. None where the kernel refuses."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    words = (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
    refused = subprocess.run([*words, "true"], check=False, capture_output=True).returncode
    return None if refused else Identity(words, owner=0)


def as_nobody() -> Identity | None:
    """As root where user namespaces are refused (many containers): really nobody, who may still pass root's folders.

    The securebit keeps that one capability alive through access(2), which initdb asks. None without setpriv.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return None
    words = (
        setpriv,
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--",
    )
    return Identity(words, owner=NOBODY)


@functools.cache
def without_root() -> Identity:
    """Who runs what refuses root: ourselves, unless we are root. Raises CannotRunAsRoot."""
    if os.geteuid() != 0:
        return Identity((), owner=os.geteuid())
    identity = in_user_namespace() or as_nobody()
    if identity is None:
        raise CannotRunAsRoot(
            "PostgreSQL refuses to run as root, and neither unshare nor setpriv (package util-linux) is here. "
            "Install util-linux, start as another user, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return identity


def hand_over(folder: Path, identity: Identity) -> None:
    """Give the folder and all in it to the identity's owner. Does nothing when it is theirs already."""
    if os.geteuid() != 0 or not folder.exists() or folder.stat().st_uid == identity.owner:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, identity.owner, identity.owner, follow_symlinks=False)
