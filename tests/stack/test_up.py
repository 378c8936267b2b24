"""`python -m config.stack up`, the whole of it."""

from __future__ import annotations

import http.client
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO

import pytest
import requests

from config.stack import local_env
from config.stack.addresses import LOOPBACK, listen
from config.stack.contoso_id.program import Filed, is_installed
from config.stack.processes import ROOT
from tests.processes import Process, started
from tests.stack.conftest import eventually, processes_naming

READY = "Ctrl-C stops everything"
pytestmark = pytest.mark.faults


class Stack:
    """A stack in a process of its own, and what it has said so far."""

    def __init__(self, data: Path, port: int, process: Process) -> None:
        self.data, self.port, self.process = data, port, process
        self.said = ""

    def listen_to(self, stdout: IO[str]) -> None:
        with stdout as lines:
            for line in lines:
                self.said += line

    def is_up(self) -> bool:
        return (
            eventually(lambda: READY in self.said or self.process.poll() is not None, within=120) and READY in self.said
        )

    def status(self, path: str) -> int:
        with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=20)) as connection:
            connection.request("GET", path)
            return connection.getresponse().status

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = local_env.without_settings() | {"DATA_DIR": str(self.data)}
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)

    def has_left_nothing(self) -> bool:
        return eventually(lambda: not processes_naming(str(self.data)) and not processes_naming(f"--port {self.port}"))


@contextmanager
def stack(data: Path, *options: str, path: str | None = None, stdout: int = subprocess.PIPE) -> Iterator[Stack]:
    """A started stack, killed at the end if the test has not ended it. `path` replaces PATH."""
    with listen(LOOPBACK, 0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "config.stack", "up", "--data", str(data), "--port", str(port), *options]
    environment = local_env.without_settings() | ({"PATH": path} if path else {})
    how = {"env": environment, "stdout": stdout, "stderr": subprocess.STDOUT}
    with ExitStack() as ending, started(command, stops_at=signal.SIGTERM, **how) as process:
        running = Stack(data, port, process)
        ending.callback(running.has_left_nothing)  # its programs, which have sessions of their own, end after it
        if process.stdout is not None:
            listener = threading.Thread(target=running.listen_to, args=(process.stdout,))
            listener.start()
            ending.callback(listener.join)
        yield running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of these tests: filled by the first, since a start is quicker when all is there."""
    return tmp_path_factory.mktemp("up") / "data"


def contoso_id_of(running: Stack, *, says_so: bool = True) -> Filed:
    """The registration at the provider that belongs to the demonstration, which answers and is on the card."""
    bertil = r"Bertil’s invitation +http\S+/fabrikam.example/redeem/\S+ +signs in at Contoso ID"
    assert not says_so or re.search(bertil, running.said)
    filed = Filed.read(running.data / "contoso-id.json")
    found = requests.get(f"{filed.issuer}/.well-known/openid-configuration", timeout=20).json()
    assert found["issuer"] == filed.issuer
    assert filed.clients[0].redirect_uris[0].startswith(f"http://127.0.0.1:{running.port}/")
    return filed


def test_it_starts_out_of_an_empty_folder_and_again_after_a_kill(data):
    shutil.rmtree(data, ignore_errors=True)
    with stack(data) as first:
        assert first.is_up(), first.said
        assert re.search(r"password +\S+-\S+", first.said)
        assert "/fabrikam.example/redeem/" in first.said
        assert first.status("/inbox/") == 200
        partner = contoso_id_of(first) if is_installed() else None
        words = [sys.executable, "-m", "config.stack", "up", "--data", str(data)]
        second = subprocess.run(words, cwd=ROOT, check=False, capture_output=True, text=True)
        assert second.returncode == 1
        assert f"runs already on {data}, at http://127.0.0.1:{first.port}" in second.stdout
        found = first.manage("set_email_passcode", "--tenant", "contoso.example")
        assert "default (on" in found.stdout, found.stderr
        first.process.send_signal(signal.SIGKILL)
        assert first.has_left_nothing()
        after = first.manage("set_email_passcode", "--tenant", "contoso.example")
        assert after.returncode == 1
        assert "script/up" in after.stderr
        assert "Traceback" not in after.stderr
    with stack(data) as again:
        assert again.is_up(), again.said
        assert "create_administrator --reset adele@fabrikam.example" in again.said
        assert not re.search(r"password +\S+-\S+", again.said)
        if partner is not None:
            (now,) = Filed.read(data / "contoso-id.json").clients
            assert now.client_secret == partner.clients[0].client_secret
            assert now.redirect_uris == tuple(
                uri.replace(f":{first.port}/", f":{again.port}/") for uri in partner.clients[0].redirect_uris
            )
            assert contoso_id_of(again, says_so=False).issuer == partner.issuer
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(40) == 0
        assert again.has_left_nothing()
        assert not (data / "running.env").exists()


def test_it_starts_again_a_worker_that_was_killed(data):
    with stack(data) as running:
        assert running.is_up(), running.said
        (worker,) = {
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if str(data / "beat-schedule").encode() in path.read_bytes()
            and f"\nPPid:\t{running.process.pid}\n" in path.with_name("status").read_text()
        }
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda: "worker has ended (signal 9); starting it again" in running.said)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(40) == 0
        assert running.has_left_nothing()


def test_it_ends_when_its_terminal_is_closed(data):
    master, slave = pty.openpty()
    with open(master, "rb", buffering=0) as terminal, stack(data, stdout=slave) as running:
        os.close(slave)
        seen = b""
        while READY.encode() not in seen:
            seen += terminal.read(4096)
        terminal.close()  # nothing can be said any more
        running.process.send_signal(signal.SIGHUP)
        assert running.process.wait(40) == 0
        assert running.has_left_nothing()


def test_it_names_the_port_that_is_taken(tmp_path):
    with listen(LOOPBACK, 0) as taken, stack(tmp_path / "data", "--port", str(taken.getsockname()[1])) as running:
        assert running.process.wait(40) == 1
        assert eventually(lambda: f"Port {taken.getsockname()[1]} on 127.0.0.1 cannot be used" in running.said)
        assert "--port" in running.said


def test_it_refuses_a_database_that_nobody_could_migrate(tmp_path):
    environment = local_env.without_settings() | {"DATABASE_URL": "postgres://vestibule_app@localhost/vestibule"}
    command = [sys.executable, "-m", "config.stack", "up", "--data", str(tmp_path / "data"), "--port", "8999"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "DATABASE_OWNER_URL" in done.stdout
    assert not processes_naming(str(tmp_path / "data"))
