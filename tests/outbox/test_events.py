"""Providers tell what became of a mail, over HTTP, in the shapes that they post."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from outbox.models import OutboundMail, State
from tenants.audit import SYSTEM, record
from tenants.models import ActorKind, AuditEntry, Outcome, Tenant
from tenants.scope import tenant_scope
from tests.outbox.conftest import Enqueue
from tests.outbox.letters import address_of

SIGNING_KEY = "the-key-that-signs"
NAME_AND_WORD = "postmark:a-long-random-word"
AT = datetime(2026, 11, 22, 19, 31, 4, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailgun(settings: Settings, letters: None) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {"MAILGUN_API_KEY": "key", "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}


@pytest.fixture
def postmark(settings: Settings, letters: None) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "WEBHOOK_SECRET": NAME_AND_WORD}


@pytest.fixture
def mail(fabrikam: Tenant, enqueue: Enqueue, letters: None) -> OutboundMail:
    """A letter of Fabrikam's that the provider has taken, whose own name for it is provider-1."""
    with tenant_scope(fabrikam.id):
        return taken(enqueue(), "provider-1")


@pytest.fixture
def foreign(contoso: Tenant, enqueue: Enqueue, letters: None) -> OutboundMail:
    """A letter of Contoso's."""
    with tenant_scope(contoso.id):
        return taken(enqueue(), "provider-2")


def taken(row: OutboundMail, name: str) -> OutboundMail:
    at = AT - timedelta(seconds=3)
    OutboundMail.objects.filter(id=row.id).update(
        state=State.HANDED_OVER, handed_over_at=at, settled_at=at, created_at=at, provider_message_id=name
    )
    row.refresh_from_db()
    return row


def mailgun_event(name: str, event: str = "delivered", to: str = "", said: str = "", **more: Any) -> dict[str, Any]:
    """As Mailgun posts it, as far as anything is read of it."""
    return {
        "event-data": {
            "event": event,
            "timestamp": AT.timestamp(),
            "recipient": to,
            "message": {"headers": {"message-id": name, "to": to, "from": "no-reply@guests.example"}},
            "delivery-status": {"message": said, "code": 250, "description": ""},
            "user-variables": {},
            "tags": [],
            **more,
        },
    }


def post_mailgun(body: dict[str, Any], *, key: str = SIGNING_KEY) -> Any:
    timestamp, token = "1795375864", "4f6a0d1e5b"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"signature": {"timestamp": timestamp, "token": token, "signature": signature}, **body}
    return Client().post("/mail/events/mailgun/", json.dumps(signed), content_type="application/json")


def postmark_event(name: str, kind: str = "Delivery", to: str = "", said: str = "", **more: Any) -> dict[str, Any]:
    """As Postmark posts it, as far as anything is read of it."""
    return {
        "RecordType": kind,
        "MessageID": name,
        "Recipient": to,
        "Email": to,
        "DeliveredAt": AT.isoformat().replace("+00:00", "Z"),
        "Details": said,
        "Tag": "",
        "Metadata": {},
        **more,
    }


def post_postmark(body: Any, *, secret: str = NAME_AND_WORD) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    authorization = "Basic " + base64.b64encode(secret.encode()).decode()
    return Client().post(
        "/mail/events/postmark/", text, content_type="application/json", headers={"authorization": authorization}
    )


def fresh(mail: OutboundMail) -> OutboundMail:
    with tenant_scope(mail.tenant_id):
        mail.refresh_from_db()
    return mail


def lines(mail: OutboundMail) -> list[tuple[str, str]]:
    with tenant_scope(mail.tenant_id):
        found = AuditEntry.objects.filter(subject_id=mail.subject_id).order_by("id")
        return list(found.values_list("action", "outcome"))


def address(mail: OutboundMail) -> str:
    return address_of(mail.subject_id)


