"""The suite's ground: a test database that the owner makes and the application role works in.

Two tenants always exist, Fabrikam and Contoso, so that every story can end by asking as the other one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import TransactionTestCase

from tenants.audit import Actor, ActorKind
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import done_once, factories, own_transaction
from tests.made_database import make_database

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in the test's thread

pytest_plugins = ["tests.peers.contoso_id", "tests.peers.entra_directory"]

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
"""Tables that migrations fill: emptying them would need migrating again."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests come last: Playwright leaves its event loop running in the thread of all that follow."""
    items.sort(key=lambda item: item.path.parent.name == "browser")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The owner makes and migrates the test database; every test works in it as the application role.

    No TEST MIRROR: with one, pytest-django made no test database and ran in the development one.
    """
    owner, app = connections["owner"], connections["default"]
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django does not export its type
        real = owner.settings_dict["NAME"]
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        if worker:  # one database for each process of a parallel run
            owner.settings_dict["TEST"]["NAME"] = f"test_{real}_{worker}"
        make_database(owner)
        app.close()
        app.close_pool()  # type: ignore[attr-defined]  # a pool made earlier keeps the old name
        app.settings_dict["NAME"] = owner.settings_dict["NAME"]
        tables = sorted(set(owner.introspection.table_names()) - KEPT)
        params = owner.get_connection_params()
        owner.close()
        login = {name: params[name] for name in ("dbname", "user", "host", "port", "password") if name in params}

    def empty(self: TransactionTestCase) -> None:
        with psycopg.connect(**login, options="-c lock_timeout=5s") as connection:
            connection.execute("TRUNCATE " + ", ".join(f'"{table}"' for table in tables))
        cache.clear()

    kept = vars(TransactionTestCase)["_fixture_teardown"]
    setattr(TransactionTestCase, "_fixture_teardown", empty)  # noqa: B010  # private to Django: TRUNCATE is the owner's
    yield
    setattr(TransactionTestCase, "_fixture_teardown", kept)  # noqa: B010
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        app.pool.close()  # type: ignore[attr-defined]  # first: a closed pool drops at once what is given back to it
        app.close()
        app.close_pool()  # type: ignore[attr-defined]
        _end_connections(app.get_connection_params())
        owner.creation.destroy_test_db(real, verbosity=0)


def _end_connections(params: dict[str, Any]) -> None:
    """Threads that a test gave up waiting for may still hold some, which only their own role may end."""
    login = {name: params[name] for name in ("dbname", "user", "host", "port", "password") if name in params}
    with psycopg.connect(**login, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def _done_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        done_once.look_up_static_files_once(patch)
        done_once.make_few_signing_keys(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_transactions() -> Iterator[None]:
    """A test's own transaction hides nothing from Django."""
    with pytest.MonkeyPatch.context() as patch:
        own_transaction.install(patch)
        yield


@pytest.fixture(autouse=True)
def _as_in_production(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test's own transaction hides nothing from PostgreSQL, and may last: the limit is for what the product does."""
    if "db" not in request.fixturenames and not request.node.get_closest_marker("django_db"):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    if not connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_timeout = 0")
    own_transaction.check_constraints_at_once(connection)
    with connection.execute_wrapper(own_transaction.refuse_bare):
        yield


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """A password's hash is slow on purpose, and no test is about that."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def registered(settings: Any) -> None:
    """This installation can send people to Entra ID and to Microsoft accounts, and asks the tenants' lists alone."""
    settings.ENTRA_CLIENT_ID = "11111111-2222-3333-4444-555555555555"
    settings.MICROSOFT_ACCOUNT_CLIENT_ID = "66666666-7777-8888-9999-000000000000"
    settings.ENTRA_AUTHORITY = "http://127.0.0.1:9"  # nobody answers there: no test leaves this machine
    settings.DISCOVERY = "lists"


@pytest.fixture
def now() -> datetime:
    """The door's clock."""
    return datetime.now(UTC)


@pytest.fixture
def operator() -> Actor:
    """Somebody at the shell."""
    return Actor(ActorKind.OPERATOR, "olga", source="shell")


@pytest.fixture
def fabrikam(db: None) -> Tenant:
    """The tenant of most stories."""
    return factories.tenant("Fabrikam", "fabrikam.example")


@pytest.fixture
def contoso(db: None) -> Tenant:
    """The other tenant, which must see nothing."""
    return factories.tenant("Contoso", "contoso.example")


@pytest.fixture
def in_fabrikam(fabrikam: Tenant) -> Iterator[Tenant]:
    """Fabrikam's scope, open for the whole test."""
    with tenant_scope(fabrikam.id):
        yield fabrikam
