"""B5: whatever address is asked, with whatever verb, nobody reaches a thing of another tenant.

Contoso's people ask for Fabrikam's things. The answer is what they would get for a thing that never was, and not a row
of Fabrikam's has changed. An address that is new in urls.py fails here until it has an entry below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from tenants.roles import Role
from tests import factories
from tests.doors.portal import signed_in
from tests.house.addresses import filled, placeholders, routes
from tests.house.furniture import House, snapshot
from tests.journeys.stories import plain

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REFUSED = {301, 302, 303, 403, 404, 405, 410}
"""What may be answered for a thing of somebody else's; a redirect counts only where an unknown thing gets the same."""

Ids = Callable[[House], object]

# Whose thing an address names: the placeholder, and the thing of Fabrikam's that stands in it.
OBJECTS: dict[str, tuple[str, Ids]] = {
    "<tenant:tenant>/sign-in/<uuid:flow_id>": ("flow_id", lambda house: house.flow.id),
    "<tenant:tenant>/sign-in/<uuid:flow_id>/again": ("flow_id", lambda house: house.flow.id),
    **{
        f"<tenant:tenant>/sign-in/<uuid:flow_id>/{deed}": ("flow_id", lambda house: house.leaving.id)
        for deed in ("arrived", "prove", "another-account")
    },
    "<tenant:tenant>/return/<uuid:provider_id>": ("provider_id", lambda house: house.provider.id),
    "sign-in/<uuid:flow_id>": ("flow_id", lambda house: house.common_flow.id),
    "sign-in/<uuid:flow_id>/again": ("flow_id", lambda house: house.common_flow.id),
    "<tenant:tenant>/redeem/<str:ticket>": ("ticket", lambda house: house.ticket),
    "<tenant:tenant>/redeem/<str:ticket>/ask": ("ticket", lambda house: house.ticket),
    "<tenant:tenant>/redeem/<str:ticket>/switch": ("ticket", lambda house: house.ticket),
    "signin/<str:name>/<uuid:application_id>": ("application_id", lambda house: house.application.id),
    "signin/<str:name>/<uuid:application_id>/sign-up": ("application_id", lambda house: house.application.id),
    "admin/guests/guest/<uuid:guest_id>/end-session/": ("guest_id", lambda house: house.guest.id),
    "admin/guests/guest/<uuid:guest_id>/restore/": ("guest_id", lambda house: house.guest.id),
    "admin/guests/guest/<uuid:guest_id>/end-sessions/": ("guest_id", lambda house: house.guest.id),
    "admin/guests/guest/<uuid:guest_id>/block/": ("guest_id", lambda house: house.guest.id),
    "admin/guests/guest/<uuid:guest_id>/unblock/": ("guest_id", lambda house: house.guest.id),
    "admin/guests/guest/<uuid:guest_id>/lift-pause/": ("guest_id", lambda house: house.guest.id),
    **{
        f"admin/guests/batch/<uuid:batch_id>/{page}/": ("batch_id", lambda house: house.batch.id)
        for page in ("start", "pause", "discard", "revoke", "file")
    },
    "admin/applications/application/<uuid:application_id>/remove/": (
        "application_id",
        lambda house: house.application.id,
    ),
    **{
        f"admin/tenants/administrator/<uuid:administrator_id>/{deed}/": (
            "administrator_id",
            lambda house: house.administrator_id,
        )
        for deed in ("remove", "sign-out")
    },
    "admin/tenants/administrator/offers/<uuid:offer_id>/withdraw/": ("offer_id", lambda house: house.offer.id),
    "admin/providers/redemptionorder/provider/<uuid:provider_id>/remove/": (
        "provider_id",
        lambda house: house.provider.id,
    ),
    "admin/providers/redemptionorder/provider/<uuid:provider_id>/domains/": (
        "provider_id",
        lambda house: house.provider.id,
    ),
    "admin/providers/redemptionorder/provider/<uuid:provider_id>/enable/": (
        "provider_id",
        lambda house: house.provider.id,
    ),
    "admin/providers/redemptionorder/provider/<uuid:provider_id>/disable/": (
        "provider_id",
        lambda house: house.provider.id,
    ),
    **{
        f"admin/providers/identityprovider/<uuid:provider_id>/{deed}/": (
            "provider_id",
            lambda house: house.provider.id,
        )
        for deed in ("edit", "test")
    },
    "admin/guests/invitation/<uuid:invitation_id>/resend/": (
        "invitation_id",
        lambda house: house.pending.invitation.id,
    ),
    "admin/guests/invitation/<uuid:invitation_id>/remind/": (
        "invitation_id",
        lambda house: house.pending.invitation.id,
    ),
    "admin/guests/invitation/<uuid:invitation_id>/revoke/": (
        "invitation_id",
        lambda house: house.pending.invitation.id,
    ),
}
MODELS: dict[str, Ids] = {
    "applications/application": lambda house: house.application.id,
    "guests/batch": lambda house: house.batch.id,
    "guests/guest": lambda house: house.guest.id,
    "guests/invitation": lambda house: house.pending.invitation.id,
    "providers/identityprovider": lambda house: house.provider.id,
    "tenants/auditentry": lambda house: house.entry.id,
    "tenants/tenant": lambda house: house.tenant.id,
    "tenants/administrator": lambda house: house.administrator_id,
}
OBJECTS |= {
    f"admin/{model}/<path:object_id>/{page}": ("object_id", thing)
    for model, thing in MODELS.items()
    for page in ("history/", "delete/", "change/", "")
}

