"""What a request is told that gets no connection out of the pool."""

from __future__ import annotations

import pytest
from django.db import connections
from psycopg_pool import PoolTimeout

from config.postgresql.pool import Pool
from tenants.scope import clear_tenant


@pytest.mark.django_db
def test_the_reason_says_how_long_a_request_waited_for_a_free_connection() -> None:
    login = connections["default"].get_connection_params() | {"autocommit": True}
    with Pool(kwargs=login, min_size=1, max_size=1, timeout=0.35, clear=clear_tenant, open=True) as pool:
        pool.wait()
        held = pool.getconn()
        try:
            with pytest.raises(PoolTimeout, match=r"no connection was free for 0\.[34] s"):
                pool.getconn()
        finally:
            pool.putconn(held)
