"""A file of invitations taken back: what it made and nobody accepted is revoked, and its mails stay (R52, R54)."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from guests.delivery import render_invitation
from guests.models import Batch, BatchKind, BatchState, Ended, Guest, Invitation, Status
from guests.operations.batches.choosing import revoke_batch
from guests.operations.batches.kinds import WORK
from guests.operations.batches.recalling import GROUP
from guests.operations.batches.slices import COUNTS, pause_batch, start_batch
from guests.operations.inviting import Inviter
from guests.operations.resending import revoke_invitation
from outbox.delivery import Nothing
from outbox.models import OutboundMail, State
from tenants.models import AuditEntry, Tenant
from tenants.pacing import plan_bulk_mails
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
        Invitation.objects.filter(guest=guest).update(accepted_at=Now())
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
    assert "Accepted since, which stay 1" in words
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


def accepted_before(tenant: Tenant, invite: Any, now: Any) -> None:
    """Guest 0 to Guest 2, who accepted an invitation that has run out since."""
    for n in range(3):
        invite(tenant, f"guest{n}@many{n}.example", name=f"Guest {n}")
    with tenant_scope(tenant.id):
        Guest.objects.update(redemption_status=Status.ACCEPTED, redemption_status_changed_at=Now())
        Invitation.objects.update(accepted_at=Now(), expires_at=now)


def test_R54_invitations_of_guests_who_had_accepted_before_the_file_end_like_the_others(
    portal, fabrikam, operator, invite, now
):
    accepted_before(fabrikam, invite, now)
    batch = started(fabrikam, uploaded(fabrikam, many(4), operator, now), operator, now)
    words = text(portal.get(page_of(batch)))
    assert "Invitations to revoke 4" in words
    assert "Emails that will not leave 4" in words
    assert "Accepted since, which stay 0" in words
    portal.post(page_of(batch))
    _, recall = batches.work_off(fabrikam)
    assert (recall.done, recall.failed) == (4, 0)
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.filter(ended_why=Ended.REVOKED).count() == 4
        assert OutboundMail.objects.waiting().count() == 0
        assert Guest.objects.filter(redemption_status=Status.ACCEPTED).count() == 3


def test_R52_one_invitation_of_a_guest_who_had_accepted_before_it_can_be_revoked(fabrikam, operator, invite, now):
    accepted_before(fabrikam, invite, now)
    invitation = invite(fabrikam, "guest0@many0.example").invitation
    assert invitation.accepted_at is not None
    with tenant_scope(fabrikam.id):
        ended = revoke_invitation(invitation_id=invitation.id, actor=operator, now=now)
        assert isinstance(ended, Invitation)
        assert ended.ended_why == Ended.REVOKED
        assert render_invitation(invitation.id) == Nothing("dropped", WHY)


def test_R54_a_link_that_another_file_made_before_the_first_start_stays(portal, fabrikam, operator, now):
    slow = uploaded(fabrikam, many(3), operator, now, name="slow.csv")
    started(fabrikam, uploaded(fabrikam, many(2), operator, now, name="quick.csv"), operator, now)
    slow = started(fabrikam, slow, operator, now)
    portal.post(page_of(slow))
    batches.work_off(fabrikam)
    assert open_ones(fabrikam) == {"Guest 0", "Guest 1"}
    with tenant_scope(fabrikam.id):
        assert OutboundMail.objects.waiting().values("subject_id").distinct().count() == 2


def one_slice(batch: Batch, now: Any) -> None:
    """What a worker does in one transaction, inside the tenant's scope."""
    with transaction.atomic():
        held = Batch.objects.select_for_update().get(pk=batch.pk)
        WORK[held.kind].do(held, Tenant.objects.get(pk=held.tenant_id), now)
        held.save(update_fields=COUNTS)


def test_R54_what_a_file_made_before_a_pause_is_its_own_too(portal, fabrikam, operator, now):
    batch = uploaded(fabrikam, many(301), operator, now)
    with tenant_scope(fabrikam.id):
        start_batch(batch_id=batch.pk, actor=operator, now=now)
        one_slice(batch, now)
        pause_batch(batch_id=batch.pk, actor=operator, now=now)
    started(fabrikam, batch, operator, now)
    portal.post(page_of(batch))
    batches.work_off(fabrikam)
    assert open_ones(fabrikam) == set()


def test_R17_times_are_given_back_with_each_slice_and_not_with_the_last_one_alone(fabrikam, operator, now):
    rows = [f"guest{n}@many.example,,{'true' if n < GROUP else 'false'}" for n in range(GROUP + 1)]
    wrong = started(fabrikam, uploaded(fabrikam, lines(*rows), operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        inviter = Inviter("Adele Vance", "adele@fabrikam.example")
        recall = revoke_batch(batch_id=wrong.pk, tenant=fabrikam, inviter=inviter, actor=operator, now=now)
        assert isinstance(recall, Batch)
        WORK[recall.kind].check(recall, fabrikam, now)
        one_slice(recall, now)
        assert wrong.last_mail_at is not None
        assert plan_bulk_mails(tenant_id=fabrikam.pk, count=1).first < wrong.last_mail_at


def test_R54_one_that_invited_nobody_offers_nothing(portal, fabrikam, operator, now):
    batch = uploaded(fabrikam, many(2), operator, now)
    assert page_of(batch) not in portal.get(reverse("admin:guests_batch_change", args=[batch.pk])).content.decode()
    assert "there is nothing to revoke" in text(portal.get(page_of(batch)))
    assert "there is nothing to revoke" in text(portal.post(page_of(batch), follow=True))
    with tenant_scope(fabrikam.id):
        assert Batch.objects.count() == 1


def test_R54_an_operator_revokes_by_command(fabrikam, contoso, file):
    revoke, out = ("batches", "--tenant", "fabrikam.example", "--revoke", str(file.pk)), StringIO()
    with pytest.raises(CommandError, match=r"Nothing has been done\. .* give --yes"):
        call_command(*revoke, stdout=out)
    assert out.getvalue().splitlines() == [
        "Invitations of suppliers.csv to revoke: 3",
        "Emails that will not leave: 3",
        "Accepted since, which stay: 1",
    ]
    batches.work_off(fabrikam)
    assert len(open_ones(fabrikam)) == 4
    call_command(*revoke, "--yes", stdout=out)
    assert "Revocation: suppliers.csv (" in out.getvalue()
    batches.work_off(fabrikam)
    assert open_ones(fabrikam) == {"Guest 0"}
    with pytest.raises(CommandError, match="no such bulk work"):
        call_command("batches", "--tenant", "contoso.example", "--revoke", str(file.pk))


def test_R63_another_tenants_file_is_not_there(contosos, fabrikam, file):
    assert contosos.get(page_of(file)).status_code == 404
    assert contosos.post(page_of(file)).status_code == 404
    assert len(open_ones(fabrikam)) == 4
