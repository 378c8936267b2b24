"""manage.py migrate gives way to the traffic: nobody waits behind it for long (SAFETY B12)."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from tenants.management.commands import migrate

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

LAST, BEFORE = ("applications", "0003"), ("applications", "0002")
"""A migration that no other app's needs, and the one before."""


@pytest.fixture
def reader() -> Iterator[psycopg.Connection]:
    """Somebody in a transaction who has read a table that the migration changes."""
    login = connections["owner"].get_connection_params()
    names = ("dbname", "user", "host", "port", "password")
    with psycopg.connect(**{name: login[name] for name in names if name in login}) as connection:
        connection.execute("SELECT 1 FROM applications_application")
        yield connection
        connection.close()


def columns() -> set[str]:
    with connections["owner"].cursor() as cursor:
        described = connections["owner"].introspection.get_table_description(cursor, "applications_application")
    return {one.name for one in described}


def limit() -> str:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return str(cursor.fetchone()[0])


def test_B12_a_migration_that_does_not_get_its_lock_in_two_seconds_gives_up(
    reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "TRIES", 1)
    before = columns()
    with pytest.raises(CommandError, match="Something holds a table that this migration changes"):
        call_command("migrate", *BEFORE, stdout=StringIO())
    assert columns() == before
    assert limit() == "0"


def test_B12_it_tries_again_until_the_table_is_free(
    reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "PAUSE", 0.1)
    reader.execute("SET idle_in_transaction_session_timeout = '3s'")
    before, said = columns(), StringIO()
    try:
        call_command("migrate", *BEFORE, stdout=said)
        assert "Trying again" in said.getvalue()
        assert columns() < before
    finally:
        call_command("migrate", *LAST, stdout=StringIO())
    assert columns() == before
    assert limit() == "0"
