"""How many statements each request of a guest costs. BEGIN, COMMIT, SAVEPOINT and the scope's own are not counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Application
from tenants.models import Tenant
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.partners import ADATUM, NICOLE_AT_ADATUM, add_oidc
from tests.peers.hostile_op import running

NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT set_config")

Most = Callable[[int], object]


@contextmanager
def at_most(statements: int) -> Iterator[None]:
    """What happens inside costs no more than this."""
    with CaptureQueriesContext(connection) as seen:
        yield
    counted = [one["sql"] for one in seen.captured_queries if not one["sql"].startswith(NOT_COUNTED)]
    assert len(counted) <= statements, f"{len(counted)} statements:\n" + "\n".join(sql[:160] for sql in counted)


@pytest.mark.django_db
def test_it_costs_few_statements(fabrikam: Tenant, contoso: Tenant, expenses: Application, invite: Invite) -> None:
    invited = invite(fabrikam, redirect_url=EXPENSES)
    browser = Browser()
    for _ in range(2):  # with the line that the link was opened; then with the count that there is one this hour
        with at_most(6):
            browser.open(invited.link)
    form = browser.page.form_with("Send code")
    with at_most(10):
        sent = browser.client.post(browser.page.url, form.fields)
    (message,) = post(fabrikam)
    with at_most(4):
        browser.open(sent.headers["Location"])
    form = browser.page.form_with("code")
    with at_most(13):
        entered = browser.client.post(browser.page.url, form.fields | {"code": code_in(message)})
    with at_most(3):
        browser.open(entered.headers["Location"])
    browser.submit("Accept", button=("answer", "accept"))
    with at_most(3):
        assert browser.open("/myapps/fabrikam.example").heading == "My Apps"


@pytest.mark.django_db
def test_R36_a_round_trip_to_a_provider_costs_few_statements(fabrikam: Tenant, contoso: Tenant, invite: Invite) -> None:
    with running() as peer:
        provider = add_oidc(fabrikam, peer.url, ADATUM)
        peer.person = {"email": NICOLE_AT_ADATUM}
        invited = invite(fabrikam, NICOLE_AT_ADATUM)
        browser = Browser()
        with at_most(7):
            browser.open(invited.link)
        form = browser.page.form_with("Continue to Adatum ID")
        with at_most(10):
            left = browser.client.post(browser.page.url, form.fields)
        url = left.headers["Refresh"].partition("url=")[2]
        brought = peer.come_back(url)
        with at_most(14):
            browser.client.get(f"/{fabrikam.id}/return/{provider.id}", brought)
        browser.open("/fabrikam.example/permissions")
        browser.submit("Accept", button=("answer", "accept"))
        with at_most(3):
            assert browser.open("/myapps/fabrikam.example").heading == "My Apps"
