"""Many rows written in one statement.

Knows how rows of a model travel as one JSON value, which costs a fraction of a placeholder for each cell; hundreds of
guests are written in the time that a code waits for a worker. It must never be used for rows that somebody else's
columns or a trigger of Django's would change: what the database defaults is left to it, and nothing comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault

Column: TypeAlias = "Field[Any, Any]"


def insert_many(rows: Sequence[Model]) -> None:
    """Insert rows of one model, in their order, in the running transaction. Columns with a database default that no
    row sets are left to it."""
    _insert(rows, "")


def insert_missing(rows: Sequence[Model]) -> None:
    """The same, passing over each row that a unique index already has; one that another transaction is about to write
    is waited for."""
    _insert(rows, " ON CONFLICT DO NOTHING")


def update_many(rows: Sequence[Model], names: Iterable[str]) -> None:
    """Store these fields of rows of one model, found by their key, in the running transaction."""
    if not rows:
        return
    meta = rows[0]._meta
    fields: list[Column] = [meta.get_field(name) for name in names]  # type: ignore[misc]  # columns only
    key: Column = meta.pk
    named = ", ".join(f'"{field.column}" = sent."{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{meta.db_table}" AS here SET {named} FROM {_sent([key, *fields])}'  # noqa: S608  # names of ours
            f' WHERE here."{key.column}" = sent."{key.column}"',
            [_as_json(rows, [key, *fields])],
        )


def _insert(rows: Sequence[Model], ending: str) -> None:
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if _is_set(rows[0], field)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{meta.db_table}" ({columns}) SELECT {columns} FROM {_sent(fields)}{ending}',  # noqa: S608  # names of ours
            [_as_json(rows, fields)],
        )


def _is_set(row: Model, field: Column) -> bool:
    value = getattr(row, field.attname)
    return not isinstance(value, DatabaseDefault) and not (field.primary_key and value is None)


def _sent(fields: Sequence[Column]) -> str:
    # Without a length: the assignment then refuses what is too long, where a type with one would cut it.
    types = ", ".join(f'"{field.column}" {(field.db_type(connection) or "").split("(")[0]}' for field in fields)
    return f"jsonb_to_recordset(%s::jsonb) AS sent ({types})"


def _as_json(rows: Sequence[Model], fields: Sequence[Column]) -> str:
    named = [(field.column, field.attname) for field in fields]
    return json.dumps([{column: getattr(row, name) for column, name in named} for row in rows], default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no column's value here: a database default set for some rows only?")
