"""Whose rows may be touched now.

Knows the one tenant (or, loudly, every tenant) that the running code works for, and tells PostgreSQL, whose row
security then hides everybody else's rows. It must never let two tenants nest, nor leave a tenant set behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from psycopg import Connection
from psycopg.pq import TransactionStatus


class OutsideScope(RuntimeError):
    """An owned row was asked for where no tenant is chosen: a door forgot to enter the scope."""


class OtherTenant(RuntimeError):
    """A second tenant's scope was entered inside the first one's."""


@dataclass(frozen=True)
class Scope:
    """One tenant, or all of them (`tenant_id` is None)."""

    tenant_id: UUID | None


_current: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)

_SETTINGS = "SELECT set_config('app.tenant', %s, false), set_config('app.every_tenant', %s, false)"


def current_scope() -> Scope:
    """The scope that the running code is in. Raises OutsideScope."""
    scope = _current.get()
    if scope is None:
        raise OutsideScope(
            "No tenant is chosen here. Enter tenant_scope(tenant_id) in the door, before this is called."
        )
    return scope


def current_tenant_id() -> UUID:
    """The id of the one tenant that the running code works for. Raises OutsideScope, in every_tenant() too."""
    tenant_id = current_scope().tenant_id
    if tenant_id is None:
        raise OutsideScope("Every tenant's rows are open here, so there is no one tenant to write for.")
    return tenant_id


@contextmanager
def tenant_scope(tenant_id: UUID) -> Iterator[None]:
    """Work for one tenant. Enter it outside a transaction: a rollback would undo the setting and then see no rows.

    The same tenant may be entered again (no statement is sent); another one raises OtherTenant.
    """
    before = _current.get()
    if before is not None:
        if before.tenant_id != tenant_id:
            raise OtherTenant("A scope is open already. Leave it before entering another tenant's.")
        yield
        return
    with _entered(Scope(tenant_id)):
        yield


@contextmanager
def every_tenant(*, reason: str) -> Iterator[None]:
    """See all tenants' rows: for the relay's claim, housekeeping and operators. `reason` is read by reviewers."""
    if not reason:
        raise ValueError("Say why every tenant's rows are needed.")
    if _current.get() is not None:
        raise OtherTenant("A tenant's scope is open already. Leave it before opening every tenant's rows.")
    with _entered(Scope(None)):
        yield


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    token = _current.set(scope)
    try:
        _tell(scope)
        yield
    finally:
        _current.reset(token)
        _untell()


def _tell(scope: Scope) -> None:
    with connection.cursor() as cursor:
        if scope.tenant_id is None:
            cursor.execute(_SETTINGS, ["", "on"])
        else:
            cursor.execute(_SETTINGS, [str(scope.tenant_id), ""])


def _untell() -> None:
    """Clear the setting, unless the connection is gone or its transaction failed (the rollback then clears it)."""
    raw = connection.connection
    if raw is None or raw.closed or raw.info.transaction_status == TransactionStatus.INERROR:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS, ["", ""])


def let_go_of_connection() -> None:
    """Give the connection back to the pool, as long as this code waits for something else. Call `resume_scope` before
    the next statement. In a transaction it does nothing."""
    if not connection.in_atomic_block:
        connection.close()


def resume_scope() -> None:
    """Tell PostgreSQL the open scope again where the connection is another one since; else no statement is sent."""
    if connection.connection is None:
        _tell(current_scope())


def clear_tenant(raw: Connection[object]) -> None:
    """The pool's `reset`: whatever a killed request left set is gone before anybody else gets the connection."""
    raw.execute("SELECT set_config('app.tenant', '', false), set_config('app.every_tenant', '', false)")
    if not raw.autocommit:
        raw.commit()
