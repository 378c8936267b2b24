"""Providers that are down, broken, locked up or gone: what the guest reads, the way back, and what the history says.

(R29 of the threats; R30, R36, E-PROVIDER)
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, connections

from applications.models import Application
from providers.models import IdentityProvider
from providers.operations import disable_identity_provider, enable_identity_provider, remove_identity_provider
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, Page
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.failing import goes_another_time, is_told, nothing_is_linked, others_sign_in, reasons
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc, bring, come_back, leave
from tests.journeys.stories import OPERATOR, agree
from tests.peers.hostile_op import DISCOVERY, KEYS, TOKEN, HostileProvider, Instead, running

pytestmark = pytest.mark.django_db(transaction=True)

ERROR, HTML = Instead(500, b"{}"), Instead(200, b"<!doctype html><title>Sorry</title>", "text/html")
SILENT = Instead(hang=True)


@pytest.fixture
def peer() -> Iterator[HostileProvider]:
    """Adatum's provider: a good one, unless a test says otherwise."""
    with running() as started:
        yield started


@pytest.fixture
def adatum(fabrikam: Tenant, peer: HostileProvider) -> IdentityProvider:
    """Adatum ID, which answers for adatum.example in Fabrikam."""
    return add_oidc(fabrikam, peer.url, ADATUM)


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (ERROR, "answers 500"),
        (HTML, "does not answer with JSON"),
        (SILENT, "did not answer within 5 seconds"),
        ({"issuer": "https://other.example"}, "another issuer"),
    ],
    ids=["500", "HTML", "hangs", "another_issuer"],
)
def test_R29_R36_a_provider_that_fails_before_the_way_out_is_named_and_can_be_tried_again(
    fabrikam: Tenant,
    adatum: IdentityProvider,
    peer: HostileProvider,
    invite: Invite,
    nicoles: Browser,
    said: Instead | dict[str, str],
    reason: str,
) -> None:
    good = dict(peer.document)
    if isinstance(said, Instead):
        peer.instead[DISCOVERY] = said
    else:
        peer.document |= said
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    is_told(nicoles.submit("Continue to Adatum ID"))
    nothing_is_linked(fabrikam)
    assert reason in reasons(fabrikam)[-1]
    assert "Adatum ID" in reasons(fabrikam)[-1]
    others_sign_in(fabrikam, invite)
    peer.instead.clear()
    peer.document = good
    goes_another_time(nicoles, fabrikam, adatum, peer, link)


