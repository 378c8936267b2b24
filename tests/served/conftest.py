"""Two nodes as docs/deploy starts them and one of each proxy in front of both, for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.db import connection

from config.stack.local_env import OWNERS_ONLY
from config.stack.processes import ROOT, Child, Group, Program
from config.stack.walk import free_port
from tests import factories
from tests.served import shipped, wire
from tests.served.shipped import DEPLOY, HOST, NAMES, Certificate, Proxy

STARTS_WITHIN = 90.0  # seconds; other tests may have the processor
TENANT = "served.example"
EVENTS_SECRET = "mail:a-long-random-word"


@dataclass
class Nodes:
    """Two web servers on one database."""

    tenant_id: UUID
    environment: dict[str, str]
    group: Group
    ports: tuple[int, int]
    children: list[Child] = field(default_factory=list)

    def start(self) -> None:
        self.children = [self.group.start(self.program(port)) for port in self.ports]
        for port in self.ports:
            wait_until_ready(port)

    def program(self, port: int) -> Program:
        """The unit's own command. Only the folder, the address and, as two cores do for the tests, --workers differ."""
        unit = (DEPLOY / "vestibule-web.service").read_text()
        line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
        words = line.removeprefix("ExecStart=").split()
        replaced = {"--port": str(port), "--workers": "1"}
        for name, value in replaced.items():
            words[words.index(name) + 1] = value
        assert words[0].endswith("/granian")
        return Program(f"web-{port}", [sys.executable, "-m", "granian", *words[1:]], environment=self.environment)

    def restart(self, number: int) -> None:
        """As systemd restarts one: SIGTERM, wait for its end, start."""
        child = self.children[number]
        child.stop()
        child.start()
        wait_until_ready(self.ports[number])


def is_answered(port: int, path: str) -> bool:
    """Whether 127.0.0.1:port answers 200."""
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", path, headers={"Host": HOST})
        return asked.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while not is_answered(port, "/readyz"):
        assert time.monotonic() < deadline, f"the node on port {port} is not ready"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def served_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    with Group(tmp_path_factory.mktemp("served-logs")) as group:
        yield group


@pytest.fixture(scope="session")
def nodes(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, served_group: Group
) -> Nodes:
    """Both nodes, ready."""
    with django_db_blocker.unblock():
        tenant = factories.tenant("Served", TENANT)
        name = connection.settings_dict["NAME"]
    data = tmp_path_factory.mktemp("served-data")
    environment = os.environ | {
        "DATABASE_URL": urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl(),
        "DATABASE_POOL": "4",
        "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody there: mails wait in their rows
        "EMAIL_URL": "anymail://postmark",
        "ANYMAIL_POSTMARK_SERVER_TOKEN": "nobody",
        "ANYMAIL_WEBHOOK_SECRET": EVENTS_SECRET,
        "PUBLIC_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": "1",
        "SOURCE_LIMITS_EXEMPT": "",
        "LOCAL_STACK": "",
        "DATA_DIR": str(data),
        "LOG_LEVEL": "WARNING",
    }
    environment.pop(OWNERS_ONLY, None)
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    made = Nodes(tenant.id, environment, served_group, (free_port(), free_port()))
    made.start()
    return made


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("served-certificate"))


@pytest.fixture(scope="session")
def proxies(
    nodes: Nodes, certificate: Certificate, served_group: Group, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Proxy]:
    """Each proxy that is installed, in front of both nodes."""
    folder = tmp_path_factory.mktemp("served-proxies")
    made = {
        name: shipped.start(name, nodes.ports, certificate, folder / name, served_group)
        for name in NAMES
        if shipped.is_installed(name)
    }
    for proxy in made.values():
        wait_until_open(proxy)
    return made


def wait_until_open(proxy: Proxy) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            wire.connect(proxy).close()
        except OSError:
            assert time.monotonic() < deadline, f"{proxy.name} does not start:\n{proxy.logged()[-2000:]}"
            time.sleep(0.05)
        else:
            return


@pytest.fixture(params=NAMES)
def proxy(request: pytest.FixtureRequest) -> Proxy:
    """Each proxy in turn."""
    shipped.program_of(request.param)
    found: Proxy = request.getfixturevalue("proxies")[request.param]
    return found
