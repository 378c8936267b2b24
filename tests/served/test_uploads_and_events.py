"""The larger bodies, in chunks through each proxy: a file of guests and a mail provider's events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tenants.models import Tenant
from tenants.roles import Role
from tests import factories
from tests.doors.bulk import UPLOAD, lines
from tests.doors.portal import signed_in
from tests.served import wire
from tests.served.conftest import EVENTS_SECRET, Nodes
from tests.served.shipped import Proxy
from tests.served.wire import Visitor, chunks, head


@pytest.fixture(scope="module")
def portal_cookies(nodes: Nodes, django_db_blocker: Any) -> dict[str, str]:
    """The cookies of an administrator who has given both factors."""
    with django_db_blocker.unblock():
        tenant = Tenant.objects.get(id=nodes.tenant_id)
        administrator = factories.administrator("adele@served.example", (tenant, Role.GLOBAL_ADMINISTRATOR))
        client = signed_in(administrator, tenant)
    return {f"__Host-{name}": cookie.value for name, cookie in client.cookies.items()}


def parts(token: str, file: bytes) -> bytes:
    disposition = b"\r\nContent-Disposition: form-data; name="
    return (
        b'--end%b"csrfmiddlewaretoken"\r\n\r\n%b\r\n' % (disposition, token.encode())
        + b'--end%b"file"; filename="guests.csv"\r\nContent-Type: text/csv\r\n\r\n' % disposition
        + file
        + b"\r\n--end--\r\n"
    )


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_R54_a_file_of_guests_above_the_other_pages_limit_arrives(
    proxy: Proxy, portal_cookies: dict[str, str], framing: str
) -> None:
    browser = Visitor(proxy)
    browser.cookies = dict(portal_cookies)
    assert browser.open(UPLOAD).status == 200
    file = lines(*(f"{proxy.name}-{framing}-{n}@many.example,,true,{'Hello ' * 40},Guest {n}" for n in range(10_000)))
    assert len(file) > 2_200_000
    answer = browser.post_raw(UPLOAD, parts(browser.token, file), "multipart/form-data; boundary=end", framing=framing)
    assert (answer.status, answer.headers.get("location", "")[:20]) == (302, "/admin/guests/batch/"), answer.text[:500]


def test_a_mail_providers_events_are_read_in_chunks(proxy: Proxy) -> None:
    event = {"RecordType": "Delivery", "MessageID": "provider-9", "Recipient": "a@b.example"}
    event |= {"DeliveredAt": "2026-12-01T00:00:00Z", "Details": "a" * 100_000}
    secret = base64.b64encode(EVENTS_SECRET.encode()).decode()
    kind = "Content-Type: application/json"
    asked = head("POST", "/mail/events/postmark/", kind, f"Authorization: Basic {secret}", "Transfer-Encoding: chunked")
    body = json.dumps(event).encode()
    assert wire.send(proxy, asked, chunks(body[:50], body[50:])).status == 200
    stranger = head("POST", "/mail/events/postmark/", kind, "Transfer-Encoding: chunked")
    assert wire.send(proxy, stranger, chunks(body)).status == 403