# Addresses that name a tenant and nothing else of it: Contoso's cookies open nothing at Fabrikam's door.
OF_A_TENANT = {
    "<tenant:tenant>",
    "<tenant:tenant>/about-you",
    "<tenant:tenant>/about-you/sign-out-elsewhere",
    "<tenant:tenant>/asked",
    "<tenant:tenant>/brand.css",
    "<tenant:tenant>/declined",
    "<tenant:tenant>/invite",
    "<tenant:tenant>/invited",
    "<tenant:tenant>/leave",
    "<tenant:tenant>/left",
    "<tenant:tenant>/logo.png",
    "<tenant:tenant>/permissions",
    "<tenant:tenant>/saml/acs",
    "<tenant:tenant>/saml/metadata",
    "<tenant:tenant>/send-code",
    "<tenant:tenant>/sign-out",
    "<tenant:tenant>/signed-out",
    "<tenant:tenant>/terms",
    "<tenant:tenant>/wsfed",
    "myapps/<tenant:tenant>",
}

# The portal's pages that work in the chosen tenant: the query and the form try to name another.
OF_THE_PORTAL = {
    "admin/",
    "admin/(app_list)",
    "admin/(everything else)",
    "admin/account/",
    "admin/account/authenticator/",
    "admin/account/authenticator/begin/",
    "admin/account/authenticator/qr.svg",
    "admin/account/backup-codes/",
    "admin/account/password/",
    "admin/account/sign-out-others/",
    "admin/applications/application/share/",
    "admin/guests/batch/invite/",
    "admin/guests/batch/invite/template.csv",
    "admin/guests/guest/deleted/",
    "admin/guests/guest/explain/",
    "admin/guests/guest/invite/",
    "admin/guests/guest/remind/",
    "admin/guests/guest/reset-many/",
    "admin/guests/guest/reset/",
    "admin/jsi18n/",
    "admin/login/",
    "admin/outbox/outboundmail/",
    "admin/preview/",
    "admin/providers/identityprovider/custom/",
    "admin/providers/identityprovider/custom/add/",
    "admin/providers/redemptionorder/",
    "admin/providers/redemptionorder/email-passcode/",
    "admin/providers/redemptionorder/email-passcode/guests.csv",
    "admin/providers/redemptionorder/guests-domains/",
    "admin/providers/redemptionorder/known-domains/",
    "admin/providers/redemptionorder/microsoft-account/",
    "admin/providers/redemptionorder/partner/",
    "admin/providers/redemptionorder/partner/add/",
    "admin/providers/redemptionorder/skipping/",
    "admin/providers/redemptionorder/waiting/",
    "admin/tenant/",
    "admin/tenant/offer/accept/",
    "admin/tenant/offer/decline/",
    "admin/tenant/switch/",
    "admin/tenants/administrator/appoint/",
    *(f"admin/tenants/auditentry/{page}/" for page in ("errors", "export", "keeping", "sign-ins", "trace")),
    "admin/tenants/tenant/logo/",
    *(f"admin/{model}/{page}" for model in MODELS for page in ("", "add/")),
    "admin/logout/",  # last: who has signed out can try nothing more
}
OF_NOBODY = {
    "",
    "forget-organizations",
    "livez",
    "mail/events/<slug:provider>/",
    "myapps",
    "organization",
    "other-organizations",
    "readyz",
    "return/<str:kind_id>",
    "robots.txt",
    "sign-in",
    "sign-in-options",
}


