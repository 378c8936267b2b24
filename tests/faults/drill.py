"""The ground of the drills: real processes on the test's database, a broker and a mail server of their own."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from django.db import connection

from config.stack.processes import Child, Program
from config.stack.valkey import Valkey
from outbox.models import OutboundMail, State
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.outbox.sink import Sink, listening

POOL = 2
"""Pool processes of a worker."""


@dataclass
class Drill:
    """Programs under test, started by name, and what became of the letters that were asked for."""

    tenant: Tenant
    sink: Sink
    folder: Path
    environment: dict[str, str]
    children: dict[str, Child] = field(default_factory=dict)

    def relay(self, name: str) -> None:
        """(Re)start a relay, and wait until it works."""
        self.start(name, "manage.py", "relay")
        self.wait_for_words(name, "Relaying with")

    def worker(self, name: str) -> None:
        """(Re)start a Celery worker with two pool processes, and wait until it works."""
        options = ("worker", f"--concurrency={POOL}", "--loglevel=INFO", "--without-mingle", f"--hostname={name}@drill")
        self.start(name, "-m", "celery", "-A", "config.celery", *options)
        self.wait_for_words(name, "@drill ready")

    def start(self, name: str, *words: str) -> Child:
        child = Child(Program(name, [sys.executable, *words], environment=self.environment), self.folder)
        child.log.unlink(missing_ok=True)
        child.start()
        self.children[name] = child
        return child

    def wait_for_words(self, name: str, words: str, *, times: int = 1) -> None:
        """Until the program has said them so often."""
        child = self.children[name]
        ends_at = time.monotonic() + 60
        while child.log.read_text().count(words) < times:
            if child.has_ended() or time.monotonic() > ends_at:
                self._fail(f"{name} did not say {words!r}")
            time.sleep(0.05)

    def wait_until_leased(self) -> None:
        """Until a sender has a letter. Fails after 30 seconds."""
        ends_at = time.monotonic() + 30
        with tenant_scope(self.tenant.id):
            while not OutboundMail.objects.filter(state=State.LEASED).exists():
                if time.monotonic() > ends_at:
                    self._fail("no letter was taken")
                time.sleep(0.02)

    def kill_while_sending(self, name: str) -> None:
        """SIGKILL a program and its children in the moment in which a letter is leased, if one is within 3 s."""
        ends_at = time.monotonic() + 3
        with tenant_scope(self.tenant.id):
            while time.monotonic() < ends_at and not OutboundMail.objects.filter(state=State.LEASED).exists():
                time.sleep(0.005)
        self.children[name].kill()

    def ask(self, count: int, *, pause: float) -> Child:
        """A process that asks for letters, one each `pause` seconds."""
        return self.start("asking", "-m", "tests.faults.asking", str(self.tenant.id), str(count), str(pause))

    def end(self) -> None:
        """Kill whatever still runs."""
        for child in self.children.values():
            child.kill()

    def letters(self) -> list[OutboundMail]:
        with tenant_scope(self.tenant.id):
            return list(OutboundMail.objects.all())

    def wait_until_settled(self, count: int, *, within: float) -> None:
        """Until `count` letters were asked for and none waits. Fails with the logs after `within` seconds."""
        ends_at = time.monotonic() + within
        while time.monotonic() < ends_at:
            with tenant_scope(self.tenant.id):
                if OutboundMail.objects.settled().count() == count:
                    return
            time.sleep(0.2)
        self._fail(f"{count} letters were not settled within {within} s")

    def wait_for_first(self, *, within: float) -> None:
        """Until the mail server has taken one letter."""
        ends_at = time.monotonic() + within
        while not self.sink.taken:
            if time.monotonic() > ends_at:
                self._fail(f"no letter came within {within} s")
            time.sleep(0.05)

    def _fail(self, what: str) -> NoReturn:
        states = Counter(letter.state for letter in self.letters())
        logs = "\n".join(f"--- {name}\n{child.last_words(30)}" for name, child in self.children.items())
        raise AssertionError(f"{what}: {states}\n{logs}")

    def outcome(self) -> Outcome:
        """What the mailbox holds, against what was asked for."""
        letters = self.letters()
        copies = self.sink.copies()
        late = {
            letter.message_id: (self.sink.first_at[letter.message_id] - letter.created_at).total_seconds()
            for letter in letters
            if letter.message_id in copies
        }
        return Outcome(
            asked=len(letters),
            lost=sum(letter.message_id not in copies for letter in letters),
            interrupted=sum(letter.leases_lost for letter in letters),
            doubled=sum(copies.values()) - len(copies),
            longest=max(late.values(), default=0.0),
            median=sorted(late.values())[len(late) // 2] if late else 0.0,
            states=Counter(letter.state for letter in letters),
        )


@dataclass(frozen=True)
class Outcome:
    """Counts of letters (`interrupted`: how often a sender died over one); `longest` and `median` are seconds from the
    asking to the first copy's arrival."""

    asked: int
    lost: int
    interrupted: int
    doubled: int
    longest: float
    median: float
    states: Counter[str]


@contextmanager
def ground(tenant: Tenant, *, broker: bool) -> Iterator[Drill]:
    """A mail server, a broker if wanted, and the environment that points to them and to the test's database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drill-")))
        sink = stack.enter_context(listening(Sink(pause=0.03)))
        valkey = Valkey(folder)
        drill = Drill(
            tenant=tenant,
            sink=sink,
            folder=folder,
            environment={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.faults.drill_settings",
                "DATABASE_URL": _test_database(),
                "REDIS_URL": valkey.url,
                "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
                "PYTHONUNBUFFERED": "1",
            },
        )
        stack.callback(drill.end)
        if broker:
            server = Child(valkey.program(), folder)
            server.start()
            drill.children["valkey"] = server
            valkey.wait_until_ready(server)
        yield drill


def answered(asking: Child) -> float:
    """Wait for the asking process; the longest that one letter took it, in seconds."""
    assert asking.process.wait(120) == 0, asking.last_words()
    return float(asking.last_words(1))  # behind what its log says about the broker


def of_the_test() -> dict[str, str]:
    """The environment of a process that works in the test's database."""
    return {**os.environ, "DATABASE_URL": _test_database()}


def _test_database() -> str:
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
