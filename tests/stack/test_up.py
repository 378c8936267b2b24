"""`python -m config.stack up`, the whole of it."""

from __future__ import annotations

import http.client
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from config.stack import local_env
from config.stack.addresses import LOOPBACK, listen
from config.stack.processes import ROOT
from tests.stack.conftest import eventually, processes_naming

READY = "Ctrl-C stops everything"
pytestmark = pytest.mark.faults


class Stack:
    """A stack in a process of its own, and what it has said so far."""

    def __init__(self, data: Path, *options: str, stdout: int = subprocess.PIPE, path: str | None = None) -> None:
        with listen(LOOPBACK, 0) as free:
            self.port = free.getsockname()[1]
        self.data, self.said = data, ""
        command = [sys.executable, "-m", "config.stack", "up", "--data", str(data), "--port", str(self.port), *options]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=local_env.without_settings() | ({"PATH": path} if path else {}),
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()

    def _listen(self) -> None:
        if self.process.stdout is not None:
            with self.process.stdout as lines:
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
def stack(data: Path, *options: str, path: str | None = None) -> Iterator[Stack]:
    """A started stack, killed at the end if the test has not ended it. `path` replaces PATH."""
    started = Stack(data, *options, path=path)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait()
        started.listener.join()
        started.has_left_nothing()


def test_it_starts_out_of_an_empty_folder_and_again_after_a_kill(tmp_path):
    data = tmp_path / "data"
    with stack(data) as first:
        assert first.is_up(), first.said
        assert re.search(r"password +\S+-\S+", first.said)
        assert "/fabrikam.example/redeem/" in first.said
        assert first.status("/inbox/") == 200
        second = subprocess.run(first.process.args, cwd=ROOT, check=False, capture_output=True, text=True)
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
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(40) == 0
        assert again.has_left_nothing()
        assert not (data / "running.env").exists()


def test_it_starts_again_a_worker_that_was_killed(tmp_path):
    with stack(tmp_path / "data") as running:
        assert running.is_up(), running.said
        (worker,) = {
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if str(tmp_path / "data" / "beat-schedule").encode() in path.read_bytes()
            and f"\nPPid:\t{running.process.pid}\n" in path.with_name("status").read_text()
        }
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda: "worker has ended (signal 9); starting it again" in running.said)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(40) == 0
        assert running.has_left_nothing()


def test_it_ends_when_its_terminal_is_closed(tmp_path):
    master, slave = pty.openpty()
    running = Stack(tmp_path / "data", stdout=slave)
    os.close(slave)
    seen = b""
    while READY.encode() not in seen:
        seen += os.read(master, 4096)
    os.close(master)  # the terminal is gone, so that nothing can be said any more
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
