"""Every page keeps the headers, the cookies' flags and the strict Content-Security-Policy (SAFETY, standing rules)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config import urls
from tenants.roles import Role
from tests import factories
from tests.doors.portal import sign_in_form, signed_in
from tests.house.addresses import filled, placeholders, routes
from tests.house.furniture import House
from tests.house.reading import Page
from tests.house.test_settings import SHELL, run
from tests.house.test_tenant_matrix import OBJECTS
from tests.journeys.browser import Browser

POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
KEPT_FOR_GOOD = ("/brand.css", "/logo.png", "/saml/metadata")
"""Addresses that carry a digest of what they hold, and a tenant's metadata, which is for everybody for an hour."""


def breaks(request: HttpRequest) -> HttpResponse:
    """A view with a mistake of ours."""
    raise ZeroDivisionError


urlpatterns = [*urls.urlpatterns, path("breaks", breaks)]
handler400, handler403, handler404, handler500 = (getattr(urls, f"handler{status}") for status in (400, 403, 404, 500))


OTHERS_FAULTS = ("readyz", "/arrived")
"""Ends of addresses that answer 5xx for what somebody else did: a server that is away, a provider's bad answer."""


def faults(answer: Any, url: str) -> Iterator[str]:
    """What is wrong with the headers and the page."""
    headers = answer.headers
    is_kept = answer.status_code == 200 and url.partition("?")[0].endswith(KEPT_FOR_GOOD)
    if ("no-store" in headers.get("Cache-Control", "")) == is_kept:
        yield f"Cache-Control: {headers.get('Cache-Control')}"
    if headers.get("Referrer-Policy") != "same-origin":
        yield "Referrer-Policy"
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "X-Content-Type-Options"
    if headers.get("X-Frame-Options") != "DENY":
        yield "X-Frame-Options"
    told = (part.strip().partition(" ") for part in headers.get("Content-Security-Policy", "").split(";"))
    if {name: value for name, _, value in told} != POLICY:
        yield f"Content-Security-Policy: {headers.get('Content-Security-Policy')}"
    if "Server" in headers or "X-Powered-By" in headers:
        yield "it names its software"
    if headers.get("Content-Type", "").startswith("text/html"):
        yield from inline(answer.content.decode())
    for cookie in answer.cookies.values():
        if cookie.key.startswith("vestibule"):
            flags = (bool(cookie["httponly"]), cookie["samesite"], cookie["path"], bool(cookie["domain"]))
            if flags != (bool(cookie.value), "Lax", "/", False):  # one that is taken back holds nothing to read
                yield f"cookie {cookie.key}: {flags}"
        elif cookie.key != "messages":
            yield f"a cookie that nobody knows: {cookie.key}"


def inline(source: str) -> Iterator[str]:
    """What the policy would stop."""
    page = Page(source)
    if page.all("style"):
        yield "<style>"
    for element in page.elements:
        for name, value in element.attributes.items():
            if name == "style" or name.startswith("on"):
                yield f"<{element.tag} {name}>"
            if value and value.strip().lower().startswith(("javascript:", "data:")):
                yield f"<{element.tag} {name}={value[:20]}>"
    for script in page.all("script"):
        if script.text.strip() or not script.attributes.get("src", "").startswith("/"):
            yield "<script> without a file of ours"


def own(route: str, house: House) -> str:
    """The address with the house's own things."""
    values = {name: house.domain if name == "tenant" else "x" for name in placeholders(route)}
    if route in OBJECTS:
        name, thing = OBJECTS[route]
        values[name] = str(thing(house))
    url = filled(route, **values).replace("(app_list)", "guests/").replace("(everything else)", "nothing/here")
    return f"{url}?tenantId={house.tenant.id}&id={house.guest.id}" if "<" in route or "reset" in route else url


@pytest.fixture
def administrator(fabrikams: House) -> Client:
    """Fabrikam's Global Administrator in the portal."""
    adele = factories.administrator("adele@fabrikam.example", (fabrikams.tenant, Role.GLOBAL_ADMINISTRATOR))
    return signed_in(adele)


