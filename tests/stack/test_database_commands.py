"""manage.py setup_database and manage.py migrate."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest

from config.database_roles import APPLICATION, OWNER
from config.stack.postgres import SUPERUSER, Postgres
from config.stack.processes import ROOT
from tenants.management.commands.migrate import Command as Migrate


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """manage.py with no settings but these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=kept | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_it_prints_the_sql_before_there_are_any_settings(tmp_path):
    done = manage("setup_database", DATA_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert f'CREATE ROLE "{OWNER}" LOGIN NOSUPERUSER CREATEDB' in done.stdout
    assert f'CREATE ROLE "{APPLICATION}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS' in done.stdout
    assert 'CREATE DATABASE "vestibule"' in done.stdout
    assert f"DATABASE_URL=postgres://{APPLICATION}:" in done.stdout


def test_it_runs_the_sql_as_a_superuser_twice_and_then_migrates(folder, sockets, group):
    server = Postgres(folder.postgres, sockets, is_durable=False)
    server.create()
    server.wait_until_ready(group.start(server.program()))
    for _ in range(2):
        done = manage("setup_database", "--run", server.url(SUPERUSER, "postgres"))
        assert done.returncode == 0, done.stderr
    with psycopg.connect(server.url(APPLICATION)) as connection:
        assert connection.execute("SHOW transaction_timeout").fetchone() == ("30s",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (n int)")


def test_it_says_in_one_sentence_that_the_superusers_address_is_wrong(tmp_path):
    done = manage("setup_database", "--run", f"postgres://x@%2Fnowhere{tmp_path.name}/postgres")
    assert done.returncode == 1
    assert "PostgreSQL refused" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_says_how_to_start_the_stack_where_there_are_no_settings(tmp_path):
    done = manage("check", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "script/up" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_refuses_to_migrate_without_the_owner():
    without = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    done = manage("migrate", **without)
    assert done.returncode == 1
    assert "DATABASE_OWNER_URL is not set" in done.stderr


def test_it_migrates_as_the_owner_by_itself():
    parser = Migrate().create_parser("manage.py", "migrate")
    assert parser.parse_args([]).database == "owner"
