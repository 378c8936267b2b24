"""The embedded PostgreSQL."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
import pytest

from config.database_roles import APPLICATION, OWNER
from config.stack import postgres as module
from config.stack.launcher import Identity, as_nobody, in_user_namespace
from config.stack.postgres import DidNotStart, Postgres
from config.stack.processes import Child, Group


@pytest.fixture
def server(folder, sockets):
    return Postgres(folder.postgres, sockets, is_durable=False)


def started(server: Postgres, group: Group) -> Child:
    server.create()
    child = group.start(server.program())
    server.wait_until_ready(child)
    return child


def test_it_starts_in_an_empty_folder_with_two_roles_and_the_owners_database(server, group):
    started(server, group)
    server.furnish()
    with psycopg.connect(server.url(APPLICATION)) as connection:
        rights = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert rights == (False, False, False)
        assert owner == (OWNER,)
        assert connection.execute("SHOW transaction_timeout").fetchone() == ("30s",)


def test_it_is_furnished_again_without_harm(server, group):
    started(server, group)
    server.furnish()
    with psycopg.connect(server.url(OWNER)) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    server.furnish()
    with psycopg.connect(server.url(OWNER)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_it_listens_on_no_port(server, group):
    started(server, group)
    with psycopg.connect(server.url("postgres", "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_it_refuses_a_second_start_on_the_same_data(server, group):
    first = started(server, group)
    second = Child(server.program(), group.logs)
    second.start()
    assert second.process.wait(20) != 0
    assert "already" in second.last_words() or "lock file" in second.last_words()
    assert not first.has_ended()


def test_it_comes_back_with_its_rows_after_a_kill(folder, sockets, group):
    server = Postgres(folder.postgres, sockets)
    first = started(server, group)
    server.furnish()
    with psycopg.connect(server.url(OWNER)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    server.wait_until_gone()
    started(server, group)
    with psycopg.connect(server.url(OWNER)) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_it_makes_the_data_anew_when_making_them_was_cut_short(server, group):
    begun = server.data.with_name(server.data.name + ".begun")
    begun.mkdir(parents=True)
    (begun / "PG_VERSION").write_text("18\n")
    started(server, group)
    assert not begun.exists()


def test_it_is_not_fooled_by_a_process_that_took_an_old_number(server, group):
    server.create()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    server.wait_until_gone()
    started(server, group)


def test_it_names_the_fix_where_the_sockets_path_is_too_long(folder):
    with pytest.raises(DidNotStart, match="TMPDIR"):
        Postgres(folder.postgres, Path("/tmp") / ("long" * 30)).create()


def test_it_shows_what_the_server_said_when_it_does_not_start(server, group):
    server.create()
    (server.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(DidNotStart, match="no_such_setting"):
        server.wait_until_ready(group.start(server.program()))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another identity")
@pytest.mark.parametrize("identity", [in_user_namespace, as_nobody])
def test_it_runs_for_root_in_either_way_and_opens_no_folder(monkeypatch, tmp_path, identity, folder, sockets, group):
    found: Identity | None = identity()
    if found is None:
        pytest.skip("this kernel refuses user namespaces")
    monkeypatch.setattr(module, "without_root", lambda: found)
    tmp_path.chmod(0o700)
    server = Postgres(folder.postgres, sockets, is_durable=False)
    child = started(server, group)
    with psycopg.connect(server.url("postgres", "postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert server.data.stat().st_uid == found.owner
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    child.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another identity")
def test_it_takes_the_data_back_when_the_way_changes(monkeypatch, folder, sockets, group):
    server = Postgres(folder.postgres, sockets, is_durable=False)
    for identity in (as_nobody(), in_user_namespace() or as_nobody()):
        assert identity is not None
        monkeypatch.setattr(module, "without_root", lambda found=identity: found)
        started(server, group).stop()
        assert server.data.stat().st_uid == identity.owner
