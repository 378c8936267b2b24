"""Events that come in large batches, before the sender has settled the mail, or without a name that we gave."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from anymail.backends.base import BasePayload
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django import Settings

from outbox import delivery, kinds, operations
from outbox.models import OutboundMail, State
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.outbox.conftest import Enqueue
from tests.outbox.letters import address_of
from tests.outbox.test_events import NAME_AND_WORD, fresh, lines, post_postmark, postmark_event, taken

pytestmark = [
    pytest.mark.django_db,
    # anymail goes on with SendGrid, and says that it no longer tests it.
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
]


@pytest.fixture
def postmark(settings: Settings, letters: None) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "WEBHOOK_SECRET": NAME_AND_WORD}


@pytest.fixture
def mail(fabrikam: Tenant, enqueue: Enqueue, letters: None) -> OutboundMail:
    """A letter of Fabrikam's that nobody has taken up."""
    with tenant_scope(fabrikam.id):
        return enqueue("letter")


class Carrier(http.server.BaseHTTPRequestHandler):
    """Postmark's API as far as it takes a mail; `carried` is what it was given to carry along."""

    def do_POST(self) -> None:  # the library's name
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.carried.append(asked.get("Metadata"))
        to = asked["To"]
        body = json.dumps({"ErrorCode": 0, "Message": "OK", "MessageID": "provider-9", "To": to}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    carried: list[Any]

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def carrier(settings: Settings, postmark: None) -> Iterator[type[Carrier]]:
    answers = type("Answers", (Carrier,), {"carried": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_port}/"}
        yield answers
        server.shutdown()


def our_name(mail: OutboundMail) -> dict[str, str]:
    return {delivery.OUR_NAME: mail.message_id.strip("<>")}


def test_R18_a_provider_carries_our_name_of_the_mail(carrier: type[Carrier], mail: OutboundMail) -> None:
    with tenant_scope(mail.tenant_id):
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
        assert operations.deliver(claimed=claimed) == State.HANDED_OVER
    assert carrier.carried == [our_name(mail)]
    assert fresh(mail).provider_message_id == "provider-9"


@pytest.mark.parametrize(("kind", "state"), [("Delivery", State.DELIVERED), ("Bounce", State.BOUNCED)])
def test_R18_news_before_the_sender_has_settled_the_mail_are_kept(
    postmark: None, mail: OutboundMail, contoso: Tenant, kind: str, state: State
) -> None:
    with tenant_scope(mail.tenant_id):
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
    event = postmark_event("provider-9", kind, address_of(mail.subject_id), Metadata=our_name(mail), Type="HardBounce")
    assert post_postmark(event).status_code == 200
    assert fresh(mail).state == state
    with tenant_scope(mail.tenant_id):
        settled = operations.settle(
            claimed=claimed, state=State.HANDED_OVER, reason="", provider_message_id="provider-9", to="x@y.example"
        )
    assert settled == state
    assert (fresh(mail).state, mail.provider_message_id) == (state, "provider-9")
    assert lines(mail) == [(f"mail.{state}", "failed" if state == State.BOUNCED else "success")]
    with tenant_scope(contoso.id):
        assert AuditEntry.objects.count() == 0


def test_R18_a_bounce_by_the_providers_name_alone_is_found_after_an_early_delivery(
    postmark: None, mail: OutboundMail
) -> None:
    with tenant_scope(mail.tenant_id):
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
    to = address_of(mail.subject_id)
    post_postmark(postmark_event("provider-9", to=to, Metadata=our_name(mail)))
    with tenant_scope(mail.tenant_id):
        operations.settle(claimed=claimed, state=State.HANDED_OVER, reason="", provider_message_id="provider-9")
    post_postmark(postmark_event("provider-9", "Bounce", to, Type="HardBounce"))
    assert fresh(mail).state == State.BOUNCED


def test_R18_an_early_failure_of_the_connection_sends_nothing_again(postmark: None, mail: OutboundMail) -> None:
    with tenant_scope(mail.tenant_id):
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
    post_postmark(postmark_event("provider-9", to=address_of(mail.subject_id), Metadata=our_name(mail)))
    with tenant_scope(mail.tenant_id):
        assert operations.settle(claimed=claimed, state=State.FAILED, reason="no answer") == State.DELIVERED
    assert fresh(mail).state == State.DELIVERED


def test_R18_our_own_name_goes_before_the_providers(
    postmark: None, mail: OutboundMail, contoso: Tenant, enqueue: Enqueue
) -> None:
    with tenant_scope(contoso.id):
        other = taken(enqueue("letter"), "provider-9")
    post_postmark(postmark_event("provider-9", to=address_of(mail.subject_id), Metadata=our_name(mail)))
    assert fresh(mail).state == State.DELIVERED
    assert fresh(other).state == State.HANDED_OVER
    assert lines(other) == []


@pytest.mark.parametrize("metadata", [7, [], "text", {delivery.OUR_NAME: 7}, {delivery.OUR_NAME: "somebody@else"}])
def test_R18_what_is_not_our_name_is_passed_over(postmark: None, mail: OutboundMail, metadata: object) -> None:
    with tenant_scope(mail.tenant_id):
        taken(mail, "provider-9")
    answer = post_postmark(postmark_event("provider-9", to=address_of(mail.subject_id), Metadata=metadata))
    assert answer.status_code in (200, 400)
    if isinstance(metadata, dict):
        assert fresh(mail).state == State.DELIVERED


@pytest.mark.parametrize("provider", sorted(set(kinds._CLASSES) - {"amazon_ses"}))  # its library is not installed here
def test_R18_our_name_goes_to_every_provider_that_carries_one_and_to_no_other(provider: str) -> None:
    backend = import_string(f"anymail.backends.{provider}.EmailBackend")
    module = import_string(f"anymail.backends.{provider}")
    payloads: list[Any] = [
        one for one in vars(module).values() if isinstance(one, type) and issubclass(one, BasePayload)
    ]
    carries = any(one.set_metadata is not BasePayload.set_metadata for one in payloads)
    assert carries == (backend.esp_name not in delivery._CARRY_NOTHING)


@pytest.fixture
def sendgrid(settings: Settings, letters: None) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.sendgrid.EmailBackend"
    settings.ANYMAIL = {"SENDGRID_API_KEY": "key", "WEBHOOK_SECRET": NAME_AND_WORD}


def post_sendgrid(body: str, secret: str = NAME_AND_WORD) -> Any:
    return Client().post(
        "/mail/events/sendgrid/",
        body,
        content_type="application/json",
        headers={"authorization": basic(secret)},
    )


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(secret.encode()).decode()


def batch(mail: OutboundMail, others: int) -> str:
    """As SendGrid posts it: many events, ours last."""
    said = "250 2.0.0 OK " + "x" * 400
    event = {"event": "delivered", "timestamp": 1795375864, "response": said, "email": "x@y.example"}
    rest = [{**event, "sg_event_id": f"e{one}", "smtp-id": f"<{one}@y.example>"} for one in range(others)]
    last = {**event, "email": address_of(mail.subject_id), "sg_event_id": "last", **our_name(mail)}
    return json.dumps([*rest, last])


def test_R18_it_takes_a_thousand_events_at_once(sendgrid: None, mail: OutboundMail) -> None:
    with tenant_scope(mail.tenant_id):
        taken(mail, "")
    body = batch(mail, 999)
    assert len(body) > 500_000
    assert post_sendgrid(body).status_code == 200
    assert fresh(mail).state == State.DELIVERED


def test_R18_it_takes_a_thousand_events_of_a_form(settings: Settings, letters: None) -> None:
    """Mandrill posts a form, and signs it: what is unsigned is refused, and not for its size."""
    settings.EMAIL_BACKEND = "anymail.backends.mandrill.EmailBackend"
    settings.ANYMAIL = {"MANDRILL_API_KEY": "key", "MANDRILL_WEBHOOK_KEY": "key"}
    body = "mandrill_events=" + "x" * 1_000_000
    answer = Client().post("/mail/events/mandrill/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 403


def test_R18_more_than_two_megabytes_are_refused(sendgrid: None, mail: OutboundMail) -> None:
    assert post_sendgrid("x" * (2 * 1024 * 1024 + 1)).status_code == 413


def test_R18_without_the_secret_no_body_is_read(sendgrid: None) -> None:
    class Unread:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    unread: dict[str, Any] = {"wsgi.input": Unread(), "CONTENT_LENGTH": "1000000"}
    answer = Client().generic(
        "POST",
        "/mail/events/sendgrid/",
        content_type="application/json",
        headers={"authorization": basic("somebody:else")},
        **unread,
    )
    assert answer.status_code == 403
