"""No pooled connection ever comes back with a tenant set: after an exception, a failed request, a thread that died."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from threading import Thread

import pytest
from django.db import DataError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from applications.models import Application
from config import urls
from tenants.models import Tenant
from tenants.scope import current_scope, every_tenant, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)

READ = "SELECT pg_backend_pid(), current_setting('app.tenant', true), current_setting('app.every_tenant', true)"

Told = dict[int, tuple[str, str]]


def fails(request: HttpRequest) -> HttpResponse:
    """A view that breaks inside the tenant's scope."""
    assert current_scope().tenant_id
    raise ZeroDivisionError("a view that breaks")


def breaks_the_transaction(request: HttpRequest) -> HttpResponse:
    """A view that breaks with a transaction in error."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")
    return HttpResponse("not reached")


urlpatterns = [
    *urls.urlpatterns,
    path("<tenant:tenant>/fails", fails),
    path("<tenant:tenant>/breaks", breaks_the_transaction),
]


@pytest.fixture(autouse=True)
def _fresh_pool() -> None:
    """A pool that no earlier test's thread still holds a connection of."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL only


@pytest.fixture
def all_pooled() -> Iterator[Callable[[], Told]]:
    """Takes every connection out of the pool and tells, by its process, which tenant and whether every one is set."""
    pool = connection.pool  # type: ignore[attr-defined]  # PostgreSQL only
    with ExitStack() as held:

        def look() -> Told:
            found: Told = {}
            while len(found) < pool.get_stats()["pool_size"]:  # which may grow while we take from it
                raw = held.enter_context(pool.connection(timeout=5))
                pid, tenant, every = raw.execute(READ).fetchone()
                found[pid] = (tenant or "", every or "")
            return found

        connection.close()  # this thread's own goes back first
        yield look


def in_a_thread(work: Callable[[], None]) -> int:
    """The process of the connection that `work` had; the thread is dead when this returns."""
    seen: list[int] = []

    def run() -> None:
        connection.ensure_connection()
        seen.append(connection.connection.info.backend_pid)
        with suppress(ZeroDivisionError):
            work()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()
    return seen[0]


def test_a_thread_that_raised_gives_back_a_clean_connection(fabrikam: Tenant, all_pooled) -> None:
    def work() -> None:
        with tenant_scope(fabrikam.id):
            Application.objects.count()
            raise ZeroDivisionError

    came_back_clean(all_pooled, in_a_thread(work))


@pytest.mark.parametrize("scope", ["one tenant", "every tenant"])
def test_a_connection_given_back_before_the_scope_was_left_is_clean(fabrikam: Tenant, all_pooled, scope: str) -> None:
    def work() -> None:
        with tenant_scope(fabrikam.id) if scope == "one tenant" else every_tenant(reason="it is cut off in here"):
            Application.objects.count()
            connection.close()  # what the pool sees of a request that was killed: nobody left the scope

    came_back_clean(all_pooled, in_a_thread(work))


def test_a_connection_given_back_inside_a_transaction_is_clean(fabrikam: Tenant, all_pooled) -> None:
    def work() -> None:
        with tenant_scope(fabrikam.id), transaction.atomic():
            Application.objects.create(tenant_id=fabrikam.id, name="Half done", url="https://app.example/")
            connection.close()

    came_back_clean(all_pooled, in_a_thread(work))
    with tenant_scope(fabrikam.id):
        assert not Application.objects.exists()


def test_a_thread_that_set_the_tenant_by_hand_and_died_gives_back_a_clean_connection(
    fabrikam: Tenant, all_pooled
) -> None:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenant', %s, false)", [str(fabrikam.id)])
        raise ZeroDivisionError

    came_back_clean(all_pooled, in_a_thread(work))


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("address", "error"), [("fails", ZeroDivisionError), ("breaks", DataError)])
def test_a_request_that_broke_gives_back_a_clean_connection(
    fabrikam: Tenant, all_pooled, address: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        Client().get(f"/fabrikam.example/{address}")
    pid = connection.connection.info.backend_pid
    connection.close()
    came_back_clean(all_pooled, pid)


def came_back_clean(look: Callable[[], Told], pid: int) -> None:
    """This connection came back to the pool, and it and all others have nothing set."""
    told = look()
    assert pid in told
    assert set(told.values()) == {("", "")}
