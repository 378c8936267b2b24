"""Bursts against one code, one address, one button: threads behind a barrier, PostgreSQL, committed rows (B1, B2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from passcodes import limits
from passcodes.models import Challenge
from passcodes.operations import RightCode
from passcodes.rules import Pool
from tenants.models import Budget, Tenant
from tenants.refusals import Code, Refusal
from tenants.scope import tenant_scope
from tests.passcodes.stories import (
    code_of,
    evaluated,
    fresh,
    pass_time,
    refused,
    resend,
    row,
    try_code,
    use,
    wrong_code,
)

CONNECTIONS = 24
ROUNDS = 3

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def many_connections(db: None) -> Iterator[None]:
    """More real connections than the pool of one web process has; the rest of the burst waits for one."""
    pool: ConnectionPool[Any] = connection.pool  # type: ignore[attr-defined]  # the PostgreSQL backend's
    kept = pool.min_size, pool.max_size
    pool.resize(1, CONNECTIONS)
    yield
    connection.close()
    pool.resize(*kept)


def burst(tenant: Tenant, threads: int, deed: Callable[[int], object]) -> list[object]:
    """What `deed` answered in so many threads that begin at once, each in the tenant's scope; errors are raised."""
    barrier, answers = Barrier(threads), []

    def run(number: int) -> None:
        try:
            if threads <= CONNECTIONS:
                connection.ensure_connection()
            barrier.wait()
            with tenant_scope(tenant.id):
                answers.append(deed(number))
        except BaseException as error:  # noqa: BLE001  # a thread's error is the test's
            answers.append(error)
        finally:
            connection.close()

    started = [Thread(target=run, args=[number]) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(60)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    assert not errors, errors[:3]
    assert len(answers) == threads
    return answers


def a_challenge(tenant: Tenant, number: int = 0) -> Challenge:
    with tenant_scope(tenant.id):
        Budget.objects.all().delete()
        return row(tenant_id=tenant.id, nonce=number.to_bytes(16, "big"))


def source(number: int) -> str:
    """Of another network each time, so that only the code's own tries and its address's budgets are met."""
    return f"198.51.{number // 250}.{number % 250}"


@pytest.mark.parametrize("threads", [16, 50, 100])
def test_R14_it_evaluates_exactly_five_of_a_burst_of_wrong_codes(threads, fabrikam: Tenant):
    for number in range(ROUNDS):
        challenge = a_challenge(fabrikam, number)
        with tenant_scope(fabrikam.id):
            wrong = [wrong_code(challenge, at) for at in range(1, threads + 1)]

        def guess(at: int, challenge: Challenge = challenge, wrong: list[str] = wrong) -> str:
            return refused(try_code(challenge, wrong[at], source=source(at))).reason

        seen = Counter(burst(fabrikam, threads, guess))
        assert seen == {"wrong": 5, "exhausted": threads - 5}
        with tenant_scope(fabrikam.id):
            assert fresh(challenge).attempts == 5


@pytest.mark.parametrize("threads", [16, 50, 100])
def test_R14_it_lets_exactly_one_of_a_burst_of_right_codes_win_and_charges_nobody(threads, fabrikam: Tenant):
    for number in range(ROUNDS):
        challenge = a_challenge(fabrikam, number)
        with tenant_scope(fabrikam.id):
            code = code_of(challenge)

        def sign_in(at: int, challenge: Challenge = challenge, code: str = code) -> bool | Code:
            right = try_code(challenge, code, source=source(at))
            return use(right) if isinstance(right, RightCode) else right.code

        seen = Counter(burst(fabrikam, threads, sign_in))
        assert seen[True] == 1
        assert seen[False] <= 4
        assert seen[Code.CODE] == threads - 1 - seen[False]
        with tenant_scope(fabrikam.id):
            assert fresh(challenge).used_at is not None
            prices = limits.failures(tenant_id=fabrikam.id, address_key=challenge.address_key, pool=Pool.STRANGER)
            failures = Budget.objects.filter(key__in=[price.key for price in prices]).values_list("used", flat=True)
        assert list(failures) == [0, 0, 0]


def test_R17_it_evaluates_exactly_ten_of_a_burst_over_many_codes_of_one_address(fabrikam: Tenant):
    challenges = [a_challenge(fabrikam, number) for number in range(60)]
    with tenant_scope(fabrikam.id):
        wrong = [wrong_code(challenge) for challenge in challenges]
    answers = burst(fabrikam, 60, lambda at: try_code(challenges[at], wrong[at], source=source(at)))
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert evaluated(refusals) == 10
    with tenant_scope(fabrikam.id):
        assert sum(Challenge.objects.values_list("attempts", flat=True)) == 10


def test_R15_it_resends_once_when_the_button_is_pressed_many_times(fabrikam: Tenant):
    challenge = a_challenge(fabrikam)
    with tenant_scope(fabrikam.id):
        pass_time(timedelta(seconds=60))
    answers = burst(fabrikam, 16, lambda at: resend(challenge, source=source(at)))
    assert sum(isinstance(answer, Challenge) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {Code.WAIT}
