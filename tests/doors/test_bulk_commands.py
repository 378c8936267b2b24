"""manage.py reset_redemption and remind_guests for many: first whom it would touch, then done (R43, R52)."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from guests.delivery import render_invitation
from guests.models import Batch, Guest, Invitation
from outbox.delivery import Message, Nothing
from outbox.models import OutboundMail, Rank
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.batches import results, work_off
from tests.doors.portal import accepted


def said(command: str, *words: str) -> str:
    out = StringIO()
    call_command(command, "--tenant", "fabrikam.example", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def three(fabrikam: Tenant, invite: Any) -> list[Guest]:
    return [accepted(invite(fabrikam, f"guest{n}@contoso.com", name=f"Guest {n}").guest) for n in range(3)]


def test_R43_it_says_whom_it_would_touch_and_does_nothing(fabrikam, three):
    told = said("reset_redemption", "--domain", "Contoso.com")
    assert "Guests of contoso.com who have redeemed: 3" in told
    assert "Guest 0  guest0@contoso.com" in told
    assert "Nothing has been done" in told
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_R43_it_resets_them_and_tells_how_far_it_is(fabrikam, three):
    told = said("reset_redemption", "--all-with-method", "emailOneTimePasscode", "--start", "--wait", "--mail")
    assert "Done: 3 of 3 done, 0 failed" in told
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("method", flat=True)) == {""}
        assert OutboundMail.objects.filter(rank=Rank.BULK).count() == 3
        assert AuditEntry.objects.get(action="batch.resets_made").actor_kind == "operator"


def test_R43_without_wait_workers_do_it_and_without_mail_nothing_is_sent(fabrikam, three):
    assert "Reset: Guests who redeemed with a passcode" in said(
        "reset_redemption", "--all-with-method", "emailOneTimePasscode", "--start"
    )
    (batch,) = work_off(fabrikam)
    assert (batch.done, batch.mails) == (3, 0)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "Name one guest"),
        (["--guest", "a@b.example", "--domain", "b.example"], "Name one guest"),
        (["--domain", "a b"], "is no domain"),
        (["--waiting"], "Nobody waits for a reset"),
        (["--domain", "b.example", "--new-address", "a@c.example"], "is for one guest"),
        (["--domain", "b.example", "--start"], "no such guest"),
    ],
)
def test_R43_what_cannot_be_done_is_said_in_a_sentence(fabrikam, words, why):
    with pytest.raises(CommandError, match=why):
        said("reset_redemption", *words)


# --- reminders ----------------------------------------------------------------------------------------------------


@pytest.fixture
def old(fabrikam: Tenant, invite: Any, now: Any) -> list[Invitation]:
    """Three invitations that were made 40 days ago; a fourth guest was invited today."""
    made = [invite(fabrikam, f"old{n}@contoso.com", name=f"Old {n}").invitation for n in range(3)]
    with tenant_scope(fabrikam.id):
        Invitation.objects.update(created_at=now - timedelta(days=40))
    invite(fabrikam, "new@contoso.com", name="New")
    return made


def test_R52_it_says_who_would_be_reminded(fabrikam, old):
    told = said("remind_guests", "--older-than", "30")
    assert "Pending for more than 30 days: 3" in told
    assert "New" not in told
    assert not said("remind_guests", "--older-than", "50").count("old0")


def test_R52_a_reminder_goes_to_who_has_not_accepted_and_says_that_it_is_one(fabrikam, old, now):
    with tenant_scope(fabrikam.id):
        Invitation.objects.filter(pk=old[0].pk).update(accepted_at=now)
        Guest.objects.filter(pk=old[1].guest_id).update(is_blocked=True)
    said("remind_guests", "--older-than", "30", "--start")
    (batch,) = work_off(fabrikam)
    assert batch.name == "Reminder: pending for more than 30 days"
    assert results(batch) == [("Old 1", "refused", "Sign-in is blocked. Unblock first."), ("Old 2", "done", "")] or (
        results(batch) == [("Old 2", "done", ""), ("Old 1", "refused", "Sign-in is blocked. Unblock first.")]
    )
    with tenant_scope(fabrikam.id):
        mail = OutboundMail.objects.get()
        assert (mail.rank, mail.subject_id) == (Rank.BULK, old[2].pk)
        written = render_invitation(old[2].pk)
        assert isinstance(written, Message)
        assert written.subject == "Reminder: Adele Vance invited you to Fabrikam"
        assert AuditEntry.objects.get(action="invitation.reminded").subject_id == old[2].guest_id
        Invitation.objects.filter(pk=old[2].pk).update(accepted_at=now)
        assert isinstance(render_invitation(old[2].pk), Nothing), "it was accepted before the mail's turn came"


def test_R52_who_got_a_mail_in_the_last_days_is_left_alone(fabrikam, old, now):
    with tenant_scope(fabrikam.id):
        Invitation.objects.filter(pk=old[0].pk).update(last_mailed_at=now - timedelta(days=2))
        Invitation.objects.filter(pk=old[1].pk).update(last_mailed_at=now - timedelta(days=4))
    for _ in range(2):
        said("remind_guests", "--older-than", "30", "--start")
        work_off(fabrikam)
    with tenant_scope(fabrikam.id):
        assert list(Invitation.objects.order_by("guest__name").values_list("reminders", flat=True)) == [0, 0, 1, 1]
        assert OutboundMail.objects.count() == 2


def test_R52_the_other_tenants_guests_are_not_reminded(fabrikam, contoso, old):
    out = StringIO()
    call_command("remind_guests", "--tenant", "contoso.example", "--older-than", "1", stdout=out)
    assert ": 0" in out.getvalue()
    call_command("remind_guests", "--tenant", "contoso.example", "--older-than", "1", "--start", stdout=out)
    assert [one.done for one in work_off(contoso)] == [0]
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "4000"])
def test_R52_a_number_of_days_that_is_none_is_refused(fabrikam, days):
    with pytest.raises(CommandError, match="between 1 and"):
        said("remind_guests", "--older-than", days)