@pytest.mark.parametrize(
    ("endpoint", "said", "reason"),
    [
        (TOKEN, ERROR, "answers 500"),
        (TOKEN, HTML, "no token"),
        (TOKEN, SILENT, "did not answer within 5 seconds"),
        (KEYS, ERROR, "answers 500"),
        (KEYS, HTML, "does not answer with JSON"),
        (KEYS, SILENT, "did not answer within 5 seconds"),
    ],
    ids=["token-500", "token-HTML", "token-hangs", "keys-500", "keys-HTML", "keys-hang"],
)
def test_R29_R36_a_provider_that_fails_after_the_way_back_is_named_and_can_be_tried_again(
    fabrikam: Tenant,
    adatum: IdentityProvider,
    peer: HostileProvider,
    invite: Invite,
    nicoles: Browser,
    endpoint: str,
    said: Instead,
    reason: str,
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    brought = peer.come_back(leave(nicoles))
    peer.instead[endpoint] = said
    is_told(bring(nicoles, fabrikam, adatum, brought))
    nothing_is_linked(fabrikam)
    assert reason in reasons(fabrikam, brought["code"], brought["state"])[-1]
    peer.instead.clear()
    goes_another_time(nicoles, fabrikam, adatum, peer, link)


def test_R29_a_provider_that_goes_down_stops_its_own_guests_only(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    with running() as gone:
        adatum = add_oidc(fabrikam, gone.url, ADATUM)
        nicoles.open(link)
        brought = gone.come_back(leave(nicoles))
    is_told(bring(nicoles, fabrikam, adatum, brought))
    assert "cannot be reached" in reasons(fabrikam, brought["code"])[-1]
    with running() as never_asked:
        pass
    add_oidc(fabrikam, never_asked.url, "a.example", name="Another ID")
    others = Browser()
    others.open(invite(fabrikam, "john@a.example").link)
    is_told(others.submit("Continue to Another ID"), "Another ID")
    assert "cannot be reached" in reasons(fabrikam)[-1]
    nothing_is_linked(fabrikam)
    others_sign_in(fabrikam, invite)


def test_R36_tokens_of_an_issuer_that_changed_on_the_way_open_nothing(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    is_told(come_back(nicoles, fabrikam, adatum, peer, leave(nicoles), iss="https://other.example"))
    assert "another issuer" in reasons(fabrikam)[-1]
    nothing_is_linked(fabrikam)
    goes_another_time(nicoles, fabrikam, adatum, peer, link)


def test_R29_B4_a_secret_whose_key_is_gone_is_the_administrators_to_mend(
    fabrikam: Tenant,
    adatum: IdentityProvider,
    peer: HostileProvider,
    invite: Invite,
    nicoles: Browser,
    settings: Any,
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    brought = peer.come_back(leave(nicoles))
    kept = settings.PROVIDER_KEYS
    settings.PROVIDER_KEYS = ((9, b"9" * 32),)
    is_told(bring(nicoles, fabrikam, adatum, brought))
    assert "PROVIDER_KEYS has no key 1" in reasons(fabrikam, brought["code"])[-1]
    nicoles.open(link)
    is_told(nicoles.submit("Continue to Adatum ID"))
    assert len(reasons(fabrikam)) == 2
    nothing_is_linked(fabrikam)
    settings.PROVIDER_KEYS = kept
    goes_another_time(nicoles, fabrikam, adatum, peer, link)


def test_R29_R61_a_provider_that_was_disabled_on_the_way_opens_nothing_until_it_is_on_again(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam, NICOLE_AT_ADATUM).link
    nicoles.open(link)
    brought = peer.come_back(leave(nicoles))
    with tenant_scope(fabrikam.id):
        disable_identity_provider(provider_id=adatum.id, actor=OPERATOR, now=now)
    is_told(bring(nicoles, fabrikam, adatum, brought))
    assert "switched off" in reasons(fabrikam, brought["code"])[-1]
    assert peer.count(TOKEN) == 0, "it is not asked any more"
    nothing_is_linked(fabrikam)
    with tenant_scope(fabrikam.id):
        enable_identity_provider(provider_id=adatum.id, actor=OPERATOR, now=now)
    goes_another_time(nicoles, fabrikam, adatum, peer, link)


def test_R29_R61_a_provider_that_was_removed_on_the_way_leads_back_to_the_next_method(
    fabrikam: Tenant, adatum: IdentityProvider, peer: HostileProvider, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    brought = peer.come_back(leave(nicoles))
    with tenant_scope(fabrikam.id):
        remove_identity_provider(provider_id=adatum.id, actor=OPERATOR, now=now)
    page = bring(nicoles, fabrikam, adatum, brought)
    assert page.status == 502
    assert "did not answer" in page.heading
    assert peer.count(TOKEN) == 0
    nothing_is_linked(fabrikam)
    nicoles.open(page.links["Try again"])
    assert nicoles.submit("Send code").heading == "Enter your code"


def test_R29_R37_who_came_by_an_application_goes_back_to_the_door_with_the_same_goal(
    fabrikam: Tenant,
    expenses: Application,
    adatum: IdentityProvider,
    peer: HostileProvider,
    invite: Invite,
    nicoles: Browser,
) -> None:
    invite(fabrikam, NICOLE_AT_ADATUM)
    nicoles.open(f"/signin/any-name/{expenses.id}?tenantId={fabrikam.id}")
    assert "Expense reports" in nicoles.page.text
    nicoles.submit("email", email=NICOLE_AT_ADATUM)
    brought = peer.come_back(leave(nicoles))
    peer.instead[TOKEN] = ERROR
    is_told(bring(nicoles, fabrikam, adatum, brought))
    page = nicoles.open(nicoles.page.links["Try again"])
    assert page.heading == "Sign in to Fabrikam"
    peer.instead.clear()
    nicoles.submit("email", email=NICOLE_AT_ADATUM)
    come_back(nicoles, fabrikam, adatum, peer, leave(nicoles))
    assert EXPENSES in (agree(nicoles).leads_to, nicoles.page.response.headers.get("Location", ""))


def test_R29_a_provider_that_hangs_holds_its_place_alone_and_no_transaction(
    fabrikam: Tenant,
    adatum: IdentityProvider,
    peer: HostileProvider,
    invite: Invite,
    nicoles: Browser,
    settings: Any,
) -> None:
    settings.PROVIDER_CALLS_AT_ONCE = 1
    nicoles.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
    brought = peer.come_back(leave(nicoles))
    johns, link = Browser(), invite(fabrikam, "john@adatum.example").link
    johns.open(link)
    second = peer.come_back(leave(johns))
    peer.instead[TOKEN] = SILENT

    def wait_for_it() -> Page:
        try:
            return bring(nicoles, fabrikam, adatum, brought)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(wait_for_it)
        until = monotonic() + 5
        while peer.count(TOKEN) == 0 and monotonic() < until:
            sleep(0.01)
        assert peer.count(TOKEN) == 1
        assert transactions_of_others() == 0
        is_told(bring(johns, fabrikam, adatum, second))
        assert peer.count(TOKEN) == 1, "who finds no place asks nobody"
        assert "Too many calls to providers are waiting" in reasons(fabrikam, second["code"])[-1]
        assert not waiting.done()
        others_sign_in(fabrikam, invite)
        is_told(waiting.result(30))
    assert "did not answer within 5 seconds" in reasons(fabrikam, brought["code"])[-1]
    peer.instead.clear()
    way_back = johns.page.links["Try again"]
    assert link.endswith(way_back)
    johns.open(way_back)
    assert come_back(johns, fabrikam, adatum, peer, leave(johns), email="john@adatum.example").heading == (
        "Review permissions"
    )


def transactions_of_others() -> int:
    """Other connections of this database that stand in a transaction and wait for their program."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state LIKE 'idle in transaction%%'"
        )
        return int(cursor.fetchone()[0])
