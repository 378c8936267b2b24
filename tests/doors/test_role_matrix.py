"""R63, R42: role × action through every door of the portal.

Each role asks every page and presses every button: what its row of the table allows is answered, the rest is 403 and
changes nothing; and no page shows a link or a button to a door that the role may not open. The doors stand in
tests/doors/portal_doors.py; one that is missing there fails here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from providers.models import EmailPasscodePolicy, IdentityProvider, RedemptionPolicy
from providers.rules import PasscodeState
from tenants.models import Administrator, Tenant
from tenants.roles import Action, Role, may
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import signed_in
from tests.doors.portal_doors import BUTTONS, DOORS, EXEMPT_FROM_A_SEAT, OF_NO_ROLE, RESET_ALL, Leave
from tests.house.addresses import filled, placeholders, routes
from tests.house.furniture import House, furnish, snapshot

LAST = ("remove/", "disable/", "delete/", "logo/", "sign-out-others/", "administrator/<path:object_id>/change/")
"""Ends of addresses that are asked last, as what they do takes other doors' things away."""

Who = tuple[str, tuple[Role, ...]]
NO_ROLE: Who = ("no role", ())
OPERATOR: Who = ("operator", (Role.GLOBAL_ADMINISTRATOR,))
EVERYBODY: list[Who] = [(role.value, (role,)) for role in Role] + [NO_ROLE, OPERATOR]


def allowed(leave: Leave, roles: tuple[Role, ...]) -> bool:
    return any(all(may(roles, one) for one in (each if isinstance(each, frozenset) else {each})) for each in leave)


def path_of(route: str, house: House) -> str:
    """The page's path, for a thing that is there."""
    values: dict[str, object] = {
        "administrator_id": house.administrator_id,
        "application_id": house.application.id,
        "batch_id": house.batch.id,
        "guest_id": house.guest.id,
        "invitation_id": house.pending.invitation.id,
        "offer_id": house.offer.id,
        "provider_id": house.provider.id,
    }
    values["object_id"] = {
        "administrator": house.administrator_id,
        "application": house.application.id,
        "auditentry": house.entry.id,
        "batch": house.batch.id,
        "guest": house.guest.id,
        "identityprovider": house.provider.id,
        "invitation": house.pending.invitation.id,
        "tenant": house.tenant.id,
    }.get(route.split("/")[2] if route.count("/") > 2 else "")
    path = route.replace("(app_list)", "guests/").replace("(everything else)", "nothing/here")
    query = {"partner/": "?domain=contoso.com", "reset/": f"?id={house.guest.id}"}.get(route.split("/", 3)[-1], "")
    return filled(path, **{name: values[name] for name in placeholders(path)}) + query


def doors(verb: str) -> Iterator[tuple[str, Leave]]:
    """Each page that knows the verb, and who may; harmless ones first."""
    for route in sorted(DOORS, key=lambda route: (route.endswith(LAST), route)):
        leave = DOORS[route][0 if verb == "GET" else 1]
        if leave is not None:
            yield route, leave


class Page(HTMLParser):
    """The addresses that a page leads to: links, and forms with a button."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.path = path
        self.found: set[tuple[str, str]] = set()
        self.form: tuple[str, str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith(("/admin/", "?")):
            self.found.add(("GET", given["href"]))
        elif tag == "form":
            self.form = (given.get("method", "get").upper(), given.get("action") or self.path)
        elif self.form and (tag == "button" or (tag == "input" and given.get("type") in ("submit", "image"))):
            method, action = self.form
            self.found.add((given.get("formmethod", method).upper(), given.get("formaction") or action))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None


def route_of(path: str) -> str | None:
    """The address in the resolver that a path leads to; None for nothing of the portal's."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    named = {"app_list": "admin/(app_list)", None: "admin/(everything else)"}
    return named.get(match.url_name, match.route) if match.route.startswith("admin/") or not match.url_name else None


