"""A test that runs in one transaction behaves as production does, where the product has opened none.

Django runs such a test inside `atomic` blocks of its own, which it marks `_from_testcase`. Without this module they
would hide four kinds of faults: a lock taken outside a transaction, work for `on_commit` that nobody sees run, a
deferred constraint that fails at COMMIT, and a setting or an advisory lock that ends with its statement.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from types import TracebackType
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.transaction import Atomic, TransactionManagementError, get_connection

NEEDS_A_TRANSACTION = re.compile(
    r"\A\s*(?:SELECT\b.*\bFOR\s+(?:NO\s+KEY\s+UPDATE|UPDATE|KEY\s+SHARE|SHARE)\b|SET\s+(?:LOCAL|CONSTRAINTS)\b|LOCK\b)"
    r"|\bpg_(?:try_)?advisory_xact_lock|\bset_config\s*\([^()]*,\s*true\s*\)",
    re.IGNORECASE | re.DOTALL,
)
"""Statements that PostgreSQL forgets at their end where no transaction is open, or refuses."""


log = logging.getLogger(__name__)


def is_bare(connection: BaseDatabaseWrapper) -> bool:
    """Whether only the test's own blocks are open, so that production would be in autocommit mode."""
    blocks = connection.atomic_blocks
    return bool(blocks) and all(map(_is_the_tests, blocks))


def refuse_bare(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """An execute wrapper: raises where a statement needs a transaction and the product has opened none."""
    if is_bare(context["connection"]) and NEEDS_A_TRANSACTION.search(str(sql)):
        raise TransactionManagementError(f"This statement needs a transaction of the product's own: {sql}")
    return execute(sql, params, many, context)


def check_constraints_at_once(connection: BaseDatabaseWrapper) -> None:
    """Outside a transaction every statement is one: its deferred constraints are checked at its end."""
    _set_constraints(connection, "IMMEDIATE")


def install(patch: pytest.MonkeyPatch) -> None:
    """Make Django see a test's own blocks as no transaction at all."""
    get_autocommit, on_commit = DatabaseWrapper.get_autocommit, DatabaseWrapper.on_commit
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def is_autocommit(self: DatabaseWrapper) -> bool:
        return is_bare(self) or get_autocommit(self)

    def is_savepoint_allowed(self: DatabaseWrapper) -> bool:
        return self.features.uses_savepoints and not get_autocommit(self)

    def run_on_commit(self: DatabaseWrapper, func: Callable[[], object], robust: bool = False) -> None:
        if is_bare(self):
            _run([(set(), func, robust)])
        else:
            on_commit(self, func, robust)

    def begin(self: Atomic) -> None:
        connection = get_connection(self.using)
        was_bare = is_bare(connection)
        enter(self)
        if was_bare and not _is_the_tests(self) and not connection.needs_rollback:
            _set_constraints(connection, "DEFERRED")

    def end(
        self: Atomic,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection = get_connection(self.using)
        if _is_the_tests(self) or not _is_outermost(connection):
            leave(self, kind, error, trace)
            return
        is_committed = kind is None and not connection.needs_rollback
        if is_committed:
            try:
                _set_constraints(connection, "IMMEDIATE")  # as COMMIT checks them
            except Exception as failed:
                leave(self, type(failed), failed, failed.__traceback__)
                raise
        leave(self, kind, error, trace)
        hooks, connection.run_on_commit = connection.run_on_commit, []
        if is_committed:
            _run(hooks)

    patch.setattr(DatabaseWrapper, "get_autocommit", is_autocommit)
    patch.setattr(DatabaseWrapper, "_savepoint_allowed", is_savepoint_allowed)
    patch.setattr(DatabaseWrapper, "on_commit", run_on_commit)
    patch.setattr(Atomic, "__enter__", begin)
    patch.setattr(Atomic, "__exit__", end)


def _is_the_tests(block: Atomic) -> bool:
    return bool(getattr(block, "_from_testcase", False))


def _is_outermost(connection: BaseDatabaseWrapper) -> bool:
    """Whether the innermost open block is the product's and the one around it the test's."""
    blocks = connection.atomic_blocks
    return len(blocks) > 1 and _is_the_tests(blocks[-2])


def _set_constraints(connection: BaseDatabaseWrapper, when: str) -> None:
    # Past Django's cursor: tests count the product's statements. Its error is Django's all the same.
    with connection.wrap_database_errors:
        connection.connection.execute(f"SET CONSTRAINTS ALL {when}")


def _run(hooks: list[tuple[set[str], Callable[[], object], bool]]) -> None:
    """As Django's `run_and_clear_commit_hooks`, which refuses to run inside any block."""
    for _, func, is_robust in hooks:
        try:
            func()
        except Exception:
            if not is_robust:
                raise
            log.exception("A function for on_commit failed.")
