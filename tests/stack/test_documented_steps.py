"""docs/running.md and docs/deploy, followed to the letter on a machine of their own."""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from config.stack.addresses import LOOPBACK, listen
from config.stack.mail_sink import running_sink
from config.stack.postgres import SUPERUSER, Postgres
from config.stack.processes import ROOT, Group
from config.stack.valkey import Valkey
from tests.stack.conftest import eventually as eventually_within
from tests.stack.documented_machine import INSTALL, REPOSITORY, Machine, Unit, machine, why_not

UNITS = {"web": "", "worker": " ready.", "relay": "Relaying with", "beat": ""}
"""Each unit, and what its log says when it works, if it says anything."""
HOST = "guests.example.org"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
HBA = "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        bool(why_not()) and not (os.environ.get("CI") and os.geteuid() == 0), reason=why_not() or "nothing is missing"
    ),
]


def blocks(heading: str) -> list[str]:
    """The shell blocks of one section of docs/running.md."""
    text = (ROOT / "docs" / "running.md").read_text()
    return BLOCK.findall(text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0])


def says(log: Path, words: str) -> bool:
    return words in log.read_text()


def eventually(holds: Callable[[], bool]) -> bool:
    """Ten processes of Django's start at once here."""
    return eventually_within(holds, within=120)


def free_port() -> int:
    with listen(LOOPBACK, 0) as found:
        return int(found.getsockname()[1])


@contextmanager
def servers(folder: Path, sockets: Path, group: Group) -> Iterator[dict[str, str]]:
    """A database, a broker and a mail server on TCP, by the address that the documents give for each."""
    postgres, database, broker = Postgres(folder, sockets, is_durable=False), free_port(), free_port()
    postgres.create()
    (folder / "pg_hba.conf").write_text(HBA)
    program = postgres.program()
    group.start(
        replace(program, command=[*program.command, "-c", f"listen_addresses={LOOPBACK}", "-c", f"port={database}"])
    )
    valkey = Valkey(sockets).program()
    group.start(replace(valkey, command=[*valkey.command, "--port", str(broker), "--bind", LOOPBACK]))
    with running_sink(sockets / "mail") as mail:
        yield {
            "db.example.org:5432": f"{LOOPBACK}:{database}",
            "broker.example.org:6379": f"{LOOPBACK}:{broker}",
            "smtp+tls://USER:PASSWORD@mail.example.org:587": mail,
        }


def is_up(server: str) -> bool:
    try:
        psycopg.connect(f"postgres://{SUPERUSER}@{server}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def shell(addresses: dict[str, str]) -> str:
    """All steps of the first time in one script, with addresses and passwords in place as a person would put them."""
    text = "".join(blocks("The first time"))
    for documented, real in {"<this repository>": REPOSITORY, **addresses}.items():
        assert documented in text
        text = text.replace(documented, real)
    text = text.replace("?sslmode=verify-full", "")  # this server has no certificate and listens on this machine alone
    text = re.sub(r"^(.*setup_database --run .*)$", r"\1 > /opt/said", text, flags=re.M)
    text = re.sub(r"(vestibule_\w+):PASSWORD@", r"\1:$(sed -n 's/.*\1:\\(.*\\)@.*/\\1/p' /opt/said)@", text)
    text = text.replace("script/bootstrap ", f"({INSTALL})\nscript/bootstrap ", 1)
    assert "PASSWORD" not in text
    return "set -eu\numask 077\nPATH=/opt/python/bin:$PATH\n" + text  # some machines give root a closed umask


def get(port: int, path: str) -> tuple[int, str]:
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def answers(port: int) -> bool:
    try:
        return get(port, "/livez")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.fixture
def installed(tmp_path: Path, sockets: Path, group: Group) -> Iterator[Machine]:
    """A machine on which every step of the first time was done."""
    assert not why_not(), why_not()
    with servers(tmp_path / "postgres", sockets, group) as addresses, machine() as made:
        assert eventually(lambda: is_up(addresses["db.example.org:5432"]))
        done = made.run(shell(addresses), ("bash", "-c"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "adele@fabrikam.example" in done.stdout, done.stdout
        assert len(list((sockets / "mail").rglob("*.eml"))) == 1, done.stdout
        yield made


def test_the_documented_steps_lead_to_pages_served_by_the_units(installed: Machine, tmp_path: Path) -> None:
    copied = installed.run("cd /srv/vestibule\n" + blocks("The processes")[0].partition("systemctl")[0])
    assert copied.returncode == 0, copied.stderr
    secrets = installed.path("/etc/vestibule/vestibule.env")
    assert (secrets.stat().st_uid, secrets.stat().st_mode & 0o777) == (0, 0o600)
    port, logs = free_port(), {name: tmp_path / f"{name}.log" for name in UNITS}
    with ExitStack() as stack:
        processes = {}
        for name in UNITS:
            unit = Unit.read(installed.path(f"/etc/systemd/system/vestibule-{name}.service"))
            if name == "web":
                assert "--port 8000" in unit.lines["ExecStart"]
                moved = unit.lines["ExecStart"].replace("--port 8000", f"--port {port}")
                unit = Unit({**unit.lines, "ExecStart": moved})
            processes[name] = stack.enter_context(installed.serving(unit, logs[name]))
        assert eventually(lambda: answers(port)), logs["web"].read_text()
        for name, words in UNITS.items():
            assert eventually(partial(says, logs[name], words)), name + logs[name].read_text()
        assert eventually(lambda: any(installed.path("/var/lib/vestibule").glob("beat*"))), logs["beat"].read_text()
        assert eventually(lambda: json.loads(get(port, "/readyz")[1])["status"] == "ready"), get(port, "/readyz")
        status, page = get(port, "/")
        assert status == 200
        found = re.search(r'<link rel="stylesheet" href="(/static/[^"]+\.css)"', page)
        assert found, page
        assert get(port, found[1])[0] == 200
        assert all(one.poll() is None for one in processes.values()), {n: log.read_text() for n, log in logs.items()}
        user = installed.path("/var/lib/vestibule").stat().st_uid
        assert user != 0
        assert {one.stat().st_uid for one in installed.path("/var/lib/vestibule").rglob("*")} == {user}
