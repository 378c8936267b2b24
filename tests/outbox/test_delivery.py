"""A claimed mail is delivered through a real SMTP server, and its row settled."""

from __future__ import annotations

import logging
import smtplib
import socket
from datetime import UTC, datetime, timedelta

import pytest
from django.core.mail import get_connection  # noqa: TID251  # a mail with two recipients, which the outbox never makes
from django.db import OperationalError, connection
from pytest_django import Settings

from outbox import operations
from outbox.headers import Mail
from outbox.models import OutboundMail, Rank, State
from outbox.rules import MOST_LEASES_LOST
from tenants.models import AuditEntry, Outcome, Tenant
from tenants.scope import tenant_scope
from tests.outbox.conftest import Enqueue, pass_time
from tests.outbox.letters import address_of, code_of
from tests.outbox.sink import Does, Sink, part


def delivered(mail: OutboundMail) -> State | None:
    """Claim the mail as a worker does and deliver it; the row as it is afterwards is in `mail`."""
    claimed = operations.claim_mail(mail_id=mail.id)
    assert claimed is not None
    state = operations.deliver(claimed=claimed)
    mail.refresh_from_db()
    return state


def history() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "outcome"))


def test_R18_it_is_handed_over_with_both_parts_and_every_header(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    mail = enqueue()
    assert delivered(mail) == State.HANDED_OVER
    (sent,), (envelope,) = sink.taken, sink.envelopes
    assert envelope.mail_from == "no-reply@guests.example"
    assert envelope.rcpt_tos == [address_of(mail.subject_id)]
    assert {name: str(sent[name]) for name in ("Message-ID", "To", "Reply-To", "Subject", "From")} == {
        "Message-ID": mail.message_id,
        "To": address_of(mail.subject_id),
        "Reply-To": "adele@fabrikam.example",
        "Subject": "Your code for Fabrikam",
        "From": '"Fabrikam, Inc. – Zürich" <no-reply@guests.example>',
    }
    assert (sent["Auto-Submitted"], sent["Content-Language"]) == ("auto-generated", "en")
    assert all(code_of(mail.subject_id) in part(sent, kind) for kind in ("plain", "html"))
    assert mail.handed_over_at == mail.settled_at
    assert mail.settled_at is not None
    assert abs(mail.settled_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert history() == [("mail.handed_over", Outcome.SUCCESS)]


def test_R70_it_leaves_the_ascii_domain_as_it_is_stored(in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    delivered(enqueue())
    assert sink.envelopes[0].rcpt_tos[0].endswith("@xn--strae-oqa.example")


def test_R70_it_refuses_a_domain_that_django_would_encode_by_idna_2003(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    assert delivered(enqueue("unicode")) == State.FAILED
    assert not sink.taken


def test_it_writes_a_name_with_line_breaks_on_one_line(in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    assert delivered(enqueue("crooked")) == State.HANDED_OVER
    (sent,) = sink.taken
    assert sent["Subject"] == "Adele Bcc: everybody@contoso.example invites you"
    assert (sent["Bcc"], sent["X-Evil"]) == (None, None)
    assert len(sink.envelopes[0].rcpt_tos) == 1


@pytest.mark.parametrize(("kind", "state"), [("decoy", State.SUPPRESSED), ("stale", State.DROPPED)])
def test_R19_it_sends_nothing_to_whom_the_renderer_withholds(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, kind: str, state: State
) -> None:
    mail = enqueue(kind)
    assert delivered(mail) == state
    assert (sink.connections, mail.handed_over_at) == (0, None)
    assert mail.reason
    assert history() == [(f"mail.{state}", Outcome.SUCCESS)]


def test_B11_it_is_tried_again_when_the_server_asks_to_wait(in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    sink.script = [Does.ASKS_TO_WAIT, Does.ASKS_TO_WAIT]
    mail = enqueue()
    waits = []
    for _ in range(2):
        assert delivered(mail) == State.QUEUED
        waits.append((mail.due_at - datetime.now(UTC)).total_seconds())
        assert mail.reason == "recipient refused: 451 4.7.1 … greylisted, come back in 300 s"
        pass_time(mail, timedelta(seconds=10))
    assert 1 < waits[0] <= 2.5
    assert 4 < waits[1] <= 6.25
    assert delivered(mail) == State.HANDED_OVER
    assert (mail.tries, mail.reason, len(sink.taken)) == (3, "", 1)
    assert history() == [("mail.handed_over", Outcome.SUCCESS)]


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (Does.REFUSES_RECIPIENT, "recipient refused: 550 5.1.1 … no such mailbox"),
        (Does.REFUSES_CONTENT, "mail refused: 554 5.7.1 looks like spam: Your code is … …"),
    ],
)
def test_B11_it_is_parked_with_the_reason_when_it_is_refused_for_good(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, does: Does, reason: str
) -> None:
    sink.usually = does
    mail = enqueue()
    assert delivered(mail) == State.FAILED
    assert (mail.tries, mail.reason, sink.connections) == (1, reason, 1)
    assert history() == [("mail.failed", Outcome.FAILED)]
    pass_time(mail, timedelta(minutes=20))
    assert operations.claim_mail(mail_id=mail.id) is None


@pytest.mark.parametrize("refused", ["guest@contoso.example", "cleo@contoso.example"])
def test_R51_a_mail_of_which_one_recipient_is_refused_goes_to_nobody(sink: Sink, refused: str) -> None:
    sink.refused = (refused,)
    backend = get_connection("outbox.smtp.EmailBackend")
    mail = Mail("Hello", "Come in.", to=["guest@contoso.example"], cc=["cleo@contoso.example"], connection=backend)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as error:
        mail.send()
    assert set(error.value.recipients) == {refused}
    assert sink.taken == []


def test_B11_it_waits_for_the_operator_when_the_server_refuses_us(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    sink.usually = Does.REFUSES_SENDER
    mail = enqueue()
    assert delivered(mail) == State.QUEUED
    assert mail.reason == "server refused: 550 5.7.1 … may not send here"


def test_B11_it_is_tried_again_when_the_server_hangs(in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    sink.script = [Does.HANGS]
    mail = enqueue()
    assert delivered(mail) == State.QUEUED
    assert mail.reason == "no answer: within 0.5 s"
    pass_time(mail, timedelta(seconds=10))
    assert delivered(mail) == State.HANDED_OVER


def test_B11_it_repeats_the_same_mail_when_the_answer_was_lost(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    sink.script = [Does.TAKES_AND_HANGS_UP]
    mail = enqueue()
    assert delivered(mail) == State.QUEUED
    pass_time(mail, timedelta(seconds=10))
    assert delivered(mail) == State.HANDED_OVER
    assert sink.copies() == {mail.message_id: 2}
    first, second = (part(sent, "plain") for sent in sink.taken)
    assert first == second


def test_B11_it_is_tried_again_when_nobody_greets(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.EMAIL_PORT = mute.getsockname()[1]
        assert delivered(enqueue()) == State.QUEUED


def test_B11_it_is_tried_again_when_nobody_listens(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        settings.EMAIL_PORT = gone.getsockname()[1]
    mail = enqueue()
    assert delivered(mail) == State.QUEUED
    assert "refused" in mail.reason


def test_B11_it_drops_a_mail_past_its_deadline(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, now: datetime
) -> None:
    mail = enqueue(deadline=now - timedelta(seconds=1))
    assert delivered(mail) == State.DROPPED
    assert (sink.connections, mail.reason) == (0, "its deadline passed")


@pytest.mark.parametrize("rank", [Rank.INVITATION, Rank.BULK], ids=str)
@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [("letter", State.FAILED, "its deadline passed"), ("stale", State.DROPPED, "the challenge is void")],
    ids=["wanted", "not wanted any more"],
)
def test_R18_an_invitation_past_its_deadline_has_failed_where_it_is_still_wanted(
    in_fabrikam: Tenant,
    enqueue: Enqueue,
    sink: Sink,
    now: datetime,
    rank: Rank,
    kind: str,
    state: State,
    reason: str,
) -> None:
    mail = enqueue(kind, rank=rank, deadline=now - timedelta(seconds=1))
    assert delivered(mail) == state
    assert (sink.connections, mail.reason) == (0, reason)


def test_R18_one_past_its_deadline_that_cannot_be_made_is_not_tried_for_ever(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, now: datetime
) -> None:
    assert delivered(enqueue("broken", rank=Rank.INVITATION, deadline=now - timedelta(seconds=1))) == State.FAILED


def test_B11_it_tells_why_a_mail_came_too_late(in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    sink.usually = Does.ASKS_TO_WAIT
    mail = enqueue()
    delivered(mail)
    pass_time(mail, timedelta(minutes=30))
    assert delivered(mail) == State.DROPPED
    assert mail.reason.startswith("recipient refused: 451")


def test_B8_it_is_held_back_when_the_lease_was_lost_while_the_server_hesitated(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    mail = enqueue()
    slow = operations.claim_mail(mail_id=mail.id)
    assert slow is not None
    pass_time(mail, timedelta(seconds=15))
    heir = operations.claim_mail(mail_id=mail.id)
    assert heir is not None
    assert operations.deliver(claimed=slow) is None
    assert not sink.taken
    assert operations.deliver(claimed=heir) == State.HANDED_OVER
    assert len(sink.taken) == 1


def test_B11_it_is_held_back_when_its_deadline_passes_while_the_server_hesitates(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    mail = enqueue()
    claimed = operations.claim_mail(mail_id=mail.id)
    pass_time(mail, timedelta(minutes=30))
    assert claimed is not None
    assert operations.deliver(claimed=claimed) is None
    assert not sink.taken
    assert delivered(mail) == State.DROPPED


def test_it_is_parked_when_it_kills_its_senders(in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    mail = enqueue()
    for _ in range(MOST_LEASES_LOST):
        assert operations.claim_mail(mail_id=mail.id)
        pass_time(mail, timedelta(seconds=15))
    assert delivered(mail) == State.FAILED
    assert (sink.connections, mail.reason) == (0, "5 senders stopped while at it")


def test_it_goes_on_after_a_mail_that_cannot_be_made(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    broken = enqueue("broken")
    with caplog.at_level(logging.ERROR):
        assert delivered(broken) == State.QUEUED
    assert broken.reason == "mail cannot be written: KeyError"
    assert f"letter mail {broken.id}" not in caplog.text
    assert f"broken mail {broken.id} cannot be made" in caplog.text
    assert delivered(enqueue()) == State.HANDED_OVER


def test_B10_it_leaves_the_row_to_its_lease_when_the_database_goes_away(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    mail = enqueue("cut_off")
    with pytest.raises(OperationalError):
        delivered(mail)
    mail.refresh_from_db()
    assert mail.state == State.LEASED


def test_it_waits_for_a_renderer_that_a_newer_version_brings(in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink) -> None:
    assert delivered(enqueue("newsletter")) == State.QUEUED


def test_B4_it_leaves_neither_code_nor_recipient_in_the_database_or_the_log(
    in_fabrikam: Tenant, enqueue: Enqueue, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    mails = []
    for does in Does:
        sink.script = [does]
        mails.append(enqueue())
        delivered(mails[-1])
    with connection.cursor() as cursor:
        cursor.execute(
            # The history is searched by the address that a line is about: that one column has it.
            "SELECT mail::text FROM outbox_outboundmail mail"
            " UNION ALL SELECT (to_jsonb(a) - 'address')::text FROM tenants_auditentry a"
        )
        stored = " ".join(row[0] for row in cursor.fetchall())
    logged = " ".join(entry.getMessage() for entry in caplog.records if entry.name != "mail.log")  # the server's own
    assert logged
    for mail in mails:
        assert str(mail.id) in stored
        for secret in (code_of(mail.subject_id), code_of(mail.subject_id)[:4] + code_of(mail.subject_id)[5:]):
            assert secret not in stored + logged
        assert address_of(mail.subject_id).lower() not in (stored + logged).lower()


def test_B5_it_cannot_be_delivered_for_another_tenant(
    fabrikam: Tenant, contoso: Tenant, enqueue: Enqueue, sink: Sink
) -> None:
    with tenant_scope(fabrikam.id):
        claimed = operations.claim_mail(mail_id=enqueue().id)
    assert claimed is not None
    with tenant_scope(contoso.id):
        assert operations.deliver(claimed=claimed) is None
        assert history() == []
    assert not sink.taken