def test_R18_it_tells_that_a_mail_was_delivered(mailgun: None, mail: OutboundMail, foreign: OutboundMail) -> None:
    assert post_mailgun(mailgun_event(mail.message_id.strip("<>"), to=address(mail))).status_code == 200
    assert fresh(mail).state == State.DELIVERED
    assert (mail.delivered_at, mail.state_at) == (AT, AT)
    assert lines(mail) == [("mail.delivered", Outcome.SUCCESS)]
    assert fresh(foreign).state == State.HANDED_OVER
    assert lines(foreign) == []


def test_R18_it_finds_the_mail_by_the_providers_own_name(postmark: None, mail: OutboundMail) -> None:
    assert post_postmark(postmark_event("provider-1", to=address(mail))).status_code == 200
    assert fresh(mail).state == State.DELIVERED


def test_R18_B4_it_keeps_the_servers_reason_without_the_address(
    postmark: None, mail: OutboundMail, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = f"550 5.1.1 <{address(mail)}>: there is no such mailbox"
    event = postmark_event("provider-1", "Bounce", address(mail), said, Type="HardBounce", BouncedAt=AT.isoformat())
    assert post_postmark(event).status_code == 200
    assert fresh(mail).state == State.BOUNCED
    assert mail.reason == "550 5.1.1 … there is no such mailbox"
    assert mail.bounced_at is not None
    assert lines(mail) == [("mail.bounced", Outcome.FAILED)]
    assert address(mail).casefold() not in caplog.text.casefold()


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (["failed-temporary", "delivered"], State.DELIVERED),
        (["delivered", "failed-temporary"], State.DELIVERED),
        (["delivered", "accepted"], State.DELIVERED),
        (["delivered", "failed"], State.BOUNCED),
        (["failed", "delivered"], State.BOUNCED),
        (["failed-temporary", "failed"], State.BOUNCED),
        (["opened", "clicked"], State.HANDED_OVER),
    ],
)
def test_R18_news_in_any_order_end_in_the_same_state(
    mailgun: None, mail: OutboundMail, told: list[str], kept: State
) -> None:
    for event in told:
        what, _, severity = event.partition("-")
        more = {"severity": severity} if severity else {}
        assert post_mailgun(mailgun_event(mail.message_id, what, address(mail), **more)).status_code == 200
    assert fresh(mail).state == kept


def test_R18_the_same_news_twice_is_no_news(mailgun: None, mail: OutboundMail) -> None:
    event = mailgun_event(mail.message_id, "failed", address(mail), "550 no", severity="permanent")
    for _ in range(3):
        assert post_mailgun(event).status_code == 200
    assert lines(mail) == [("mail.bounced", Outcome.FAILED)]


def test_R18_a_mail_whose_sender_stopped_too_early_is_not_sent_again(mailgun: None, mail: OutboundMail) -> None:
    with tenant_scope(mail.tenant_id):
        OutboundMail.objects.update(state=State.LEASED, settled_at=None, handed_over_at=None)
    post_mailgun(mailgun_event(mail.message_id, to=address(mail)))
    assert fresh(mail).state == State.DELIVERED
    assert mail.settled_at is not None
    assert mail.handed_over_at is not None


@pytest.mark.parametrize(
    ("timestamp", "expected"), [(4102444800.0, None), (0.0, AT - timedelta(seconds=3))], ids=["future", "long-ago"]
)
def test_R18_a_clock_that_is_wrong_moves_no_mail_out_of_its_time(
    mailgun: None, mail: OutboundMail, now: datetime, timestamp: float, expected: datetime | None
) -> None:
    post_mailgun(mailgun_event(mail.message_id, to=address(mail), timestamp=timestamp))
    at = fresh(mail).delivered_at
    assert at is not None
    assert at == expected if expected else now <= at <= datetime.now(UTC)


def test_R18_what_names_no_mail_of_ours_is_taken_and_changes_nothing(postmark: None, mail: OutboundMail) -> None:
    for name in ("somebody-elses", "<x@y>", "", "\u202e" * 400, f"{mail.id}@", "provider-1\x00"):
        assert post_postmark(postmark_event(name)).status_code == 200
    assert fresh(mail).state == State.HANDED_OVER