@pytest.fixture
def house(fabrikam: Tenant) -> House:
    """Fabrikam with a thing behind each door, and an administrator who stays its last one."""
    factories.administrator("adele@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR))
    return furnish(fabrikam, "nicole")


@pytest.fixture
def browser_of(fabrikam: Tenant) -> Callable[[Who], Client]:
    """A browser of somebody who holds just these roles in Fabrikam; an operator has chosen it."""

    def sign_in(who: Who) -> Client:
        name, roles = who
        if who is OPERATOR:
            return signed_in(factories.administrator("olga@operator.example", is_superuser=True), fabrikam)
        held = [(fabrikam, role) for role in roles]
        return signed_in(factories.administrator(f"{name.lower().replace(' ', '')}@f.example", *held), fabrikam)

    return sign_in


def ask(client: Client, verb: str, path: str) -> Any:
    return client.post(path, {}) if verb == "POST" else client.get(path)


def is_answer(verb: str, route: str, status: int) -> bool:
    """Whether somebody was let in. What was pressed before may have taken a thing away; a page to look at is
    there, but a group of the navigation is nothing for who sees none of its entries."""
    is_nothing = route.endswith(
        ("(app_list)", "(everything else)", "qr.svg", "reset-many/", "auditentry/<path:object_id>/history/")
    )
    return status not in (403, 405) and status < 500 and (verb == "POST" or status != 404 or is_nothing)


def test_R63_every_address_of_the_portal_has_its_action() -> None:
    found = {route for route in routes() if route.startswith("admin/")}
    listed = set(DOORS) | OF_NO_ROLE
    assert sorted(found - listed) == [], "a new page needs a line in tests/doors/portal_doors.py: who may?"
    assert sorted(listed - found) == [], "a page that is gone still has its line in tests/doors/portal_doors.py"


def test_R63_every_action_is_asked_for_at_some_door() -> None:
    unasked = {action for action in Action if not any((action,) == leave for door in DOORS.values() for leave in door)}
    assert unasked <= {Action.GUESTS_INVITE_MANY, Action.MAIL_VIEW}, "an action that no door asks for protects nothing"


def test_R63_the_matrix_is_as_large_as_it_is_said_to_be(record_property: Callable[[str, object], None]) -> None:
    verbs = sum(leave is not None for door in DOORS.values() for leave in door)
    said = f"{len(EVERYBODY)} people x {len(Action)} actions, {len(DOORS)} pages with {verbs} doors (GET, POST)"
    record_property("role matrix", said)
    sys.stdout.write(f"role matrix: {said}\n")  # pytest -rP shows it
    assert len(EVERYBODY) == len(Role) + 2
    assert verbs > len(DOORS)


@pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: f"R63-{who[0]}")
def test_R63_a_door_answers_the_roles_that_may_refuses_others_and_is_not_shown_to_them(
    house: House, browser_of: Any, who: Who
) -> None:
    client, wrong = browser_of(who), list[object]()
    before = snapshot(house.tenant)
    refused = [(verb, *door) for verb in ("GET", "POST") for door in doors(verb) if not allowed(door[1], who[1])]
    for verb, route, _ in refused:
        answer = ask(client, verb, path_of(route, house))
        if who is NO_ROLE and route in EXEMPT_FROM_A_SEAT:
            continue
        expected = answer.status_code == 403
        if who is NO_ROLE:
            expected = answer.get("Location", "").startswith("/admin/tenant/")
        if not expected:
            wrong.append((verb, route, answer.status_code))
    assert snapshot(house.tenant) == before, "something that was refused was done"
    shown: set[tuple[str, str, str]] = set()
    for verb in ("GET", "POST"):
        for route, leave in doors(verb):
            if not allowed(leave, who[1]):
                continue
            path = path_of(route, house)
            answer = ask(client, verb, path)
            if not is_answer(verb, route, answer.status_code):
                wrong.append((verb, route, answer.status_code))
            if verb == "GET" and answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                found = Page(path, answer.content.decode()).found
                shown |= {(route, method, urlsplit(address).path or path) for method, address in found}
    ways = [(route, verb, path) for route, verb, path in shown if route_of(path) in DOORS]
    for route, verb, path in ways:
        needed = DOORS[route_of(path) or ""][0 if verb == "GET" else 1]
        if needed is None or not allowed(needed, who[1]):
            wrong.append((route, "shows", verb, path))
    assert not wrong, "\n".join(map(str, wrong))
    assert len(ways) > 20 or who is NO_ROLE


@pytest.mark.parametrize("is_on", [True, False], ids=["R63-beside switching off", "R63-of what is off"])
def test_R63_what_a_page_does_besides_asks_for_its_own_action(house: House, browser_of: Any, is_on: bool) -> None:
    """A remedy beside a setting; a button of its own, where the setting is off, on a page that more roles open."""
    buttons = [one for one in BUTTONS if (one[1] is not RESET_ALL) is is_on]
    if not is_on:
        with tenant_scope(house.tenant.id):
            IdentityProvider.objects.filter(pk=house.provider.pk).update(is_enabled=False)
            EmailPasscodePolicy.objects.update(state=PasscodeState.DISABLED.value)
            RedemptionPolicy.objects.update(is_microsoft_account_enabled=False)
    wrong, browsers = list[object](), [(who, browser_of(who)) for who in EVERYBODY]
    before, refusals = snapshot(house.tenant), 0
    for route, body, needed in buttons:
        for who, client in browsers:
            if allowed((needed,), who[1]):
                continue
            answer, refusals = client.post(path_of(route, house), body), refusals + 1
            is_refused = answer.get("Location", "").startswith("/admin/tenant/") if who is NO_ROLE else False
            if answer.status_code != 403 and not is_refused:
                wrong.append((who[0], route, body, answer.status_code))
    assert snapshot(house.tenant) == before, "something that was refused was done"
    for route, body, needed in buttons:
        for who, client in browsers:
            if allowed((needed,), who[1]):
                status = client.post(path_of(route, house), body).status_code
                if status not in (200, 302):
                    wrong.append((who[0], route, body, "let in", status))
    assert not wrong, "\n".join(map(str, wrong))
    assert refusals > len(buttons) * len(EVERYBODY) // 2


def test_R63_an_operator_is_nobody_before_they_chose_the_tenant(house: House) -> None:
    client = signed_in(factories.administrator("olga@operator.example", is_superuser=True))
    for verb in ("GET", "POST"):
        for route, _ in doors(verb):
            if route not in EXEMPT_FROM_A_SEAT:
                answer = ask(client, verb, path_of(route, house))
                assert answer.get("Location", "").startswith("/admin/tenant/"), (verb, route, answer.status_code)


def test_R63_a_role_in_another_tenant_opens_nothing_here(house: House, contoso: Tenant) -> None:
    carl: Administrator = factories.administrator("carl@contoso.example", (contoso, Role.GLOBAL_ADMINISTRATOR))
    client, before = signed_in(carl, house.tenant), snapshot(house.tenant)
    for verb in ("GET", "POST"):
        for route, _ in doors(verb):
            if route not in EXEMPT_FROM_A_SEAT:
                answer = ask(client, verb, path_of(route, house))
                assert answer.get("Location", "").startswith("/admin/tenant/"), (verb, route, answer.status_code)
    assert snapshot(house.tenant) == before
