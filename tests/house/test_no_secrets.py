"""B4: after a whole run no code, ticket, session token or browser secret stands anywhere but where it belongs.

A code belongs into the mail, a ticket into the mail, the address bar and the inviter's page, the other two into the
browser's cookies. The tables, the broker, the logs, the statements, the pages and the addresses are searched for each.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.operations import add_application
from config.logs import HideTickets
from providers.rules import PasscodeState
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import every_tenant, tenant_scope
from tests import factories
from tests.doors.portal import signed_in
from tests.journeys.browser import Browser, code_in, link_in, post
from tests.journeys.stories import (
    OPERATOR,
    agree,
    ask,
    ask_by_address,
    guest,
    minutes,
    pass_time,
    turn_passcodes,
    wrong,
)
from tests.tenants.brokers import broker_at, published

pytestmark = pytest.mark.django_db(transaction=True)

NICOLE = "nicole@firstupconsultants.com"
Seen = list[tuple[str, Any]]


class Recorded(Client):
    """A browser that keeps every request's address and its answer."""

    def __init__(self, seen: Seen, **options: Any) -> None:
        super().__init__(**options)
        self.seen = seen

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        self.seen.append((f"{request.get('PATH_INFO')}?{request.get('QUERY_STRING', '')}", answer))
        return answer


@pytest.fixture
def broker() -> Iterator[None]:
    """A broker in this process, which keeps what is published."""
    with broker_at("memory://"):
        yield


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that was logged, as the product's handler would write it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.addFilter(HideTickets())
    root = logging.getLogger()
    kept = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(kept)
    root.removeHandler(handler)


def dump() -> str:
    """Every row of every table."""
    with every_tenant(reason="a dump has them all"), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        text = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            text += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(text)


def disguises(secret: str) -> set[str]:
    """The secret as it is, in hexadecimal (how a dump writes bytes), and in base64."""
    plain = secret.replace(" ", "")
    return {secret, plain, plain.encode().hex(), base64.b64encode(plain.encode()).decode().rstrip("=")}


def whole_run(tenant: Tenant, seen: Seen, now: datetime) -> dict[str, set[str]]:
    """Every story there is, in one; what must stand nowhere, by its kind."""
    codes, tickets, tokens = set[str](), set[str](), set[str]()
    administrator = factories.administrator("adele@fabrikam.example", (tenant, Role.GLOBAL_ADMINISTRATOR))
    portal = signed_in(administrator)
    portal.__class__, portal.seen = Recorded, seen  # type: ignore[attr-defined]  # it is watched from here on

    def browser() -> Browser:
        made = Browser()
        made.client = Recorded(seen, enforce_csrf_checks=True)
        return made

    def keep(whose: Browser) -> None:
        tokens.update(
            cookie.value
            for name, cookie in whose.client.cookies.items()
            if cookie.value and name.startswith(("vestibule-guest", "vestibule-browser"))
        )

    def invite_in_portal() -> str:
        form = {
            "email": NICOLE,
            "display_name": "Nicole",
            "application": "",
            "sends_mail": "yes",
            "message": "",
            "cc": "",
        }
        portal.post("/admin/guests/guest/invite/", form)
        link = link_in(post(tenant)[-1])
        tickets.add(link.rpartition("/")[2])
        return link

    link = invite_in_portal()
    nicoles = browser()
    codes.add(code := ask(nicoles, tenant, link))
    keep(nicoles)
    nicoles.submit("code", code=wrong(code))
    pass_time(tenant, minutes(2))
    nicoles.submit("Send it again")
    codes.add(code_in(post(tenant)[-1]))
    nicoles.submit("code", code=code)
    keep(nicoles)
    agree(nicoles)
    nicoles.open("/myapps/fabrikam.example")
    nicoles.submit("Sign out")

    ask_by_address(nicoles, tenant, NICOLE)
    codes.add(code := code_in(post(tenant)[-1]))
    nicoles.submit("code", code=code)
    keep(nicoles)
    stranger = browser()
    ask_by_address(stranger, tenant, "nobody@nowhere.example")
    post(tenant)
    stranger.submit("code", code="00000000")
    keep(stranger)

    codes.add(code := ask(stranger, tenant, link))
    turn_passcodes(tenant, PasscodeState.DISABLED, now)
    stranger.submit("code", code=code)
    nicoles.open("/myapps/fabrikam.example")
    nicoles.open(link)
    turn_passcodes(tenant, PasscodeState.ENABLED, now)

    portal.post(f"/admin/guests/guest/reset/?id={guest(tenant, NICOLE).id}", {"sends_mail": "yes"})
    new = link_in(post(tenant)[-1])
    tickets.add(new.rpartition("/")[2])
    nicoles.open(link)
    nicoles.submit("Ask for a new invitation")
    post(tenant)
    codes.add(code := ask(nicoles, tenant, new))
    keep(nicoles)
    nicoles.submit("code", code=code)
    keep(nicoles)
    agree(nicoles)
    for page in (
        "guests/guest/",
        "guests/invitation/",
        "tenants/auditentry/",
        f"guests/guest/{guest(tenant).id}/change/",
    ):
        portal.get(f"/admin/{page}")
    return {"code": codes, "ticket": tickets, "token": tokens}


def test_B4_R13_no_secret_stands_where_it_does_not_belong(
    fabrikam: Tenant, broker: None, log: io.StringIO, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant_scope(fabrikam.id):
        add_application(
            tenant=fabrikam, name="App", description="", url="https://app.fabrikam.example/", actor=OPERATOR, now=now
        )
    seen: Seen = []
    with CaptureQueriesContext(connection) as statements:
        secrets = whole_run(fabrikam, seen, now)
    assert {kind: len(found) for kind, found in secrets.items()} == {"code": 4, "ticket": 2, "token": 5}

    messages = published()
    assert len(messages) >= 7  # codes and invitations: each nudged a worker
    assert all("row_id" in message for message in messages)
    correlation = next(answer.wsgi_request.correlation for _, answer in seen if answer.status_code == 422)
    call_command("trace", correlation)
    places = {
        "the tables": dump(),
        "the broker": "\n".join(messages),
        "the log": log.getvalue(),
        "the statements": "\n".join(one["sql"] for one in statements.captured_queries),
        "a command's output": capsys.readouterr().out,
        "addresses": "\n".join(url for url, _ in seen),
        "redirects": "\n".join(answer.headers.get("Location", "") for _, answer in seen),
        "pages": "\n".join(answer.content.decode() for _, answer in seen),
    }
    belongs = {("ticket", "addresses"), ("ticket", "redirects"), ("ticket", "pages")}
    found = [
        (kind, place, secret)
        for kind, all_of_kind in secrets.items()
        for secret in all_of_kind
        for place, text in places.items()
        if (kind, place) not in belongs and any(form in text for form in disguises(secret))
    ]
    assert found == []
    for ticket in secrets["ticket"]:
        strays = [url for url, answer in seen if ticket in answer.content.decode() and ticket not in url]
        assert strays == []  # a page shows a ticket only to who came with it; these were mailed, so no inviter's page
    assert all(place for place in places.values())


def test_B4_the_search_would_find_them(fabrikam: Tenant) -> None:
    """A row and a line with a secret in it are found, in each of its disguises."""
    Tenant.objects.filter(id=fabrikam.id).update(terms_text="12345678", logo=b"87654321")
    text = dump()
    assert any(form in text for form in disguises("1234 5678"))
    assert any(form in text for form in disguises("8765 4321"))
    assert not any(form in text for form in disguises("5555 4444"))
