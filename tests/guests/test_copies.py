"""The copy of an invitation is a mail of its own, without the link (R51)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from guests.models import Invitation
from guests.operations.inviting import Details, Invited, Inviter, invite_guest_by_mail
from guests.operations.mailing import mail_reminders_among_many
from guests.operations.resending import remind_guest, resend_invitation, revoke_invitation
from outbox import operations
from outbox.models import OutboundMail, State
from tenants.addresses import canonical
from tenants.models import AuditEntry
from tests.outbox.conftest import sink as sink
from tests.outbox.sink import Does, Sink, part

CLEO = "cleo@contoso.example"
NICOLE = "nicole@firstupconsultants.com"
KINDS = ("invitation", "invitation_copy")


@pytest.fixture
def letters() -> None:
    """The product's own renderers."""


@pytest.fixture
def nicole(in_fabrikam: Any, operator: Any, now: Any) -> Invitation:
    """Her invitation, with a copy to Cleo, whose two mails are queued."""
    return invited(in_fabrikam, operator, now)


def invited(tenant: Any, operator: Any, now: Any, cc: str = CLEO) -> Invitation:
    made = invite_guest_by_mail(
        tenant=tenant,
        address=canonical(NICOLE),
        details=Details(name="Nicole Wagner", cc=cc, message="Hello Nicole"),
        inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
        actor=operator,
        now=now,
    )
    assert isinstance(made, Invited)
    return made.invitation


def send_all() -> dict[str, OutboundMail]:
    """Send what waits, as a worker does; the mails by their kind."""
    for mail in OutboundMail.objects.waiting().order_by("kind"):
        claimed = operations.claim_mail(mail_id=mail.id)
        assert claimed is not None
        operations.deliver(claimed=claimed)
    return {mail.kind: mail for mail in OutboundMail.objects.order_by("created_at")}


def test_R51_the_copy_tells_who_was_invited_and_has_no_link(nicole: Invitation, sink: Sink) -> None:
    assert {mail.state for mail in send_all().values()} == {State.HANDED_OVER}
    (hers, copy), (to_her, to_cleo) = sink.taken, sink.envelopes
    assert (to_her.rcpt_tos, to_cleo.rcpt_tos) == ([NICOLE], [CLEO])
    assert (hers["Cc"], copy["Cc"], copy["Reply-To"]) == (None, None, "adele@fabrikam.example")
    assert copy["Subject"] == "Copy: Adele Vance invited Nicole Wagner to Fabrikam"
    assert "/redeem/" in part(hers, "plain")
    for kind in ("plain", "html"):
        assert "/redeem/" not in part(copy, kind)
        assert "Hello Nicole" in part(copy, kind)


def test_R51_each_mail_has_its_own_result(nicole: Invitation, sink: Sink) -> None:
    sink.script = [Does.REFUSES_RECIPIENT]
    mails = send_all()
    assert [mails[kind].state for kind in KINDS] == [State.FAILED, State.HANDED_OVER]
    told = AuditEntry.objects.filter(subject_id=nicole.id).values_list("action", "subject_kind", "address")
    assert set(told) == {
        ("mail.failed", "invitation", NICOLE),
        ("mail.handed_over", "invitation_copy", CLEO),
    }


def test_R52_a_copy_goes_with_each_mail_of_the_invitation(
    nicole: Invitation, in_fabrikam: Any, operator: Any, now: Any, sink: Sink
) -> None:
    resend_invitation(tenant=in_fabrikam, invitation_id=nicole.id, actor=operator, now=now)
    remind_guest(tenant=in_fabrikam, invitation_id=nicole.id, actor=operator, now=now)
    nicole.refresh_from_db()
    last = mail_reminders_among_many(tenant=in_fabrikam, invitations=[nicole], now=now)
    due = dict(OutboundMail.objects.filter(rank=2).values_list("kind", "due_at"))
    assert due["invitation_copy"] == last
    assert due["invitation_copy"] > due["invitation"], "the copy takes a time of its own at the bulk rate"
    OutboundMail.objects.update(due_at=F("due_at") - timedelta(hours=1))
    send_all()
    assert [to for one in sink.envelopes for to in one.rcpt_tos] == 4 * [NICOLE] + 4 * [CLEO]
    assert sink.taken[-1]["Subject"].startswith("Copy of a reminder: ")


def test_R51_nobody_gets_a_copy_of_their_own_invitation(in_fabrikam: Any, operator: Any, now: Any) -> None:
    invited(in_fabrikam, operator, now, cc=NICOLE.upper())
    assert [mail.kind for mail in OutboundMail.objects.all()] == ["invitation"]


def test_R52_no_copy_is_sent_of_what_was_revoked_meanwhile(
    nicole: Invitation, operator: Any, now: Any, sink: Sink
) -> None:
    revoke_invitation(invitation_id=nicole.id, actor=operator, now=now)
    assert {mail.state for mail in send_all().values()} == {State.DROPPED}
    assert not sink.taken