def test_B5_every_address_is_in_the_matrix() -> None:
    listed = set(OBJECTS) | OF_A_TENANT | OF_THE_PORTAL | OF_NOBODY
    # The local stack's inbox shows every mail by design, and answers nobody elsewhere (tests/stack/test_inbox.py).
    found = {route for route in routes() if not (settings.LOCAL_STACK and route.startswith("inbox/"))}
    assert found == listed, "a new address needs an entry here: whose thing does it name?"


def ask(client: Client, verb: str, url: str, data: dict[str, Any] | None = None, *, hide: object = "") -> Any:
    """(status, where to, body) of the answer, without what differs between any two."""
    answer = client.post(url, data or {}) if verb == "POST" else client.generic(verb, url)
    gone = str(hide)
    body = b"".join(answer)
    where = plain(answer.headers.get("Location", ""), address=gone)
    return answer.status_code, where, plain(body.decode(errors="replace"), address=gone)


@pytest.fixture
def administrators(fabrikams: House, contosos: House) -> Client:
    """The portal of Contoso's Global Administrator; Fabrikam has one, too."""
    factories.administrator("adele@fabrikam.example", (fabrikams.tenant, Role.GLOBAL_ADMINISTRATOR))
    return signed_in(factories.administrator("carl@contoso.example", (contosos.tenant, Role.GLOBAL_ADMINISTRATOR)))


def as_a_guest(house: House) -> Client:
    """A browser with all cookies of the house's guest, that skips the forms' tokens as an attacker would not."""
    client = Client()
    client.cookies.update(house.browser.client.cookies)
    return client


def unknown(real: object) -> object:
    """A thing of the same shape that never was."""
    if isinstance(real, int):
        return real + 1_000_000
    return uuid4().hex[:11] + "A" * 32 if isinstance(real, str) else uuid4()


FORM = {"answer": "accept", "version": "1", "code": "12345678", "email": "somebody@nowhere.example", "post": "yes"}


def asked(route: str, house: House, at: House) -> Iterator[tuple[str, object]]:
    """The address with the house's own thing, at its own door or another's, and then with an unknown one."""
    name, thing = OBJECTS[route]
    real = thing(house)
    for value in (real, unknown(real)):
        rest = {other: at.domain if other == "tenant" else "x" for other in placeholders(route) if other != name}
        url = filled(route, **{name: value}, **rest)
        yield (f"{url}?tenantId={at.tenant.id}" if route.startswith("signin/") else url), value


# One verb at a time, since each test is one transaction and PostgreSQL ends those that last 30 s.
@pytest.mark.parametrize("verb", VERBS)
def test_B5_nobody_reaches_a_thing_of_another_tenant(
    fabrikams: House, contosos: House, administrators: Client, verb: str
) -> None:
    before, wrong = snapshot(fabrikams.tenant), list[object]()
    for route in OBJECTS:
        clients = [administrators] if route.startswith("admin/") else [as_a_guest(contosos), Client()]
        # A link and an application's name open Fabrikam's own door to anybody: there they are no secret.
        doors = [contosos] if "ticket" in route or route.startswith("signin/") else [contosos, fabrikams]
        for client in clients:
            for door in doors:
                (url, real), (other, none) = asked(route, fabrikams, door)
                found = ask(client, verb, url, FORM, hide=real)
                expected = ask(client, verb, other, FORM, hide=none)
                is_asking = route.endswith("/ask") and verb == "POST"  # answers everybody alike, whatever the link
                if found != expected or (found[0] not in REFUSED and verb != "OPTIONS" and not is_asking):
                    wrong.append((verb, url, found[:2], expected[:2]))
                wrong += [(verb, url, word) for word in fabrikams.words if word in found[2]]
        if snapshot(fabrikams.tenant) != before:
            wrong.append((route, "changed Fabrikam's rows"))
            before = snapshot(fabrikams.tenant)
    assert wrong == []


