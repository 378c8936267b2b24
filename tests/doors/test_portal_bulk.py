"""Bulk invitations in the portal: a verdict for every row before anything is done, progress, the result file (R54)."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guests.models import Batch, BatchPart, BatchRow, BatchState, Guest, Invitation
from guests.operations.batches.slices import discard_batch
from guests.operations.batches.uploading import LARGEST_FILE, MEGABYTE
from guests.operations.deleting import delete_guest
from outbox.models import OutboundMail, Rank
from tenants.models import AuditEntry, Tenant, WhoMayInvite
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.bulk import ENTRA, UPLOAD, lines, many, post, said, started, uploaded, work_off
from tests.doors.portal import signed_in, text

BAD = (
    "ines@@contoso",
    "a@blocked.example",
    "adele@fabrikam.example",
    "mia@tailspin.example,https://tailspin.test/x",
    "Bo@Example.com",
)


def page_of(batch: Batch) -> str:
    return reverse("admin:guests_batch_change", args=[batch.pk])


def only_batch(tenant: Tenant) -> Batch:
    with tenant_scope(tenant.id):
        return Batch.objects.get()


def file_of(client: Client, batch: Batch) -> list[list[str]]:
    answer = client.get(reverse("admin:guests_batch_file", args=[batch.pk]))
    assert answer.status_code == 200
    return list(csv.reader(StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


def test_R54_a_file_is_stored_checked_started_and_done(portal, fabrikam, adele, operator, now):
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["blocked.example"])
    answer = post(portal, lines("nicole@example.com,,true,Hello,Nicole Wagner", "bo@example.com,,false", *BAD))
    batch = only_batch(fabrikam)
    assert answer["Location"] == page_of(batch)
    checking = portal.get(page_of(batch))
    assert "0 rows checked so far" in text(checking)
    assert checking["Refresh"] == "5"
    assert "Refresh" not in portal.get(page_of(batch) + "?still=1")
    with tenant_scope(fabrikam.id):
        work_off(batch.pk, now)
        assert not Guest.objects.exists()
        assert not OutboundMail.objects.exists()
    page = portal.get(page_of(batch))
    shown = text(page)
    assert "suppliers.csv , 7 rows. Nothing has been sent." in shown
    assert "Cannot be invited 5" in shown
    assert 'value="Invite 2 guests"' in page.content.decode()
    assert "Refresh" not in page
    for word in (
        "Not an address Enter one address with one @ in it.",
        "Domain not allowed blocked.example is on the deny list.",
        "An administrator Administrators cannot be guests of their own tenant.",
        "Redirect not allowed https://tailspin.test is not registered for this tenant.",
        "Twice in the file The same person as row 3.",
    ):
        assert word in shown
    assert "nicole@example.com" not in shown
    assert "nicole@example.com" in text(portal.get(page_of(batch) + "?rows=all"))
    assert portal.post(reverse("admin:guests_batch_start", args=[batch.pk]))["Location"] == page_of(batch)
    assert "0 of 2 done" in text(portal.get(page_of(batch)))
    with tenant_scope(fabrikam.id):
        work_off(batch.pk, now)
        nicole = Guest.objects.get(address_key="nicole@example.com")
        invitation = Invitation.objects.get(guest=nicole)
        mail = OutboundMail.objects.get()
        assert Guest.objects.count() == 2
        assert (nicole.name, nicole.sponsor_name, nicole.sponsor_address) == (
            "Nicole Wagner",
            "Adele Vance",
            "adele@fabrikam.example",
        )
        assert nicole.user_principal_name == "nicole_example.com#EXT#@fabrikam.example"
        assert (invitation.message, invitation.inviter_id) == ("Hello", adele.pk)
        assert (mail.kind, mail.subject_id, mail.rank) == ("invitation", invitation.pk, Rank.BULK)
        entry = AuditEntry.objects.get(action="guest.invited", address="nicole@example.com")
        assert (entry.actor_name, entry.actor_kind, entry.subject_id) == ("Adele Vance", "administrator", nicole.pk)
    done = text(portal.get(page_of(batch)))
    assert "2 of 2 done" in done
    assert "Invited 2 Invited again 0 Failed 0 Cannot be invited 5 Waiting 0" in done
    assert "The only invitation email leaves at" in done or "The only invitation email left at" in done
    result = file_of(portal, batch)
    assert result[0] == ["row", "email", "redirect url", "send email", "message", "name", "result", "reason"]
    assert result[1] == ["2", "nicole@example.com", "", "true", "Hello", "Nicole Wagner", "done", ""]
    assert result[3][-2:] == ["refused", "Not an address: Enter one address with one @ in it."]
    assert len(result) == 8


def test_R54_it_reads_the_template_that_it_offers(portal, fabrikam, now):
    template = b"".join(portal.get(reverse("admin:guests_bulk_template")))
    assert template.decode() == ENTRA
    post(portal, template + b"nicole@example.com,,TRUE,Welcome\r\n")
    batch = only_batch(fabrikam)
    with tenant_scope(fabrikam.id):
        work_off(batch.pk, now)
        row = BatchRow.objects.get()
    assert (row.number, row.address, row.is_mailed, row.message) == (3, "nicole@example.com", True, "Welcome")


def test_R54_twenty_files_may_be_open_and_one_that_is_discarded_makes_room(portal, fabrikam, operator, now):
    for n in range(20):
        assert post(portal, lines(f"guest{n}@example.com")).status_code == 302
    refused = post(portal, lines("one-more@example.com"))
    assert "20 files are not done yet. Start or discard one of them first; Bulk work lists them." in text(refused)
    with tenant_scope(fabrikam.id):
        assert Batch.objects.count() == 20
        assert discard_batch(batch_id=Batch.objects.order_by("created_at")[0].id, actor=operator, now=now)
    assert post(portal, lines("one-more@example.com")).status_code == 302


def test_R54_it_says_what_is_missing_where_no_file_is_chosen(portal, fabrikam):
    page = portal.post(UPLOAD, {})
    assert "Which file?" in text(page)
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()


def test_R54_a_claim_of_a_gigabyte_is_refused_unread(portal, fabrikam):
    answer = portal.post(UPLOAD, b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(1024**3))
    assert answer.status_code == 413
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()


def test_R54_the_proxy_that_is_recommended_lets_the_upload_through_and_nothing_else_of_that_size():
    proxy = (settings.BASE_DIR / "docs/deploy/nginx.conf").read_text()
    (place, most), *others = re.findall(r"location = (\S+) \{\s+client_max_body_size (\d+)m;", proxy)
    assert place == reverse("admin:guests_bulk_invitations")
    assert int(most) * MEGABYTE > LARGEST_FILE
    assert not others
    assert proxy.count("client_max_body_size") == 2


def test_R54_a_form_without_its_token_stores_nothing(adele, fabrikam):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(adele).cookies
    assert post(strict, many(1)).status_code == 403
    with tenant_scope(fabrikam.id):
        assert not BatchPart.objects.exists()


def test_R53_nobody_uploads_where_nobody_may_invite(portal, fabrikam):
    Tenant.objects.filter(pk=fabrikam.pk).update(who_may_invite=WhoMayInvite.NONE)
    assert "Nobody may invite guests to Fabrikam" in text(post(portal, many(1)))
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()


def test_R54_it_is_paused_goes_on_and_is_discarded(portal, fabrikam, operator, now):
    batch = uploaded(fabrikam, many(5), operator, now)
    deeds = {name: reverse(f"admin:guests_batch_{name}", args=[batch.pk]) for name in ("start", "pause", "discard")}
    states = []
    for name in ("pause", "start", "pause", "start", "discard", "start"):
        portal.post(deeds[name])
        states.append(only_batch(fabrikam).state)
    assert states == ["checked", "running", "paused", "running", "discarded", "discarded"]
    page = text(portal.get(page_of(batch)))
    assert "0 of 5 done" in page
    assert "Not done 5" in page
    with tenant_scope(fabrikam.id):
        work_off(batch.pk, now)
        assert not Guest.objects.exists()


def test_R54_the_result_file_repeats_every_column_and_runs_nothing(portal, fabrikam, operator, now):
    content = b'department;EMail;Guest name\r\n"=cmd|x";nicole@example.com;"Wagner; Nicole"\r\n;nobody;\r\n'
    batch = started(fabrikam, uploaded(fabrikam, content, operator, now), operator, now)
    result = file_of(portal, batch)
    assert result[0] == ["row", "department", "EMail", "Guest name", "result", "reason"]
    assert result[1] == ["2", "'=cmd|x", "nicole@example.com", "Wagner; Nicole", "done", ""]
    assert result[2][1:5] == ["", "nobody", "", "refused"]
    assert "with an @ in it" in result[2][5]


def test_R54_the_rows_are_turned_by_key_in_the_same_few_statements(portal, fabrikam, operator, now):
    batch = uploaded(fabrikam, many(120), operator, now)
    with CaptureQueriesContext(connection) as captured:
        page = portal.get(page_of(batch) + "?rows=all").content.decode()
    assert "OFFSET" not in " ".join(query["sql"] for query in captured.captured_queries)
    assert len(captured.captured_queries) <= 12
    assert page.count('<td class="v-num">') == 50
    assert 'rel="next"' in page


@pytest.mark.parametrize("role", list(Role), ids=lambda role: f"R63-{role.value}")
def test_R63_who_may_not_invite_many_uploads_and_starts_nothing(as_role, fabrikam, operator, now, role):
    batch, client = uploaded(fabrikam, many(1), operator, now), as_role(role)
    may = role in (Role.GLOBAL_ADMINISTRATOR, Role.USER_ADMINISTRATOR)
    assert client.get(UPLOAD).status_code == (200 if may else 403)
    assert post(client, many(2)).status_code == (302 if may else 403)
    start = client.post(reverse("admin:guests_batch_start", args=[batch.pk]))
    assert start.status_code == (302 if may else 403)
    with tenant_scope(fabrikam.id):
        assert Batch.objects.count() == (2 if may else 1)
        assert Batch.objects.get(pk=batch.pk).state == (BatchState.RUNNING if may else BatchState.CHECKED)


def test_R63_another_tenants_batch_is_not_there(contosos, fabrikam, operator, now):
    batch = uploaded(fabrikam, many(2), operator, now)
    assert contosos.get(page_of(batch)).status_code == 404
    assert contosos.get(reverse("admin:guests_batch_file", args=[batch.pk])).status_code == 404
    for name in ("start", "pause", "discard"):
        assert contosos.post(reverse(f"admin:guests_batch_{name}", args=[batch.pk])).status_code == 404
    assert "suppliers.csv" not in contosos.get(UPLOAD).content.decode()
    assert "suppliers.csv" not in contosos.get("/admin/guests/batch/").content.decode()
    with tenant_scope(fabrikam.id):
        assert Batch.objects.get().state == BatchState.CHECKED


def test_R54_an_unreadable_file_says_what_to_change(portal, fabrikam, operator, now):
    batch = uploaded(fabrikam, b"PK\x03\x04rest", operator, now, name="guests.xlsx")
    page = text(portal.get(page_of(batch)))
    assert "This is an Excel workbook" in page
    assert "Upload the file again" in page
    assert said(fabrikam, batch) == {}


def test_R54_the_list_names_every_batch_with_its_state(portal, fabrikam, operator, now):
    started(fabrikam, uploaded(fabrikam, many(2), operator, now), operator, now)
    page = text(portal.get("/admin/guests/batch/"))
    assert "suppliers.csv Bulk invitation" in page
    assert "olga 2 Done" in page


def test_R17_the_end_of_the_mails_counts_those_that_wait_already(portal, fabrikam, operator, now):
    batch = uploaded(fabrikam, many(20), operator, now)
    assert "20 invitation emails will be sent, 2,000 an hour at most" in text(portal.get(page_of(batch)))
    assert "all are out within a minute of the start" in text(portal.get(page_of(batch)))
    Tenant.objects.filter(pk=fabrikam.pk).update(bulk_mails_until=datetime.now(UTC) + timedelta(hours=5))
    assert "all are out within 6 hours of the start" in text(portal.get(page_of(batch)))


def test_R17_the_page_counts_mails_and_not_rows(portal, fabrikam, operator, now):
    rows = ("a@example.com,,true", "b@example.com,,true", "c@example.com,,false")
    batch = started(fabrikam, uploaded(fabrikam, lines(*rows), operator, now), operator, now)
    assert "3 of 3 done" in text(portal.get(page_of(batch)))
    assert "The last of 2 invitation emails" in text(portal.get(page_of(batch)))


def test_R55_a_row_says_that_a_deleted_guest_can_be_restored_instead(portal, fabrikam, contoso, operator, now, invite):
    gone = [invite(tenant, f"{name}@example.com").guest for tenant, name in ((fabrikam, "a"), (contoso, "b"))]
    for guest in gone:
        with tenant_scope(guest.tenant_id):
            delete_guest(guest_id=guest.pk, actor=operator, now=now)
    batch = uploaded(fabrikam, lines("a@example.com", "b@example.com", "c@example.com"), operator, now)
    assert (batch.rows_new, batch.rows_refused) == (3, 0)
    (reason,) = said(fabrikam, batch).values()
    assert re.fullmatch(r"Was deleted on \d+ \w+ \d{4}; Restore brings the old guest back\.", reason)
    assert reason in text(portal.get(page_of(batch) + "?rows=new"))
    assert file_of(portal, batch)[1][-2:] == ["will be done", reason]
    started(fabrikam, batch, operator, now)
    with tenant_scope(fabrikam.id):
        assert Guest.objects.filter(address_key="a@example.com", deleted_at=None).count() == 1
    assert "Restore" not in text(portal.get(page_of(batch) + "?rows=new"))
