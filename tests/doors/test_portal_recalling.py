"""A file of invitations taken back: what it made and nobody accepted is revoked, and its mails stay (R52, R54)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from guests.delivery import render_invitation
from guests.models import Batch, BatchKind, BatchState, Guest, Invitation, Status
from outbox.delivery import Nothing
from outbox.models import OutboundMail, State
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors import batches
from tests.doors.bulk import lines, many, started, uploaded
from tests.doors.portal import text
from tests.doors.test_portal_pages import inline

WHY = "The invitation was ended before it was mailed."


def page_of(batch: Batch) -> str:
    return reverse("admin:guests_batch_revoke", args=[batch.pk])


@pytest.fixture
def file(fabrikam: Tenant, operator: Any, now: Any) -> Batch:
    """Four guests invited by a file, one of whom has accepted."""
    batch = started(fabrikam, uploaded(fabrikam, many(4), operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        guest = Guest.objects.get(name="Guest 0")
        Guest.objects.filter(pk=guest.pk).update(redemption_status=Status.ACCEPTED)
        Invitation.objects.filter(guest=guest).update(accepted_at=now)
    return batch


def open_ones(tenant: Tenant) -> set[str]:
    with tenant_scope(tenant.id):
        return set(Invitation.objects.filter(ended_at=None).values_list("guest__name", flat=True))


def test_R54_it_says_before_what_would_be_revoked_and_does_nothing(portal, fabrikam, file):
    assert page_of(file) in portal.get(reverse("admin:guests_batch_change", args=[file.pk])).content.decode()
    page = portal.get(page_of(file))
    words = text(page)
    assert "Invitations to revoke 3" in words
    assert "Emails that will not leave 3" in words
    assert "Accepted, which stay 1" in words
    assert inline(page.content.decode()) == []
    assert open_ones(fabrikam) == {f"Guest {n}" for n in range(4)}


def test_R54_the_files_invitations_end_and_their_mails_do_not_leave(portal, fabrikam, file, invite):
    invite(fabrikam, "nicole@contoso.com", name="Nicole")
    portal.post(page_of(file))
    source, recall = batches.work_off(fabrikam)
    assert (recall.kind, recall.state, recall.done, recall.failed) == (BatchKind.REVOCATIONS, BatchState.DONE, 3, 0)
    assert recall.name == "Revocation: suppliers.csv"
    assert open_ones(fabrikam) == {"Nicole", "Guest 0"}
    with tenant_scope(fabrikam.id):
        for mail in OutboundMail.objects.filter(subject_id__in=Invitation.objects.exclude(ended_at=None).values("pk")):
            assert render_invitation(mail.subject_id) == Nothing("dropped", WHY)
        assert OutboundMail.objects.filter(state=State.DROPPED, reason=WHY).count() == 3
        assert OutboundMail.objects.waiting().count() == 1, "who has accepted"
        told = AuditEntry.objects.filter(action="invitation.revoked")
        assert {entry.details["batch"] for entry in told} == {str(recall.pk)}
        assert told.count() == 3
    assert "Nothing is left to revoke." in text(portal.get(page_of(source)))


def test_R17_the_right_file_does_not_wait_behind_the_mails_of_a_wrong_one(portal, fabrikam, operator, now):
    Tenant.objects.filter(pk=fabrikam.pk).update(bulk_mails_per_hour=1)
    wrong = started(fabrikam, uploaded(fabrikam, many(40), operator, now), operator, now)
    portal.post(page_of(wrong))
    batches.work_off(fabrikam)
    right = uploaded(fabrikam, lines("right@contoso.com,,true"), operator, now, name="right.csv")
    right = started(fabrikam, right, operator, now)
    assert wrong.last_mail_at is not None
    assert right.last_mail_at is not None
    assert wrong.last_mail_at > now + timedelta(hours=30)
    assert right.last_mail_at < now + timedelta(hours=1)


def test_R54_who_was_invited_by_somebody_else_before_or_since_keeps_their_invitation(
    portal, fabrikam, operator, invite, now
):
    invite(fabrikam, "before@contoso.com", name="Before")
    content = lines(*(f"{name}@contoso.com,,true,,{name.title()}" for name in ("before", "since", "wrong")))
    batch = started(fabrikam, uploaded(fabrikam, content, operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        Invitation.objects.filter(guest__name="Since").update(inviter_address="bo@fabrikam.example")
    assert "Invitations that guests had before the file" in text(portal.get(page_of(batch)))
    portal.post(page_of(batch))
    batches.work_off(fabrikam)
    assert open_ones(fabrikam) == {"Before", "Since"}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param(BatchState.RUNNING, "go on after a pause or a discard", id="R54-running"),
        pytest.param(BatchState.PAUSED, "go on after a discard", id="R54-paused"),
    ],
)
def test_R54_mails_go_on_unless_they_are_revoked_and_what_is_left_is_discarded(
    portal, fabrikam, file, now, state, said
):
    with tenant_scope(fabrikam.id):
        later = now + timedelta(days=1)
        Batch.objects.filter(pk=file.pk).update(state=state, rows_new=9, ended_at=None, last_mail_at=later)
    page = text(portal.get(reverse("admin:guests_batch_change", args=[file.pk])))
    assert f"Emails already planned {said}; to stop them, revoke these invitations." in page
    assert "What is left of the file is discarded." in text(portal.get(page_of(file)))
    portal.post(page_of(file))
    with tenant_scope(fabrikam.id):
        file.refresh_from_db()
        assert file.state == BatchState.DISCARDED
    batches.work_off(fabrikam)
    assert open_ones(fabrikam) == {"Guest 0"}


def test_R54_one_that_invited_nobody_offers_nothing(portal, fabrikam, operator, now):
    batch = uploaded(fabrikam, many(2), operator, now)
    assert page_of(batch) not in portal.get(reverse("admin:guests_batch_change", args=[batch.pk])).content.decode()
    assert "there is nothing to revoke" in text(portal.get(page_of(batch)))
    assert "there is nothing to revoke" in text(portal.post(page_of(batch), follow=True))
    with tenant_scope(fabrikam.id):
        assert Batch.objects.count() == 1


def test_R54_an_operator_revokes_by_command(fabrikam, contoso, file):
    call_command("batches", "--tenant", "fabrikam.example", "--revoke", str(file.pk))
    batches.work_off(fabrikam)
    assert open_ones(fabrikam) == {"Guest 0"}
    with pytest.raises(CommandError, match="no such bulk work"):
        call_command("batches", "--tenant", "contoso.example", "--revoke", str(file.pk))


def test_R63_another_tenants_file_is_not_there(contosos, fabrikam, file):
    assert contosos.get(page_of(file)).status_code == 404
    assert contosos.post(page_of(file)).status_code == 404
    assert len(open_ones(fabrikam)) == 4