def test_R18_a_forged_signature_is_refused(mailgun: None, mail: OutboundMail) -> None:
    assert post_mailgun(mailgun_event(mail.message_id), key="another-key").status_code == 403
    assert fresh(mail).state == State.HANDED_OVER
    assert lines(mail) == []


@pytest.mark.parametrize("secret", ["postmark:another-word", "", "postmark", "postmark:a-long-random-word:more"])
def test_R18_another_name_and_word_are_refused(postmark: None, mail: OutboundMail, secret: str) -> None:
    assert post_postmark(postmark_event("provider-1"), secret=secret).status_code == 403
    assert fresh(mail).state == State.HANDED_OVER


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '"text"', "[" * 20000, '{"RecordType": []}', '{"RecordType": "Delivery", "Metadata": 7}'],
    ids=range(8),
)
def test_R18_what_cannot_be_read_is_refused_and_breaks_nothing(postmark: None, body: str) -> None:
    assert post_postmark(body).status_code in (200, 400)


@pytest.mark.parametrize("body", ["", "[]", "null", '{"signature": []}', '{"signature": {"token": 1}}'], ids=range(5))
def test_R18_what_is_not_signed_is_refused_and_breaks_nothing(mailgun: None, body: str) -> None:
    answer = Client().post("/mail/events/mailgun/", body, content_type="application/json")
    assert answer.status_code in (400, 403)


def test_R18_no_events_are_taken_without_a_secret(postmark: None, settings: Settings, mail: OutboundMail) -> None:
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token"}
    assert post_postmark(postmark_event("provider-1")).status_code == 404
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "WEBHOOK_SECRET": ""}
    assert post_postmark(postmark_event("provider-1")).status_code == 404
    assert fresh(mail).state == State.HANDED_OVER


def test_R18_events_are_taken_from_the_configured_provider_alone(postmark: None, mail: OutboundMail) -> None:
    assert post_mailgun(mailgun_event(mail.message_id)).status_code == 404
    assert Client().head("/mail/events/postmark/").status_code == 200
    assert Client().get("/mail/events/postmark/").status_code == 405


@pytest.mark.parametrize("provider", ["smtp", "console", "mailgun", "postmark"])
def test_R18_a_mail_server_tells_nothing(settings: Settings, provider: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.ANYMAIL = {"WEBHOOK_SECRET": NAME_AND_WORD}
    assert Client().post(f"/mail/events/{provider}/").status_code == 404


@pytest.mark.parametrize(("event", "action"), [("delivered", "mail.delivered"), ("failed", "mail.bounced")])
def test_R18_the_history_says_whose_mail_it_was(mailgun: None, mail: OutboundMail, event: str, action: str) -> None:
    post_mailgun(mailgun_event(mail.message_id, event, address(mail), severity="permanent"))
    with tenant_scope(mail.tenant_id):
        assert AuditEntry.objects.get(action=action).address == address(mail).casefold()


def test_R18_a_code_that_was_used_before_its_delivery_was_told_is_the_guests_all_the_same(
    mailgun: None, fabrikam: Tenant, enqueue: Enqueue, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        used = taken(enqueue("stale"), "provider-3")
        nicole = "nicole@firstupconsultants.com"
        record(
            actor=SYSTEM,
            action="mail.handed_over",
            at=now,
            subject_kind=used.kind,
            subject_id=used.subject_id,
            address=nicole,
        )
    post_mailgun(mailgun_event(used.message_id, to="nicole@firstupconsultants.com"))
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.get(action="mail.delivered").address == "nicole@firstupconsultants.com"


def test_R18_the_history_says_which_provider_said_it(postmark: None, mail: OutboundMail) -> None:
    post_postmark(postmark_event("provider-1", to=address(mail)))
    with tenant_scope(mail.tenant_id):
        line = AuditEntry.objects.get(action="mail.delivered")
    assert (line.actor_kind, line.actor_name) == (ActorKind.SYSTEM, "postmark")
    assert line.details == {"mail": str(mail.id), "reason": ""}
