"""Whether an error says that the database is away, as opposed to a mistake of ours."""

from __future__ import annotations

import logging

import psycopg
from django.db import DatabaseError, InterfaceError
from django.db.transaction import TransactionManagementError

AWAY = (
    "08",  # connection exception
    "28",  # the role is not let in
    "3D",  # there is no such database
    "53",  # connections, memory or disk are used up
    "57",  # starting, stopping, a statement that took too long
    "58",  # the disk
    "25006",  # it takes no writes: a standby
    "25P03",  # a transaction was idle for too long
    "25P04",  # a transaction took too long
    "40001",
    "40P01",  # deadlock
    "55P03",  # a lock was not to be had
)
"""How SQLSTATEs begin after which the same request may work a moment later."""


def is_away(error: BaseException | None) -> bool:
    """Whether it comes from a database that is away, busy or read-only: an answer of 503 tells the truth."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, psycopg.errors.InFailedSqlTransaction):
            error = error.__context__  # what broke the transaction tells
            continue
        if isinstance(error, psycopg.Error):
            return _says_away(error)
        if isinstance(error, InterfaceError) and "connection" in str(error):
            return True  # Django's own, for a connection that died within a request
        if not isinstance(error, DatabaseError | InterfaceError | TransactionManagementError):
            return False
        # Django's errors wrap psycopg's; a broken transaction was broken by what went before.
        error = error.__cause__ or error.__context__
    return False


def _says_away(error: psycopg.Error) -> bool:
    if error.sqlstate:
        return error.sqlstate.startswith(AWAY)
    if isinstance(error, psycopg.InterfaceError):
        return "connection" in str(error)
    return isinstance(error, psycopg.OperationalError)  # no server spoke: it could not be reached, or it was lost


class HideAway(logging.Filter):
    """Drop Django's line and traceback for each request that the database failed: config/errors.py says it once."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and is_away(record.exc_info[1]))
