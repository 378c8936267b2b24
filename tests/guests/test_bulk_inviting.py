"""Many guests out of one file: each row's verdict, each guest once, whatever happens in between (R50, R54)."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guests.models import Batch, BatchRow, BatchState, Ended, Guest, Invitation, Result, Status, Verdict
from guests.operations.batches import checking, inviting, reading
from guests.operations.batches.kinds import WORK
from guests.operations.batches.reading import Place
from guests.operations.batches.results import rows_of
from guests.operations.batches.slices import carry_on
from guests.operations.inviting import Details, Invited, Inviter, invite_guest, link_of
from outbox.models import OutboundMail
from tenants.addresses import canonical
from tenants.models import AuditEntry, Tenant, WhoMayInvite
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.bulk import lines, many, said, started, uploaded, work_off

ADELE = Inviter("Adele Vance", "adele@fabrikam.example")


def by_hand(tenant: Tenant, operator, now, address: str = "nicole@example.com", **details: Any) -> Invited:
    with tenant_scope(tenant.id):
        outcome = invite_guest(
            tenant=tenant,
            address=canonical(address),
            details=Details(**details),
            inviter=ADELE,
            actor=operator,
            now=now,
        )
    assert isinstance(outcome, Invited)
    return outcome


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("nicole@@example.com", "Not an address: Enter one address with one @", id="R70-signs"),
        pytest.param(",,true,Hello", "Not an address: Enter an email address", id="R70-none"),
        pytest.param("Example: chris@contoso.com", "This is the template’s example", id="R54-example"),
        pytest.param("n\u202eicole@example.com", "U+202E", id="R70-bidi"),
        pytest.param("n\0icole@example.com", "before the @", id="R70-nul"),
        pytest.param("a@b.example,ftp://x", "Redirect not a link", id="R39-no link"),
        pytest.param("a@b.example,https://evil.example/x", "https://evil.example is not registered", id="R39-origin"),
        pytest.param("a@b.example,,maybe", "Not true or false", id="R54-send"),
        pytest.param(f"a@b.example,,,{'x' * 501}", "Message too long: The message has 501", id="R51-message"),
        pytest.param("a@b.example,,,hi \u202etxt.exe", "Hidden character", id="R51-bidi"),
        pytest.param(f"a@b.example,,,,{'N' * 101}", "Name too long", id="R54-name"),
        pytest.param("a@b.example,,,,Ni\u200bcole", "Hidden character", id="R54-hidden name"),
        pytest.param("a@b.example,,,,42", "Not a name: A name has letters. Leave the cell empty", id="R54-no name"),
        pytest.param("a@b.example,,,Hello, you,Nicole", "Too many cells: This row has 6", id="R54-cells"),
        pytest.param('"a@b.example,,', "Quotation marks do not pair", id="R54-quotes"),
    ],
)
def test_R54_a_row_that_cannot_be_invited_says_why_and_what_to_do(fabrikam, operator, now, row, reason):
    batch = started(fabrikam, uploaded(fabrikam, lines(row, "bo@example.com"), operator, now), operator, now)
    assert reason in said(fabrikam, batch)[2]
    assert (batch.rows, batch.rows_refused, batch.done, batch.state) == (2, 1, 1, BatchState.DONE)
    with tenant_scope(fabrikam.id):
        assert list(Guest.objects.values_list("address_key", flat=True)) == ["bo@example.com"]


@pytest.mark.parametrize("name", ["Jörg  Ahlström", "ế" * 60], ids=["R54-composed", "R54-short once composed"])
def test_R54_a_name_is_stored_as_the_form_stores_it(fabrikam, operator, now, name):
    typed = unicodedata.normalize("NFD", name)
    started(fabrikam, uploaded(fabrikam, lines(f"nicole@example.com,,,,{typed}"), operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get().name == BatchRow.objects.get().name == name.replace("  ", " ")


@pytest.mark.parametrize("together", [1, 500], ids=["R54-in slices", "R54-at once"])
def test_R54_a_row_that_cannot_be_done_leaves_the_person_to_the_next_that_can(
    fabrikam, operator, now, monkeypatch, together
):
    monkeypatch.setattr(reading, "TOGETHER", together)
    rows = ("nicole@example.com,ftp://x", "Nicole@example.com", "nicole@Example.com", "nicole@example.com,,maybe")
    batch = uploaded(fabrikam, lines(*rows), operator, now)
    assert {number: reason.partition(": ")[::2] for number, reason in said(fabrikam, batch).items()} == {
        2: ("Redirect not a link", said(fabrikam, batch)[2].partition(": ")[2]),
        4: ("Twice in the file", "The same person as row 3."),
        5: ("Twice in the file", "The same person as row 3."),
    }
    batch = started(fabrikam, batch, operator, now)
    assert (batch.rows_new, batch.rows_refused, batch.done) == (1, 3, 1)


def test_R54_a_header_without_rows_and_too_many_rows_are_refused(fabrikam, operator, now, monkeypatch):
    monkeypatch.setattr(checking, "MOST_ROWS", 5)
    for content, fix in ((lines(), "Write a row for each guest"), (many(6), "more than 5 rows")):
        batch = uploaded(fabrikam, content, operator, now)
        assert batch.state == BatchState.UNREADABLE
        assert fix in batch.problem


def test_R54_a_file_of_empty_rows_ends_in_words_and_gives_way_to_others_meanwhile(fabrikam, operator, now, monkeypatch):
    content = lines("bo@example.com") + b"\n" * 10_000 + b"nicole@example.com\r\n" + b"\n" * 10_000
    monkeypatch.setattr(reading, "TOGETHER", 5)
    batch = uploaded(fabrikam, content, operator, now)
    assert (batch.state, batch.rows) == (BatchState.CHECKED, 2)
    assert Place.of(batch.read_to).lines > 20_000
    monkeypatch.setattr(reading, "MOST_EMPTY", 15_000)
    batch = uploaded(fabrikam, content + b"\n", operator, now)
    assert batch.state == BatchState.UNREADABLE
    assert "empty rows. In Excel, delete the rows under the last guest" in batch.problem
    with tenant_scope(fabrikam.id):
        told = [row[:2] for row in rows_of(batch)]
    assert told == [[2, "bo@example.com"], [10_003, "nicole@example.com"]], "what was checked is told"


def test_R54_a_slice_reads_no_more_than_some_megabytes(fabrikam, operator, now, monkeypatch):
    monkeypatch.setattr(reading, "MOST_TOGETHER", 1000)
    read: list[int] = []
    batch = uploaded(fabrikam, many(100) + b"," * 5000 + b"\r\nbo@example.com\r\n", operator, now)
    with tenant_scope(fabrikam.id):
        Batch.objects.filter(id=batch.id).update(state=BatchState.CHECKING, read_to="", rows=0)
        BatchRow.objects.all().delete()
        batch.refresh_from_db()
        while checking.check_rows(batch, fabrikam):
            read.append(Place.of(batch.read_to).byte)
    assert batch.rows == 101
    assert len(read) > 5


def test_R53_the_lists_of_domains_hold_at_the_check_and_at_the_deed(fabrikam, operator, now):
    Tenant.objects.filter(pk=fabrikam.pk).update(allowed_domains=["good.example", "later.example"])
    batch = uploaded(fabrikam, lines("a@good.example", "b@later.example", "c@bad.example"), operator, now)
    assert said(fabrikam, batch) == {
        4: "Domain not allowed: bad.example is not on the allow list. Settings has the list."
    }
    Tenant.objects.filter(pk=fabrikam.pk).update(allowed_domains=["good.example"])
    batch = started(fabrikam, batch, operator, now)
    assert "later.example is not on the allow list" in said(fabrikam, batch)[3]
    assert (batch.done, batch.failed, batch.mails) == (1, 1, 1)
    with tenant_scope(fabrikam.id):
        refused = AuditEntry.objects.get(action="guest.invited", outcome="refused")
        assert refused.address == "b@later.example"
        assert list(Guest.objects.values_list("address_key", flat=True)) == ["a@good.example"]


def test_R53_nobody_is_invited_once_nobody_may(fabrikam, operator, now):
    batch = uploaded(fabrikam, many(3), operator, now)
    Tenant.objects.filter(pk=fabrikam.pk).update(who_may_invite=WhoMayInvite.NONE)
    batch = started(fabrikam, batch, operator, now)
    assert (batch.done, batch.failed) == (0, 3)
    assert "Nobody may invite guests to Fabrikam" in said(fabrikam, batch)[2]


def test_R50_who_became_an_administrator_or_was_blocked_meanwhile_is_refused(fabrikam, operator, now):
    by_hand(fabrikam, operator, now, "blocked@example.com")
    batch = uploaded(fabrikam, lines("new@fabrikam.example", "blocked@example.com", "bo@example.com"), operator, now)
    assert (batch.rows_new, batch.rows_again) == (2, 1)
    factories.administrator("new@fabrikam.example", (fabrikam, Role.GLOBAL_READER))
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(address_key="blocked@example.com").update(is_blocked=True)
    batch = started(fabrikam, batch, operator, now)
    assert {number: reason.partition(":")[0] for number, reason in said(fabrikam, batch).items()} == {
        2: "An administrator",
        3: "Blocked",
    }
    again = uploaded(fabrikam, lines("blocked@example.com"), operator, now)
    assert said(fabrikam, again)[2].startswith("Blocked: ")


def test_R50_inviting_again_keeps_the_link_and_says_the_new_things(fabrikam, operator, now):
    before = by_hand(fabrikam, operator, now, message="Old", name="N")
    batch = uploaded(fabrikam, lines("Nicole@Example.com,,true,New,Nicole Wagner"), operator, now)
    assert (batch.rows_new, batch.rows_again) == (0, 1)
    batch = started(fabrikam, batch, operator, now)
    with tenant_scope(fabrikam.id):
        guest, invitation = Guest.objects.get(), Invitation.objects.get()
        assert link_of(tenant=fabrikam, invitation=invitation) == before.link
        assert (guest.name, invitation.message) == ("Nicole Wagner", "New")
        assert AuditEntry.objects.filter(action="guest.invited_again").count() == 1
        assert OutboundMail.objects.get().subject_id == invitation.pk
    assert (batch.done, batch.choice["again"]) == (1, 1)


def test_R50_a_guest_without_a_live_link_gets_a_fresh_one(fabrikam, operator, now):
    before = by_hand(fabrikam, operator, now)
    with tenant_scope(fabrikam.id):
        Invitation.objects.update(ended_at=now, ended_why=Ended.REVOKED)
    started(fabrikam, uploaded(fabrikam, lines("nicole@example.com"), operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        fresh = Invitation.objects.get(ended_at__isnull=True)
        assert link_of(tenant=fabrikam, invitation=fresh) != before.link


def test_R52_a_guest_who_has_accepted_waits_for_nothing_when_invited_again(fabrikam, operator, now):
    by_hand(fabrikam, operator, now)
    with tenant_scope(fabrikam.id):
        Guest.objects.update(redemption_status=Status.ACCEPTED, method="emailOneTimePasscode")
        Invitation.objects.update(ended_at=now, ended_why=Ended.REVOKED)
    started(fabrikam, uploaded(fabrikam, lines("nicole@example.com", "bo@example.com"), operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        fresh = Invitation.objects.filter(ended_at__isnull=True)
        waiting = fresh.filter(accepted_at__isnull=True)
        assert fresh.count() == 2
        assert [one.guest.address for one in waiting.select_related("guest")] == ["bo@example.com"]


def test_R50_who_is_invited_by_hand_after_the_check_is_invited_again_and_not_twice(fabrikam, operator, now):
    batch = uploaded(fabrikam, lines("nicole@example.com", "bo@example.com"), operator, now)
    by_hand(fabrikam, operator, now)
    batch = started(fabrikam, batch, operator, now)
    with tenant_scope(fabrikam.id):
        assert Guest.objects.count() == Invitation.objects.count() == 2
        row = BatchRow.objects.get(address_key="nicole@example.com")
        assert (row.verdict, row.result) == (Verdict.AGAIN, Result.DONE)
    assert (batch.rows_new, batch.rows_again, batch.done) == (1, 1, 2)


def test_R52_an_invitation_lasts_as_long_as_the_tenant_says_from_when_its_mail_is_due(fabrikam, operator, now):
    Tenant.objects.filter(pk=fabrikam.pk).update(invitation_days=1, bulk_mails_per_hour=1)
    content = lines(*(f"guest{n}@many.example,,true" for n in range(30)), "unmailed@many.example,,false")
    started(fabrikam, uploaded(fabrikam, content, operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.get(last_mailed_at=None).expires_at == now + timedelta(days=1)
        ends = dict(Invitation.objects.exclude(last_mailed_at=None).values_list("pk", "expires_at"))
        mails = list(OutboundMail.objects.order_by("due_at"))
    assert len(mails) == len(ends) == 30
    assert mails[-1].due_at > now + timedelta(days=1), "later than a day after it was made"
    assert [ends[mail.subject_id] for mail in mails] == [mail.due_at + timedelta(days=1) for mail in mails]
    assert [mail.deadline_at for mail in mails] == [ends[mail.subject_id] for mail in mails]


def test_R17_the_limits_on_inviting_one_by_one_do_not_bind_it_and_its_mails_have_their_rate(fabrikam, operator, now):
    Tenant.objects.filter(pk=fabrikam.pk).update(
        invitations_per_hour=1, invitations_per_inviter_per_hour=1, bulk_mails_per_hour=3600
    )
    batch = started(fabrikam, uploaded(fabrikam, many(700), operator, now), operator, now)
    with tenant_scope(fabrikam.id):
        due = list(OutboundMail.objects.order_by("due_at").values_list("due_at", flat=True))
        assert Guest.objects.count() == 700
    gaps = {round((after - before).total_seconds(), 3) for before, after in pairwise(due)}
    assert gaps == {1.0}
    assert batch.last_mail_at == due[-1]
    assert batch.last_mail_at > now + timedelta(seconds=600)


def test_R54_a_slice_takes_the_same_few_statements_however_many_rows_it_has(fabrikam, operator, now, monkeypatch):
    counts = set()
    for size in (2, 40):
        monkeypatch.setattr(reading, "TOGETHER", size)
        monkeypatch.setattr(inviting, "SLICE", size)
        batch = uploaded(fabrikam, many(1), operator, now, name=f"{size}.csv")
        batch = uploaded(fabrikam, lines(*(f"g{n}@x{size}.example,,true,Hi,G" for n in range(size - 1))), operator, now)
        with tenant_scope(fabrikam.id):
            Batch.objects.filter(pk=batch.pk).update(state=BatchState.RUNNING, started_at=now)
            with CaptureQueriesContext(connection) as captured:
                carry_on(batch_id=batch.pk, work=WORK, now=now)
        counts.add(len(captured.captured_queries))
    assert len(counts) == 1
    assert counts.pop() <= 25


def test_R54_another_tenant_sees_nothing_of_it(fabrikam, contoso, operator, now):
    batch = started(fabrikam, uploaded(fabrikam, many(3), operator, now), operator, now)
    with tenant_scope(contoso.id):
        work_off(batch.pk, now)
        assert not Batch.objects.exists()
        assert not BatchRow.objects.exists()
        assert not Guest.objects.exists()
