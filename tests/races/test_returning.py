"""Coming back from a provider in the moment of a reset: no deadlock, and nothing of before gets in (R36, R40)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event

import pytest
from django.db import connection, transaction

from guests.models import FederatedIdentity, Guest, GuestSession
from guests.operations.inviting import Invited
from providers.models import IdentityProvider
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page
from tests.journeys.conftest import Invite, invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, bring, come_back, leave
from tests.journeys.stories import agree, reset
from tests.peers.hostile_op import HostileProvider, running
from tests.races.test_passcodes import burst, many_connections

__all__ = ["invite", "many_connections"]

LONGEST_WAIT = 20

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider."""
    with running() as started:
        yield started


@pytest.fixture
def adatum(fabrikam: Tenant, peer: HostileProvider) -> IdentityProvider:
    """Adatum ID, bound to adatum.example in Fabrikam."""
    return add_oidc(fabrikam, peer.url, ADATUM)


@pytest.mark.parametrize("typed", [NICOLE_AT_ADATUM, "bertil@adatum.example"])
def test_R36_R40_who_comes_back_while_they_are_reset_gets_in_with_nothing_of_before(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, typed: str
) -> None:
    browser = Browser()
    browser.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    come_back(browser, fabrikam, adatum, peer, leave(browser))
    agree(browser)
    again = Browser()
    again.open("/fabrikam.example")
    again.submit("email", email=typed)
    peer.person = {"email": NICOLE_AT_ADATUM}
    brought = peer.come_back(leave(again))
    locked, answers = Event(), dict[str, object]()

    def deed(number: int) -> object:
        if number:
            locked.wait(LONGEST_WAIT)
            answers["return"] = bring(again, fabrikam, adatum, brought)
            return None
        with transaction.atomic():
            guest = Guest.objects.select_for_update().get()
            locked.set()
            _wait_for_somebody_who_waits()
            answers["reset"] = reset(fabrikam, guest.id, datetime.now(UTC))
        return None

    with tenant_scope(fabrikam.id):
        burst(fabrikam, 2, deed)
    page, made = answers["return"], answers["reset"]
    assert isinstance(made, Invited)
    assert isinstance(page, Page)
    assert page.status == 403, page.heading
    with tenant_scope(fabrikam.id):
        assert not FederatedIdentity.objects.exists()
        assert not GuestSession.objects.filter(ended_at__isnull=True).exists()


def _wait_for_somebody_who_waits() -> None:
    """Until another connection stands before a lock that this one holds."""
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            row = cursor.fetchone()
        if row and row[0]:
            return
        time.sleep(0.02)
    raise AssertionError("nobody came back")