SAME_FOR_ALL = (
    "/ask",
    "return/<uuid:provider_id>",
    "/switch",
    "/delete/",
    "<path:object_id>/",
    "auditentry/<path:object_id>/history/",
)
"""Ends of addresses that answer alike for a thing of one's own and for none at all."""


def test_B5_the_same_addresses_do_answer_whose_thing_it_is(fabrikams: House) -> None:
    """Else the tests here would compare one page for what is not there with another."""
    factories.administrator("adele@fabrikam.example", (fabrikams.tenant, Role.GLOBAL_ADMINISTRATOR))
    # Another one signs in: the first is signed out and removed on the way.
    grace = factories.administrator("grace@fabrikam.example", (fabrikams.tenant, Role.GLOBAL_ADMINISTRATOR))
    portal, alike = signed_in(grace), list[object]()
    for route in OBJECTS:
        if route.endswith(SAME_FOR_ALL):
            continue
        client = portal
        if not route.startswith("admin/"):
            client = Client()
            client.cookies.update(fabrikams.waiting.client.cookies)
        (url, real), (other, none) = asked(route, fabrikams, fabrikams)
        if all(ask(client, verb, url, hide=real) == ask(client, verb, other, hide=none) for verb in ("GET", "POST")):
            alike.append((route, ask(client, "GET", url)[:2]))
    assert alike == []


def test_B5_a_guest_of_one_tenant_is_a_stranger_to_another(fabrikams: House, contosos: House) -> None:
    before, wrong = snapshot(fabrikams.tenant), list[object]()
    for route in sorted(OF_A_TENANT):
        for name in (fabrikams.domain, fabrikams.tenant.id):
            url = filled(route, tenant=name)
            for verb in VERBS:
                found, expected = ask(as_a_guest(contosos), verb, url), ask(Client(), verb, url)
                if found != expected:
                    wrong.append((verb, url, found[:2], expected[:2]))
                wrong += [(verb, url, word) for word in fabrikams.words if word in found[2]]
    assert wrong == []
    assert snapshot(fabrikams.tenant) == before


@pytest.mark.parametrize("verb", VERBS)
def test_B5_the_portal_shows_and_changes_the_chosen_tenant_only(
    fabrikams: House, contosos: House, administrators: Client, verb: str
) -> None:
    before, wrong = snapshot(fabrikams.tenant), list[object]()
    guest, invitation = fabrikams.guest.id, fabrikams.pending.invitation.id
    query = f"?q=nicole&id={guest}&guest={guest}&tenant={fabrikams.tenant.id}&tenant_id={fabrikams.tenant.id}"
    form = FORM | {
        "tenant": str(fabrikams.tenant.id),
        "tenant_id": str(fabrikams.tenant.id),
        "action": "reset_chosen",
        "_selected_action": [str(guest), str(invitation), str(fabrikams.application.id)],
        "id": str(guest),
        "sends_mail": "",
    }
    for route in sorted(OF_THE_PORTAL, key=lambda route: (route == "admin/logout/", route)):
        path = "/" + route.replace("(app_list)", "guests/").replace("(everything else)", "nothing/here")
        for url in (path, f"{path}?q=nicole", path + query):
            status, where, body = ask(administrators, verb, url, form)
            wrong += [(verb, url, status, word) for word in fabrikams.words if word in body.replace(query, "")]
            if str(fabrikams.tenant.id) in where:
                wrong.append((verb, url, where))
        if snapshot(fabrikams.tenant) != before:
            wrong.append((route, "changed Fabrikam's rows"))
            before = snapshot(fabrikams.tenant)
    assert wrong == []


def test_B5_the_common_pages_name_no_guest_and_change_nothing(fabrikams: House, contosos: House) -> None:
    before, wrong = snapshot(fabrikams.tenant), list[object]()
    for route in sorted(OF_NOBODY):
        for verb in VERBS:
            for url in (f"/{route}", f"/{route}?tenantid={fabrikams.tenant.id}&tenantId={fabrikams.domain}"):
                _, _, body = ask(as_a_guest(contosos), verb, url, {"organization": "fabrikam", "email": "a@b.example"})
                wrong += [(verb, url, word) for word in fabrikams.words if word in body]
    assert wrong == []
    assert snapshot(fabrikams.tenant) == before
