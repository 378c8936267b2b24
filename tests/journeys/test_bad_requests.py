"""Requests that no page of ours would send: they are refused with a clear page, change nothing, and never break."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings

from guests.operations.inviting import Invited
from tenants.models import Tenant
from tests.journeys.browser import Browser, Page
from tests.journeys.conftest import Invite
from tests.journeys.stories import (
    ask,
    ask_by_address,
    attempts,
    minutes,
    owned_rows,
    pass_time,
    path_of,
    sessions,
    sign_in,
)

PATHS = {
    "front door": "/fabrikam.example",
    "send code": "/fabrikam.example/send-code",
    "link": "{link}",
    "enter code": "{code}",
    "send again": "{code}/again",
    "permissions": "/fabrikam.example/permissions",
    "terms": "/fabrikam.example/terms",
    "organization": "/organization",
    "common": "/",
}


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


@pytest.fixture
def invited(fabrikam: Tenant, invite: Invite) -> Invited:
    return invite(fabrikam)


@pytest.fixture
def paths(fabrikam: Tenant, invited: Invited, nicoles: Browser) -> dict[str, str]:
    """Every address that takes a form, with a flow in progress."""
    ask(nicoles, fabrikam, invited.link)
    link = path_of(invited.link)
    return {name: path.format(link=link, code=nicoles.page.url) for name, path in PATHS.items()}


def send(browser: Browser, url: str, data: dict[str, str]) -> Page:
    """Post what no form of ours would, with the cookie's token."""
    token = browser.client.cookies["vestibule-csrf"].value
    return Page(browser.client.post(url, data | {"csrfmiddlewaretoken": token}), url)


@pytest.mark.parametrize("name", PATHS)
def test_it_refuses_an_oversized_body_unread(
    fabrikam: Tenant, paths: dict[str, str], nicoles: Browser, name: str
) -> None:
    before = owned_rows(fabrikam)
    page = send(nicoles, paths[name], {"code": "1" * 70_000, "email": "a", "answer": "accept"})
    assert (page.status, page.heading) == (413, "That is too large")
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.response.headers["Content-Security-Policy"]
    assert owned_rows(fabrikam) == before


@pytest.mark.parametrize("name", PATHS)
def test_it_refuses_a_body_with_too_many_fields(
    fabrikam: Tenant, paths: dict[str, str], nicoles: Browser, name: str
) -> None:
    before = owned_rows(fabrikam)
    page = send(nicoles, paths[name], {f"f{n}": "" for n in range(1300)})
    assert page.status in (400, 413)
    assert page.heading
    assert owned_rows(fabrikam) == before


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe\x00=\x80", "application/x-www-form-urlencoded"),
        (b"%ff%fe=%00&email=%00&code=%00&organization=%00&answer=%00", "application/x-www-form-urlencoded"),
        (b'{"email": "nicole@firstupconsultants.com"}', "application/json"),
        (b"--x\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=x"),
        (b"email=a", "multipart/form-data"),
        (b"email=a", "application/x-www-form-urlencoded; charset=utf-7"),
        (b"", "text/plain"),
    ],
    ids=["not UTF-8", "NUL", "JSON", "cut off", "no boundary", "odd charset", "empty"],
)
def test_it_answers_an_unreadable_body_with_a_page_of_its_own(
    fabrikam: Tenant, paths: dict[str, str], nicoles: Browser, name: str, body: bytes, kind: str
) -> None:
    before = owned_rows(fabrikam)
    token = nicoles.client.cookies["vestibule-csrf"].value
    answer = nicoles.client.generic("POST", paths[name], body, content_type=kind, headers={"x-csrftoken": token})
    page = Page(answer, paths[name])
    if page.status not in (302, 303):
        assert 400 <= page.status < 500 or page.status == 429
        assert page.heading
    assert (attempts(fabrikam), sessions(fabrikam)) == (0, 0)
    if name not in ("link", "send again"):  # these need no field: whatever else stands in the body is ignored
        assert owned_rows(fabrikam) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("name", PATHS)
def test_it_takes_no_other_method(
    fabrikam: Tenant, paths: dict[str, str], nicoles: Browser, name: str, method: str
) -> None:
    before = owned_rows(fabrikam)
    token = nicoles.client.cookies["vestibule-csrf"].value
    answer = nicoles.client.generic(method, paths[name], b"", headers={"x-csrftoken": token})
    assert answer.status_code == 405
    assert owned_rows(fabrikam) == before


