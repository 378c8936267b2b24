"""PostgreSQL lists each connection by what its process does, its version, its node and its number."""

from __future__ import annotations

import os
import sys

import pytest
from django.db import connection

from config.process_names import LONGEST, application_name, process, version


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["/srv/vestibule/.venv/bin/granian", "--interface", "wsgi", "config.wsgi:application"], "web"),
        (["/srv/vestibule/.venv/lib/granian/__main__.py", "config.wsgi:application"], "web"),
        (["/srv/vestibule/.venv/bin/celery", "-A", "config.celery", "worker", "--beat"], "worker"),
        (["/srv/lib/celery/__main__.py", "-A", "config.celery", "beat"], "beat"),
        (["manage.py", "relay"], "relay"),
        (["manage.py", "create_tenant", "Fabrikam"], "create_tenant"),
        (["manage.py", "; DROP"], "command"),
        (["-c"], "python"),
        ([], "python"),
    ],
)
def test_a_process_is_named_by_what_it_does(arguments: list[str], named: str) -> None:
    assert process(arguments) == named


def test_the_name_fits_into_what_postgresql_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "n" * 200)
    monkeypatch.setattr(sys, "argv", ["manage.py", "c" * 200])
    assert len(application_name()) == LONGEST
    assert application_name().endswith(f"/{os.getpid()}")
    assert version() in application_name()


@pytest.mark.django_db
def test_a_connection_carries_the_name() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        (name,) = cursor.fetchone()
    assert name.startswith("vestibule ")
    assert f" {version()} " in name
