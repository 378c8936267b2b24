"""The database goes and comes back under a web server as deployed: 503 while it is away, and work again soon after.

It has a PostgreSQL of its own, which may be stopped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from config.database_roles import APPLICATION, OWNER
from config.stack.addresses import LOOPBACK, Listen
from config.stack.data_folder import DataFolder
from config.stack.local_stack import web_server
from config.stack.postgres import SUPERUSER, Postgres
from config.stack.processes import ROOT, Child, Group
from config.stack.walk import free_port
from tests.races.web import NO_TLS

pytestmark = pytest.mark.faults

PAGE = "/away.example"
WITHIN = 3.0
"""Seconds until a guest has an answer while the database is away."""
BACK_WITHIN = 5.0
"""Seconds from the database's return until a page works."""
STARTS_WITHIN = 90.0


@dataclass
class Node:
    origin: str
    postgres: Postgres
    database: Child
    log: Path

    def get(self, path: str = PAGE, **headers: str) -> tuple[httpx.Response, float]:
        """The answer and the seconds that it took."""
        began = time.monotonic()
        answer = httpx.get(f"{self.origin}{path}", headers=headers, timeout=60, verify=NO_TLS)
        return answer, time.monotonic() - began

    def wait_until_it_works(self, within: float, path: str = PAGE) -> None:
        """Each of both workers answers: ten good answers one after the other."""
        deadline, good = time.monotonic() + within, 0
        while good < 10:
            good = good + 1 if self.get(path)[0].status_code == 200 else 0
            assert time.monotonic() < deadline, f"{path} does not work after {within} s"
            time.sleep(0.02)

    def run(self, role: str, statement: str) -> None:
        with psycopg.connect(self.postgres.url(role), autocommit=True) as connection:
            connection.execute(statement)

    def signal(self, number: signal.Signals) -> None:
        """To PostgreSQL and all processes of its own, each of which leads a group."""
        main = self.database.process.pid
        found = subprocess.run(["pgrep", "-P", str(main)], capture_output=True, text=True, check=False)
        for pid in (*[int(line) for line in found.stdout.split()], main):
            os.kill(pid, number)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = DataFolder(tmp_path_factory.mktemp("away"))
    with ExitStack() as stack:
        group = stack.enter_context(Group(folder.logs))
        postgres = Postgres(folder.postgres, stack.enter_context(folder.sockets()), is_durable=False)
        postgres.create()
        database = group.start(postgres.program())
        postgres.wait_until_ready(database)
        postgres.furnish()
        port = free_port()
        environment = os.environ | {
            "DATABASE_URL": postgres.url(APPLICATION),
            "PUBLIC_URL": f"http://{LOOPBACK}:{port}",
            "ALLOWED_HOSTS": LOOPBACK,
            "LOCAL_STACK": "true",
            "DATA_DIR": str(folder.path),
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "SOURCE_LIMITS_EXEMPT": "127.0.0.0/8",
        }
        owner = environment | {"DATABASE_OWNER_URL": postgres.url(OWNER)}
        for command in (["migrate", "-v0"], ["create_tenant", "Away", "away.example"]):
            subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=owner, check=True, capture_output=True
            )
        environment.pop("DATABASE_OWNER_URL", None)
        group.start(web_server(Listen(LOOPBACK, port), environment))
        made = Node(environment["PUBLIC_URL"], postgres, database, folder.logs / "web.log")
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                if made.get("/readyz")[0].status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, made.log.read_text()[-2000:]
            time.sleep(0.1)
        yield made


@contextmanager
def stopped(node: Node) -> Iterator[None]:
    node.database.stop()
    try:
        yield
    finally:
        node.database.start()
        node.postgres.wait_until_ready(node.database)


@contextmanager
def frozen(node: Node) -> Iterator[None]:
    node.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        node.signal(signal.SIGCONT)


@contextmanager
def used_up(node: Node) -> Iterator[None]:
    """No connection is left for the application's role, and those that it had are cut."""
    node.run(SUPERUSER, f"ALTER ROLE {APPLICATION} CONNECTION LIMIT 0")
    node.run(SUPERUSER, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{APPLICATION}'")
    try:
        yield
    finally:
        node.run(SUPERUSER, f"ALTER ROLE {APPLICATION} CONNECTION LIMIT -1")


@contextmanager
def locked(node: Node) -> Iterator[None]:
    """A statement of each page waits for a lock that nobody lets go."""
    with psycopg.connect(node.postgres.url(SUPERUSER)) as connection:
        connection.execute("LOCK TABLE tenants_tenant IN ACCESS EXCLUSIVE MODE")
        yield


FAULTS = {"stopped": stopped, "frozen": frozen, "used up": used_up, "locked": locked}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_says_soon_that_the_database_is_away_and_works_soon_after(node: Node, fault: str) -> None:
    node.wait_until_it_works(STARTS_WITHIN)
    written = node.log.stat().st_size
    with FAULTS[fault](node):
        with ThreadPoolExecutor(12) as many:
            answers = list(many.map(lambda _: node.get(), range(30)))
        answers += [node.get(), node.get("/admin/login/")] if fault != "locked" else [node.get()]
        as_json, _ = node.get(PAGE, Accept="application/json")
    node.wait_until_it_works(BACK_WITHIN)
    lines = node.log.read_text()[written:]
    pages = [answer for answer, _ in answers if "admin" not in str(answer.url)]
    assert {answer.status_code for answer in pages} == {503}, lines[-2000:]
    assert all(answer.headers["Retry-After"] == "5" and "Temporarily unavailable" in answer.text for answer in pages)
    assert as_json.status_code == 503
    assert as_json.json()["error"] == "temporarily_unavailable"
    assert max(took for _, took in answers) < WITHIN
    assert "Traceback" not in lines
    assert 1 <= lines.count("The database is away") <= 4, lines[-2000:]  # once for each of two workers, and its probe


@pytest.mark.parametrize("fault", ["stopped", "frozen", "used up"])
def test_readyz_answers_within_3_s_and_is_unready_while_the_database_is_away(node: Node, fault: str) -> None:
    node.wait_until_it_works(STARTS_WITHIN, "/readyz")
    with FAULTS[fault](node):
        time.sleep(2.1)  # the answer before stands for 2 s
        answers = [node.get("/readyz") for _ in range(6)]
    assert {answer.status_code for answer, _ in answers} == {503}
    assert all(answer.json()["missing"] == ["database"] for answer, _ in answers)
    assert max(took for _, took in answers) < WITHIN
    node.wait_until_it_works(BACK_WITHIN, "/readyz")


def test_readyz_is_unready_where_the_database_takes_no_changes(node: Node) -> None:
    node.run(SUPERUSER, f"ALTER ROLE {APPLICATION} SET default_transaction_read_only = on")
    node.run(SUPERUSER, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{APPLICATION}'")
    try:
        deadline = time.monotonic() + 10
        while node.get("/readyz")[0].json().get("missing") != ["writable database"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        node.run(SUPERUSER, f"ALTER ROLE {APPLICATION} RESET default_transaction_read_only")
        node.run(SUPERUSER, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{APPLICATION}'")
