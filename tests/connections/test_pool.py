"""What a request gets out of the pool, and what it is told where it gets nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections
from psycopg.pq import TransactionStatus
from psycopg_pool import PoolTimeout

from config.postgresql.pool import Pool
from tenants.scope import clear_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool(db: None) -> Iterator[Pool]:
    """A pool with one connection."""
    login = connections["default"].get_connection_params() | {"autocommit": True}
    with Pool(kwargs=login, min_size=1, max_size=1, timeout=0.35, clear=clear_tenant, open=True) as made:
        made.wait()
        yield made


def test_the_reason_says_how_long_a_request_waited_for_a_free_connection(pool: Pool) -> None:
    held = pool.getconn()
    try:
        with pytest.raises(PoolTimeout, match=r"no connection was free for 0\.[34] s"):
            pool.getconn()
    finally:
        pool.putconn(held)


def test_a_connection_that_came_back_out_of_a_transaction_is_given_out_without_one(pool: Pool) -> None:
    """Django closes it so where a transaction ends in the middle; it cannot use one that is in a transaction."""
    held = pool.getconn()
    held.autocommit = False
    pool.putconn(held)
    again = pool.getconn(timeout=10)
    try:
        assert again is held
        assert again.pgconn.transaction_status == TransactionStatus.IDLE
    finally:
        pool.putconn(again)