def test_every_page_keeps_the_headers_and_has_nothing_inline(fabrikams: House, administrator: Client) -> None:
    guests = [fabrikams.browser.client, fabrikams.waiting.client, Client()]
    wrong, seen = list[object](), set[int]()
    pages = [route for route in routes() if not route.startswith("inbox/")]
    for route in sorted(pages, key=lambda route: ("logout" in route or "sign-out" in route, route)):
        url = own(route, fabrikams)
        for client in [administrator, Client()] if route.startswith("admin/") else guests:
            client.raise_request_exception = False
            for verb in ("get", "head", "post", "put"):
                answer = getattr(client, verb)(url)
                seen.add(answer.status_code)
                wrong += [(verb, url, answer.status_code, fault) for fault in faults(answer, url)]
                if answer.status_code >= 500 and not route.endswith(OTHERS_FAULTS):
                    wrong.append((verb, url, answer.status_code))
    assert wrong == []
    assert {200, 302, 403, 404, 405, 422} <= seen  # the pages of refusals among them


@pytest.mark.urls(__name__)
def test_the_pages_for_what_went_wrong_keep_them_too(fabrikams: House) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answers = {
        400: client.get("/", headers={"host": "evil.example"}),
        403: client.post("/fabrikam.example", {"email": "a"}),
        404: client.get("/unknown.example"),
        405: Client().put("/fabrikam.example"),
        410: client.get(f"/fabrikam.example/redeem/{'A' * 43}"),
        413: client.post("/fabrikam.example", {"email": "a" * 70_000}),
        500: client.get("/breaks"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert list(faults(answer, "/")) == [], status


def test_signing_in_to_the_portal_keeps_them(fabrikams: House) -> None:
    factories.administrator("adele@fabrikam.example", (fabrikams.tenant, Role.GLOBAL_ADMINISTRATOR))
    client = Client()
    for answer in (
        client.get("/admin/login/"),
        client.post("/admin/login/", sign_in_form("adele@fabrikam.example", password="wrong")),
        client.post("/admin/login/", sign_in_form("adele@fabrikam.example", code="000000")),
    ):
        assert list(faults(answer, "/admin/login/")) == []


def test_the_cookies_of_a_guest_are_five_and_no_page_reads_them(fabrikams: House) -> None:
    whose = fabrikams.tenant.id.hex
    cookies = fabrikams.browser.client.cookies
    named = {"vestibule-csrf", "vestibule-browser", "vestibule-organizations"}
    named |= {f"vestibule-guest-{whose}", f"vestibule-device-{whose}"}
    assert set(cookies) == named
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["secure"]  # http on this machine: Python's own clients would send none
    assert cookies[f"vestibule-guest-{whose}"]["max-age"] == 24 * 3600
    for kept in (f"vestibule-device-{whose}", "vestibule-organizations"):
        assert cookies[kept]["max-age"] == 90 * 24 * 3600


def test_signing_out_takes_the_sessions_cookie_back(fabrikams: House) -> None:
    browser: Browser = fabrikams.browser
    browser.open("/myapps/fabrikam.example")
    browser.submit("Sign out")
    cookie = browser.client.cookies[f"vestibule-guest-{fabrikams.tenant.id.hex}"]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/")


OVER_HTTPS = f"""
{SHELL}
from types import SimpleNamespace
from uuid import UUID
from django.http import HttpResponse
from django.test import Client
from guests import sessions
answer = Client().get("/", secure=True, headers={{"host": "guests.example.org"}})
tenant = SimpleNamespace(id=UUID(int=7))
sessions.remember_browser(answer, "secret")
sessions.remember_session(answer, tenant, SimpleNamespace(token="token"))
print(answer.cookies.output(header=""))
kept = HttpResponse()
sessions.forget_session(kept, tenant)
print(kept.cookies.output(header=""))
print("HSTS", answer.headers["Strict-Transport-Security"])
print("PLAIN", Client().get("/", headers={{"host": "guests.example.org"}}).headers["Location"])
"""


def test_over_https_every_cookie_is_bound_to_the_host() -> None:
    done = run(["-c", OVER_HTTPS], LOCAL_STACK="true")
    lines = done.stdout.strip().splitlines()
    *cookies, hsts, plain = lines
    assert len(cookies) == 4, done.stderr
    for cookie in cookies:
        assert cookie.strip().startswith("__Host-vestibule-")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie
    assert all("HttpOnly" in cookie for cookie in cookies[:3])
    assert hsts == "HSTS max-age=31536000; includeSubDomains; preload"
    assert plain == "PLAIN https://guests.example.org/"
