"""A portal session that cannot be stored, as the database fails at the end of the request."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import DatabaseError, connection

from config.postgresql.faults import is_away
from config.sessions import SessionStore


@pytest.fixture
def session(transactional_db: None) -> SessionStore:
    made = SessionStore()
    made.create()
    return made


def test_a_database_that_takes_no_writes_is_told_as_such_and_not_as_a_mistake_of_the_browsers(
    session: SessionStore,
) -> None:
    session["tenant"] = "fabrikam"
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        with pytest.raises(DatabaseError) as failed:
            session.save()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_read_only")
    assert is_away(failed.value)  # Django's middleware answers 400 to an UpdateError


def test_R63_a_session_that_was_ended_elsewhere_is_not_stored_again(session: SessionStore) -> None:
    session.model.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
