"""Guests in the portal: inviting (R50), the list, a guest's page, resetting (R40), blocking."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from applications.operations import add_application
from guests.models import FederatedIdentity, Guest, GuestSession, Invitation
from outbox.models import OutboundMail
from tenants.doors.admin import BoundedPaginator
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.portal import accepted, text

INVITE = "/admin/guests/guest/invite/"
GUESTS = "/admin/guests/guest/"


@pytest.fixture
def expenses(fabrikam, operator, now):
    with tenant_scope(fabrikam.id):
        return add_application(
            tenant=fabrikam,
            name="Expense reports",
            description="",
            url="https://expenses.fabrikam.example/start",
            actor=operator,
            now=now,
        )


# --- inviting -----------------------------------------------------------------------------------------------------


def test_R50_inviting_mails_by_default_and_leads_to_the_guest(portal, fabrikam, expenses):
    page = portal.get(INVITE).content.decode()
    assert re.search(r'name="sends_mail"[^>]* checked', page)
    answer = portal.post(
        INVITE,
        {
            "email": "Nicole@FirstUpConsultants.com",
            "display_name": "Nicole Wagner",
            "application": str(expenses.pk),
            "sends_mail": "on",
            "message": "Welcome",
        },
    )
    with tenant_scope(fabrikam.id):
        guest = Guest.objects.get()
        invitation = Invitation.objects.get()
        mail = OutboundMail.objects.get()
        entry = AuditEntry.objects.get(action="guest.invited")
    assert answer["Location"] == reverse("admin:guests_guest_change", args=[guest.pk])
    assert (guest.address_key, guest.name, guest.redemption_status) == (
        "nicole@firstupconsultants.com",
        "Nicole Wagner",
        "PendingAcceptance",
    )
    assert invitation.redirect_url == "https://expenses.fabrikam.example/start"
    assert (mail.kind, mail.subject_id) == ("invitation", invitation.pk)
    assert (entry.actor_kind, entry.actor_name, entry.source) == ("administrator", "Adele Vance", "127.0.0.1")
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", entry.correlation)


def test_R50_without_mail_the_link_is_shown_once(portal, fabrikam):
    answer = portal.post(INVITE, {"email": "nicole@firstupconsultants.com"})
    link = re.search(r"http://127\.0\.0\.1:8000/fabrikam\.example/redeem/[\w-]+", answer.content.decode())
    assert answer.status_code == 200
    assert link is not None
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.exists()
        guest, invitation = Guest.objects.get(), Invitation.objects.get()
    for page in (
        reverse("admin:guests_guest_change", args=[guest.pk]),
        reverse("admin:guests_invitation_change", args=[invitation.pk]),
        "/admin/tenants/auditentry/",
    ):
        assert link[0].rpartition("/")[2] not in portal.get(page).content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param({"email": ""}, "Whom do you want to invite?", id="R50-empty"),
        pytest.param({"email": "ines@@contoso"}, "one @", id="R70-two signs"),
        pytest.param({"email": "adele@fabrikam.example"}, "belongs to an administrator", id="R50-an administrator"),
        pytest.param({"email": "a@b.example", "cc": "nope"}, "with an @ in it", id="R51-copy"),
        pytest.param({"email": "a@b.example", "message": "x" * 501}, "500 characters", id="R51-long message"),
        pytest.param({"email": "a@b.example", "application": "nowhere"}, "nowhere", id="R39-unknown application"),
    ],
)
def test_R50_a_bad_invitation_is_said_at_the_field_and_nothing_is_saved(portal, fabrikam, typed, said):
    page = portal.post(INVITE, {"display_name": "Ines Moreau", **typed})
    html = page.content.decode()
    assert page.status_code == 200
    assert said in text(page)
    assert "<title>Error: Invite a guest" in html
    assert 'aria-invalid="true"' in html
    assert 'value="Ines Moreau"' in html
    with tenant_scope(fabrikam.id):
        assert not Guest.objects.exists()


def test_R53_a_denied_domain_is_refused_in_words(portal, fabrikam):
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["tailspin.example"])
    page = portal.post(INVITE, {"email": "mia@tailspin.example", "sends_mail": "on"})
    assert "does not take guests from tailspin.example" in text(page)


def test_R50_invite_and_add_another_comes_back_to_the_form(portal, fabrikam):
    answer = portal.post(INVITE, {"email": "a@b.example", "sends_mail": "on", "_addanother": "1"})
    assert answer["Location"] == INVITE


# --- the list -----------------------------------------------------------------------------------------------------


def test_the_list_shows_status_method_and_times(portal, fabrikam, invite):
    accepted(invite(fabrikam).guest)
    invite(fabrikam, "aiko@northwind.example", name="Aiko Tanaka")
    page = text(portal.get(GUESTS))
    assert "Nicole Wagner nicole@firstupconsultants.com Accepted Email passcode Never" in page
    assert "Aiko Tanaka aiko@northwind.example Pending acceptance – Never" in page
    assert "2 guests" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("q=nicole", "nicole", id="by address"),
        pytest.param("q=NICOLE@First", "nicole", id="by address in capitals"),
        pytest.param("q=aiko+tan", "aiko", id="by name"),
        pytest.param("q=firstup", "", id="not by what stands in the middle"),
        pytest.param("status=Accepted", "nicole", id="by status"),
        pytest.param("status=PendingAcceptance", "aiko", id="by the other status"),
        pytest.param("method=emailOneTimePasscode", "nicole", id="by method"),
        pytest.param("method=none", "aiko", id="not decided yet"),
        pytest.param("domain=northwind.example", "aiko", id="by domain"),
        pytest.param("last=never", "nicole aiko", id="who never signed in"),
        pytest.param("last=7", "", id="who signed in lately"),
        pytest.param("status=", "nicole aiko", id="no value changes nothing"),
        pytest.param("status=nonsense", "", id="a value that is none has nobody"),
        pytest.param("method=nonsense", "", id="a method that is none has nobody"),
    ],
)
def test_the_list_is_searched_and_filtered(portal, fabrikam, invite, query, found):
    accepted(invite(fabrikam).guest)
    invite(fabrikam, "aiko@northwind.example", name="Aiko Tanaka")
    page = portal.get(f"{GUESTS}?{query}").content.decode()
    rows = re.findall(r'class="action-select" aria-label="[^"]*- ([^"]+)"', page)
    assert {row.split()[0].lower() for row in rows} == set(found.split())


def test_the_list_counts_no_further_than_it_must(portal, fabrikam, invite, monkeypatch):
    for number in range(4):
        invite(fabrikam, f"guest{number}@many.example")
    monkeypatch.setattr(BoundedPaginator, "MOST", 3)
    assert "3+ guests" in text(portal.get(GUESTS))


def test_a_deleted_guest_is_not_listed(portal, nicole, now):
    with tenant_scope(nicole.tenant_id):
        Guest.objects.filter(pk=nicole.pk).update(deleted_at=now)
    assert nicole.address not in portal.get(GUESTS).content.decode()
    assert portal.get(reverse("admin:guests_guest_change", args=[nicole.pk])).status_code == 404


# --- one guest ----------------------------------------------------------------------------------------------------


def test_the_guests_page_tells_the_story(portal, nicole, now):
    page = text(portal.get(reverse("admin:guests_guest_change", args=[nicole.pk])))
    assert "Pending acceptance Method not decided yet" in page
    assert "nicole_firstupconsultants.com#EXT#@fabrikam.example" in page
    assert "Invited by" in page
    assert "Not signed in anywhere." in page


def test_R36_the_guests_page_names_the_account_that_they_redeemed_with(portal, nicole, fabrikam):
    url = reverse("admin:guests_guest_change", args=[nicole.pk])
    assert "Account at" not in text(portal.get(url))
    with tenant_scope(fabrikam.id):
        FederatedIdentity.objects.create(
            tenant_id=fabrikam.id,
            guest=nicole,
            kind="microsoftAccount",
            issuer="https://issuer.example",
            subject="<b>subject</b>",
            address="nicole.w@outlook.example",
        )
    page = portal.get(url).content.decode()
    assert "Account at Microsoft account" in page
    assert "nicole.w@outlook.example" in page
    assert "&lt;b&gt;subject&lt;/b&gt;" in page


def test_R21_ending_sessions_and_blocking_call_their_operations(portal, nicole, now, fabrikam):
    with tenant_scope(fabrikam.id):
        GuestSession.objects.create(
            tenant_id=fabrikam.id, guest=nicole, token_hash="x", method="google", expires_at=now.replace(year=2099)
        )
    portal.post(reverse("admin:guests_end_sessions", args=[nicole.pk]))
    portal.post(reverse("admin:guests_block", args=[nicole.pk]))
    with tenant_scope(fabrikam.id):
        assert GuestSession.objects.get().ended_why == "byAdministrator"
        nicole.refresh_from_db()
        assert nicole.is_blocked
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions[-2:] == ["guest.sessions_ended", "guest.blocked"]
    assert "Blocked" in text(portal.get(GUESTS))
    portal.post(reverse("admin:guests_unblock", args=[nicole.pk]))
    with tenant_scope(fabrikam.id):
        nicole.refresh_from_db()
    assert not nicole.is_blocked


@pytest.mark.parametrize("page", ["guests_end_sessions", "guests_block", "guests_unblock"])
def test_a_deed_takes_a_POST(portal, nicole, page):
    assert portal.get(reverse(f"admin:{page}", args=[nicole.pk])).status_code == 405


def test_nothing_of_a_guest_is_changed_through_stock_forms(portal, nicole):
    url = reverse("admin:guests_guest_change", args=[nicole.pk])
    portal.post(url, {"name": "Mallory", "display_name": "Mallory", "is_blocked": "on"})
    with tenant_scope(nicole.tenant_id):
        nicole.refresh_from_db()
    assert (nicole.name, nicole.is_blocked) == ("Nicole Wagner", False)
    assert portal.get("/admin/guests/guest/add/").status_code == 403
