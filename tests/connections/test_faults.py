"""Which errors of the database are answered 503, and which stay a fault of ours (500)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from config.postgresql.faults import is_away
from config.postgresql.pool import patience
from tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def too_slow() -> None:
    with patience(0.1):
        run("SELECT pg_sleep(5)")


def within_a_broken_transaction() -> None:
    with transaction.atomic():
        try:
            run("SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)")
        except DatabaseError:
            Tenant.objects.count()  # PostgreSQL refuses it: the transaction is broken


def read_only() -> None:
    with transaction.atomic():
        run("SET TRANSACTION READ ONLY")
        run("DELETE FROM tenants_budget")


@pytest.mark.parametrize(
    ("deed", "says_away"),
    [
        (too_slow, True),
        (within_a_broken_transaction, True),
        (read_only, True),
        (lambda: run("SELECT 1 FROM no_such_table"), False),
        (lambda: run("SELECT 1 / 0"), False),
        (lambda: run("DELETE FROM tenants_auditentry"), False),
    ],
    ids=["too slow", "broken by a time-out", "read-only", "no such table", "a bad value", "not allowed"],
)
def test_B10_only_a_database_that_is_away_is_answered_503(deed: Callable[[], None], says_away: bool) -> None:
    with pytest.raises(DatabaseError) as raised:
        deed()
    connection.close()
    assert is_away(raised.value) is says_away


def test_B10_a_mistake_of_ours_is_no_outage() -> None:
    assert not is_away(ValueError("connection"))
    assert not is_away(None)
