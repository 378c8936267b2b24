"""R17 for the health pages: nobody burns the database or the broker by asking how they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config import health


@pytest.fixture(autouse=True)
def _unasked() -> Iterator[None]:
    """A process that has not been asked yet, before and after."""
    health.missing_parts.forget()
    health.slow_parts.forget()
    yield
    health.missing_parts.forget()
    health.slow_parts.forget()


def ask() -> tuple[int, str, list[str]]:
    with CaptureQueriesContext(connection) as captured:
        answer = Client().get("/readyz")
    return answer.status_code, answer.json()["status"], [query["sql"] for query in captured.captured_queries]


def test_it_answers_again_without_asking_the_database(db):
    status, word, _ = ask()
    assert (status, word) in ((200, "ready"), (200, "degraded"))
    for _ in range(3):
        assert ask() == (status, word, [])


def test_it_reads_the_migrations_until_they_are_right_and_never_again(db):
    ask()
    health.missing_parts.forget()
    _, _, asked = ask()
    assert len(asked) == 1
    assert "pg_is_in_recovery" in asked[0]


def test_a_missing_key_is_told_when_the_answer_is_asked_anew(db, settings):
    assert ask()[0] == 200
    settings.PASSCODE_KEYS = ()
    health.missing_parts.forget()
    assert ask()[:2] == (503, "unready")