@pytest.mark.parametrize("name", PATHS)
def test_it_refuses_a_form_without_its_cookie(
    fabrikam: Tenant, paths: dict[str, str], nicoles: Browser, name: str
) -> None:
    before = owned_rows(fabrikam)
    answer = nicoles.client.post(paths[name], {"email": "a@b.example", "code": "12345678", "answer": "accept"})
    page = Page(answer, paths[name])
    assert (page.status, page.heading) == (403, "Please start again")
    assert owned_rows(fabrikam) == before


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "nicole",
        "nicole@",
        "@firstupconsultants.com",
        "nicole@@firstupconsultants.com",
        "nicole@localhost",
        "nicole@[127.0.0.1]",
        '"nicole wagner"@firstupconsultants.com',
        "nicole@firstupconsultants.com\r\nBcc: everybody@evil.example",
        "nicole\x00@firstupconsultants.com",
        "nicole@firstup\u202econsultants.com",
        "ni\u0441ole@firstupconsultants.com",  # a Cyrillic letter
        "=?utf-8?q?nicole?=@firstupconsultants.com",
        "a" * 65 + "@firstupconsultants.com",
        "n@" + "a" * 250 + ".com",
        "nicole@firstupconsultants.com, kim@firstupconsultants.com",
        "<b>nicole</b>@firstupconsultants.com",
        "9" * 20_000,
    ],
)
def test_R70_an_address_that_cannot_be_used_is_an_error_on_the_form(
    fabrikam: Tenant, nicoles: Browser, typed: str
) -> None:
    before = owned_rows(fabrikam)
    for url in ("/fabrikam.example", "/"):
        nicoles.open(url)
        page = nicoles.submit("email", email=typed)
        assert page.status == 422
        assert page.source.startswith("<!doctype html>")
        assert "<title>Error: " in page.source
        assert 'aria-invalid="true"' in page.source
        assert "<b>nicole" not in page.source
    page = send(nicoles, "/fabrikam.example/send-code", {"email": typed})
    assert page.status == 422
    assert owned_rows(fabrikam) == before


@pytest.mark.parametrize(
    "path",
    [
        "/fabrikam.example/sign-in/not-a-flow",
        "/fabrikam.example/nothing",
        "/fabrikam.example/redeem/",
        "/fabrikam.example/redeem/a/b",
        "/%00.example",
        "/..%2f..%2fetc/passwd",
        "/a..b",
        "/.example",
        "/fabrikam.example.",
        "/127.0.0.1",
        "/" + "a" * 4000 + ".example",
        "/" + "a." * 200 + "example",
        "/xn--a.example",
        "/%F0%9F%92%A9.example",
        "/myapps/%00.example",
        "/signin/x/not-an-id?tenantId=fabrikam.example",
        "/wp-login.php",
        "/.git/config",
    ],
)
def test_it_answers_an_odd_address_with_the_page_for_what_is_not_there(
    fabrikam: Tenant, nicoles: Browser, path: str
) -> None:
    page = nicoles.open(path)
    assert page.status == 404
    assert page.heading


@pytest.mark.parametrize("query", ["%00", "%ff", "a" * 4000, "[]", "fabrikam.example%00", "%F0%9F%92%A9", ""])
@pytest.mark.parametrize("name", ["tenantid", "next", "to", "skip", "method", "sent"])
def test_it_is_not_troubled_by_odd_queries(
    fabrikam: Tenant, invited: Invited, nicoles: Browser, name: str, query: str
) -> None:
    link = path_of(invited.link)
    for path in ("/myapps", "/fabrikam.example", link, f"/signin/x/{uuid4()}", "/myapps/fabrikam.example"):
        assert nicoles.open(f"{path}?{name}={query}").status in (200, 404, 410), path


def test_it_is_not_troubled_by_odd_cookies_and_headers(fabrikam: Tenant, invited: Invited) -> None:
    for value in ("", "x", "a" * 4000, "é", '"quoted"', "a:b:c", "%00", "null"):
        pass_time(fabrikam, minutes(60 * 24))  # the budgets are another story
        browser = Browser()
        browser.open("/fabrikam.example")
        for name in ("browser", f"guest-{fabrikam.id.hex}", f"device-{fabrikam.id.hex}", "portal"):
            browser.client.cookies[f"vestibule-{name}"] = value
        for path in (
            f"/fabrikam.example/sign-in/{uuid4()}",
            "/fabrikam.example/permissions",
            "/myapps/fabrikam.example",
        ):
            assert browser.open(path).status in (200, 403), (path, value)
        assert ask_by_address(browser, fabrikam, "nicole@firstupconsultants.com").status == 200
    odd = {"x-forwarded-for": "é, ,999.1.1.1", "user-agent": "☃".encode().decode("latin-1") * 500, "referer": "://"}
    browser = Browser(**odd)
    pass_time(fabrikam, minutes(60 * 24))
    assert sign_in(browser, fabrikam, invited.link).heading == "My Apps"


def test_it_refuses_a_host_that_is_not_its_own(fabrikam: Tenant) -> None:
    for host in ("evil.example", "testserver.evil.example", "testserver@evil.example", "", "a b"):
        answer = Browser().client.get("/fabrikam.example", headers={"host": host})
        assert answer.status_code == 400
        assert host == "" or host not in answer.content.decode()


def test_links_in_mails_never_come_from_the_request(fabrikam: Tenant, invited: Invited) -> None:
    assert invited.link.startswith(f"{settings.PUBLIC_URL}/fabrikam.example/redeem/")


@pytest.mark.parametrize("version", ["", "0", "-1", "2", "1e9", "９", "9" * 40, "\x00"])
def test_R22_odd_versions_of_the_terms_are_not_taken_for_a_yes(
    fabrikam: Tenant, invited: Invited, nicoles: Browser, version: str
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(terms_text="Be kind.", terms_version=1)
    code = ask(nicoles, fabrikam, invited.link)
    nicoles.submit("code", code=code)
    nicoles.submit("Accept", button=("answer", "accept"))
    before = owned_rows(fabrikam)
    page = send(nicoles, "/fabrikam.example/terms", {"answer": "accept", "version": version})
    assert page.response.headers["Location"] == "/fabrikam.example/terms"
    assert owned_rows(fabrikam) == before
