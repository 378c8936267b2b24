"""A machine of one's own for the documented steps: this one, in a mount namespace in which some folders are copies.

Needs root. Users, /etc, /srv and /var/lib change only in there; programs, processes and network are this machine's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.stack.processes import ROOT
from tests.processes import Process, started

PROGRAMS = ("unshare", "nsenter", "setpriv", "useradd", "runuser", "git", "openssl")
IN_NAMESPACE = ("unshare", "--mount", "--propagation", "private", "--")
SOURCE, REPOSITORY = "/srv/vestibule", "/opt/repository.git"
PYTHON = "/opt/python"
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"

MAKE = f"""
set -eu
mount -t tmpfs -o mode=755 tmpfs /opt
mkdir /opt/etc /opt/python && cp -a /etc/. /opt/etc
mount --bind /opt/etc /etc
mount --bind {sys.base_prefix} {PYTHON}
echo {PYTHON}/lib > /etc/ld.so.conf.d/000-python.conf && ldconfig -X
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /srv
mkdir -p /etc/systemd/system
git init -q --bare {REPOSITORY}
git="git --git-dir={REPOSITORY} --work-tree={ROOT} -c core.bare=false -c user.name=v -c user.email=v@vestibule.example"
$git add -A
$git commit -qm "What stands here"
echo ready
exec sleep infinity
"""
"""What stands in the working tree becomes the repository that is cloned. This Python moves out of root's home."""

INSTALL = f"""
set -eu
cd {SOURCE}
{PYTHON}/bin/python3 -m venv --without-pip .venv
mount --bind {ROOT}/.venv/{SITE} .venv/{SITE}
for name in granian celery; do
  {{ echo "#!{SOURCE}/.venv/bin/python"; sed 1d {ROOT}/.venv/bin/$name; }} > .venv/bin/$name
  chmod 755 .venv/bin/$name
done
cksum < requirements.lock > .venv/requirements.lock.installed
"""
"""Stands for script/bootstrap's download: its libraries are the suite's, and it finds that all is installed."""

ROOMS = {
    ("ProtectHome", "yes"): "for one in /root /home; do mount -t tmpfs -o mode=000 tmpfs $one; done",
    ("PrivateTmp", "yes"): "for one in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $one; done",
    ("ProtectSystem", "strict"): """
awk '{ print $2 }' /proc/self/mounts | grep -Ev '^/(dev|proc|sys|tmp|var/tmp)(/|$)' | while read -r one; do
  mount -o remount,ro,bind "$one" 2>/dev/null || true
done
! touch /etc/written /srv/written /var/written 2>/dev/null""",
}
"""What systemd does for a unit's line, as shell."""


@dataclass(frozen=True)
class Unit:
    """A systemd unit's [Service] section."""

    lines: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Unit:
        pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
        return cls(dict(pairs))

    def prepare(self) -> str:
        """Shell that makes the state directory and the room which the unit asks for."""
        state, user = f"/var/lib/{self.lines['StateDirectory']}", self.lines["User"]
        rooms = [script for line, script in ROOMS.items() if self.lines.get(line[0]) == line[1]]
        return "\n".join(
            [
                f"install -d -o {user} -g {user} {state}",
                f"mount --bind {state} {state}",
                *rooms,
                f"mount -o remount,rw,bind {state}",
                f"cd {self.lines['WorkingDirectory']}",
            ]
        )


@dataclass(frozen=True)
class Machine:
    """The namespace, which lives as long as the process that holds it."""

    holder: Process

    def enter(self) -> tuple[str, ...]:
        """Words before a command that is to run in there, as root."""
        return ("nsenter", f"--target={self.holder.pid}", "--mount", "--wd=/", "--")

    def path(self, inside: str) -> Path:
        """A file of the machine, seen from outside."""
        return Path(f"/proc/{self.holder.pid}/root{inside}")

    def run(self, script: str, shell: Sequence[str] = ("sh", "-c")) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.enter(), *shell, script],
            env={"PATH": os.environ["PATH"], "HOME": "/root"},
            check=False,
            capture_output=True,
            text=True,
        )

    @contextmanager
    def serving(self, unit: Unit, log: Path) -> Iterator[Process]:
        """The unit's process, started as systemd would, writing to `log`."""
        variables = self.path(unit.lines["EnvironmentFile"]).read_text().splitlines()
        environment = dict(line.split("=", 1) for line in variables)
        user = unit.lines["User"]
        become = f"setpriv --no-new-privs --reuid {user} --regid {user} --init-groups --pdeathsig KILL --"
        script = f"set -eu\n{unit.prepare()}\nexec {become} {unit.lines['ExecStart']}"
        with (
            log.open("w") as out,
            started(
                [*self.enter(), *IN_NAMESPACE, "sh", "-c", script],
                env={"PATH": os.environ["PATH"], **environment},
                stdout=out,
                stderr=out,
            ) as process,
        ):
            yield process


def why_not() -> str:
    """Why there can be no such machine here, in a sentence; empty where there can."""
    if os.geteuid() != 0:
        return "the documented steps make a user and need root"
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"the documented steps need {', '.join(missing)}"
    refused = subprocess.run([*IN_NAMESPACE, "true"], check=False, capture_output=True).returncode
    return "this kernel refuses a mount namespace, in which the documented steps run" if refused else ""


@contextmanager
def machine() -> Iterator[Machine]:
    with started([*IN_NAMESPACE, "sh", "-c", MAKE], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        with holder.stdout as said:
            assert said.readline() == "ready\n"
        yield Machine(holder)
