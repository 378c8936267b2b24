"""A mail provider's API answers instead of an SMTP server."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from pytest_django import Settings

from outbox import conversation, delivery
from outbox.delivery import Cause, HandedOver, NotHandedOver
from tests.outbox.letters import RENDERERS


class Provider(http.server.BaseHTTPRequestHandler):
    """Mailgun's API as far as it says yes or no."""

    status = 200
    retry_after = ""
    body = b'{"id": "<1@provider.example>", "message": "Queued"}'
    trickles = False
    cut = threading.Event()

    def do_POST(self) -> None:  # the library's name
        self.rfile.read(int(self.headers["Content-Length"]))
        body = self.body
        self.send_response(self.status)
        if self.retry_after:
            self.send_header("Retry-After", self.retry_after)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) + 200 * self.trickles))
        self.end_headers()
        if self.trickles:
            body = b" " * 200 + body
        for at in range(0, len(body), 1 if self.trickles else len(body)):
            try:
                self.wfile.write(body[at:] if not self.trickles else body[at : at + 1])
            except OSError:
                self.cut.set()
                return
            if self.trickles:
                time.sleep(0.1)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def provider(settings: Settings) -> Iterator[type[Provider]]:
    """A provider that listens here and answers with `status` and `retry_after`."""
    answers = type("Answers", (Provider,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
        settings.ANYMAIL = {
            "MAILGUN_API_KEY": "key",
            "MAILGUN_SENDER_DOMAIN": "guests.example",
            "MAILGUN_API_URL": f"http://127.0.0.1:{server.server_port}/v3",
        }
        settings.OUTBOX_RENDERERS = RENDERERS
        yield answers
        server.shutdown()


def sent() -> object:
    letter = delivery.render("letter", uuid4())
    assert isinstance(letter, delivery.Message)
    return delivery.hand_over(letter, message_id="<1@guests.example>", may_leave=lambda: True)


def test_it_hands_over_to_a_provider(provider: type[Provider]) -> None:
    assert sent() == HandedOver("<1@provider.example>")


@pytest.mark.parametrize(
    ("status", "asked", "is_permanent", "wait"),
    [
        (400, "", True, 0),
        (401, "", False, 0),
        (422, "", True, 0),
        (429, "90", False, 90),
        (429, "86400", False, 600),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", False, 0),
        (500, "", False, 0),
        (503, "30", False, 30),
    ],
)
def test_B11_it_tries_again_where_the_answer_is_not_about_the_mail(
    provider: type[Provider], status: int, asked: str, is_permanent: bool, wait: int
) -> None:
    provider.status, provider.retry_after = status, asked
    assert sent() == NotHandedOver(is_permanent, Cause.PROVIDER, f"it answered {status}", timedelta(seconds=wait))


def test_B11_it_tries_again_when_the_provider_is_away(provider: type[Provider], settings: Settings) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "MAILGUN_API_URL": "http://127.0.0.1:9/v3"}
    assert sent() == NotHandedOver(False, Cause.PROVIDER, "it answered nothing")


def test_B8_a_request_whose_answer_never_ends_is_ended(
    provider: type[Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "LASTS_AT_MOST", 1.0)
    provider.trickles, provider.cut = True, threading.Event()
    assert sent() == NotHandedOver(False, Cause.SILENCE, "within 1 s")
    assert provider.cut.wait(5), "the provider goes on answering"


@pytest.mark.parametrize(("status", "is_permanent"), [("rejected", True), ("invalid", True), ("failed", False)])
def test_B11_a_recipient_whom_the_provider_refuses_does_not_count_as_handed_over(
    provider: type[Provider], settings: Settings, status: str, is_permanent: bool
) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.mandrill.EmailBackend"
    settings.ANYMAIL = {"MANDRILL_API_KEY": "key", "MANDRILL_API_URL": settings.ANYMAIL["MAILGUN_API_URL"]}
    letter = delivery.render("letter", uuid4())
    assert isinstance(letter, delivery.Message)
    taken = [{"email": "somebody.else@contoso.example", "status": "sent", "_id": "1"}]
    provider.body = json.dumps([*taken, {"email": letter.to, "status": status, "_id": "2"}]).encode()
    answer = delivery.hand_over(letter, message_id="<1@guests.example>", may_leave=lambda: True)
    assert isinstance(answer, NotHandedOver)
    assert (answer.is_permanent, answer.cause) == (is_permanent, Cause.RECIPIENT)
    provider.body = json.dumps([{"email": letter.to, "status": "rejected", "_id": "2"}]).encode()
    answer = delivery.hand_over(letter, message_id="<1@guests.example>", may_leave=lambda: True)
    assert isinstance(answer, NotHandedOver)
    assert (answer.is_permanent, answer.cause) == (True, Cause.RECIPIENT)
