"""Bursts against one code over real HTTP: a real web server, many clients with one browser's cookies (B1, B2).

RACE_ROUNDS=20 pytest tests/races/test_over_http.py --log-cli-level=INFO   runs the rounds of the acceptance.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from guests.models import GuestSession
from guests.operations.inviting import Details, Invited, invite_guest
from passcodes import limits
from passcodes.codes import code_of
from passcodes.models import Challenge
from passcodes.rules import TRIES, Pool
from tenants.addresses import canonical
from tenants.audit import Actor, ActorKind
from tenants.limits import LINES_ABOUT_ADDRESS
from tenants.models import AuditEntry, Budget, Tenant
from tenants.scope import tenant_scope
from tests.journeys.conftest import ADELE
from tests.races.web import Tab, serving

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
CLIENTS = (16, 50, 100)

pytestmark = pytest.mark.django_db(transaction=True)
log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def origin(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real web server."""
    with serving(tmp_path_factory.mktemp("web")) as found:
        yield found


@contextmanager
def a_tab_that_waits_for_a_code(origin: str, tenant: Tenant) -> Iterator[tuple[Tab, Challenge]]:
    """A new guest's browser on Enter your code."""
    with tenant_scope(tenant.id):
        invited = invite_guest(
            tenant=tenant,
            address=canonical(f"guest-{uuid4().hex}@firstupconsultants.com"),
            details=Details(),
            inviter=ADELE,
            actor=Actor(ActorKind.OPERATOR, str(uuid4())),
            now=datetime.now(UTC),
        )
    assert isinstance(invited, Invited), invited
    with closing(Tab(origin)) as tab:
        tab.open(f"{origin}/{tenant.primary_domain}/redeem/{invited.link.rpartition('/')[2]}")
        sent = tab.press()
        assert sent.status_code == 302, sent.text
        tab.open(sent.headers["Location"])
        with tenant_scope(tenant.id):
            challenge = Challenge.objects.order_by("-created_at")[0]
        yield tab, challenge


def reasons(tenant: Tenant, challenge: Challenge) -> Counter[str]:
    """Why tries of this challenge were refused, by the history."""
    with tenant_scope(tenant.id):
        lines = AuditEntry.objects.filter(action="passcode.refused", subject_id=challenge.id)
        return Counter(line.details["reason"] for line in lines)


def paid(tenant: Tenant, challenge: Challenge) -> int:
    """Units of the failure budgets that the address has spent."""
    prices = limits.failures(tenant_id=tenant.id, address_key=challenge.address_key, pool=Pool.KNOWN)
    return sum(Budget.objects.filter(key__in=[price.key for price in prices]).values_list("used", flat=True))


def state(tenant: Tenant, challenge: Challenge) -> tuple[int, int]:
    """(tries spent, sessions begun) of this challenge."""
    with tenant_scope(tenant.id):
        fresh = Challenge.objects.get(id=challenge.id)
        return fresh.attempts, GuestSession.objects.filter(challenge_id=challenge.id).count()


@pytest.mark.parametrize("clients", CLIENTS)
def test_B1_R14_exactly_five_wrong_codes_are_evaluated(origin: str, fabrikam: Tenant, clients: int) -> None:
    for number in range(1, ROUNDS + 1):
        with a_tab_that_waits_for_a_code(origin, fabrikam) as (tab, challenge):
            with tenant_scope(fabrikam.id):
                right = code_of(challenge)
            wrong = [f"{(int(right) + by) % 10**8:08d}" for by in range(1, clients + 1)]
            statuses = Counter(answer.status_code for answer in tab.at_once(wrong))
            evaluated = reasons(fabrikam, challenge)
            log.info(
                "B1, %s clients, round %s: answers %s, history %s", clients, number, dict(statuses), dict(evaluated)
            )

            assert statuses == {422: clients}
            assert evaluated == {"wrong": TRIES, "exhausted": min(clients - TRIES, LINES_ABOUT_ADDRESS)}
            assert state(fabrikam, challenge) == (TRIES, 0)
            assert paid(fabrikam, challenge) == TRIES
            assert tab.press(code=right).status_code == 422  # the right one comes too late
            assert state(fabrikam, challenge) == (TRIES, 0)


@pytest.mark.parametrize("clients", CLIENTS)
def test_B2_R14_one_right_code_makes_exactly_one_session(origin: str, fabrikam: Tenant, clients: int) -> None:
    for number in range(1, ROUNDS + 1):
        with a_tab_that_waits_for_a_code(origin, fabrikam) as (tab, challenge):
            with tenant_scope(fabrikam.id):
                right = code_of(challenge)
            answers = tab.at_once([right] * clients)
            signed_in = [answer for answer in answers if f"vestibule-guest-{fabrikam.id.hex}" in answer.cookies]
            statuses = Counter(answer.status_code for answer in answers)
            tries, sessions = state(fabrikam, challenge)
            log.info(
                "B2, %s clients, round %s: answers %s, tries %s, sessions %s",
                clients,
                number,
                dict(statuses),
                tries,
                sessions,
            )

            assert len(signed_in) == 1
            assert sessions == 1
            assert statuses == {302: 1, 422: clients - 1}
            assert 1 <= tries <= TRIES
            assert paid(fabrikam, challenge) == 0  # a double click is no guess


@pytest.mark.parametrize("clients", [50])
def test_B1_B2_a_right_code_among_wrong_ones_is_one_of_five_or_comes_too_late(
    origin: str, fabrikam: Tenant, clients: int
) -> None:
    for _ in range(ROUNDS):
        with a_tab_that_waits_for_a_code(origin, fabrikam) as (tab, challenge):
            with tenant_scope(fabrikam.id):
                right = code_of(challenge)
            codes = [right if by % 10 == 0 else f"{(int(right) + by) % 10**8:08d}" for by in range(clients)]
            tab.at_once(codes)
            tries, sessions = state(fabrikam, challenge)
            assert tries <= TRIES
            assert sessions <= 1
            assert reasons(fabrikam, challenge)["wrong"] <= TRIES - sessions
