"""Resetting (R40) and invitations (R52) in the portal."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from guests.models import Guest, Status
from outbox.models import OutboundMail
from tenants.models import AuditEntry
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.batches import work_off
from tests.doors.portal import accepted, saved, seen, text

GUESTS = "/admin/guests/guest/"


# --- resetting ----------------------------------------------------------------------------------------------------


def test_R40_the_action_leads_to_a_page_that_lists_whom_it_touches_and_resets_nobody(portal, fabrikam, invite):
    guests = [accepted(invite(fabrikam, f"guest{n}@many.example", name=f"Guest {n}").guest) for n in range(3)]
    chosen = {"action": "reset_chosen", "_selected_action": [str(g.pk) for g in guests[:2]], "index": "0"}
    there = portal.post(GUESTS, chosen)["Location"]
    assert set(parse_qs(urlsplit(there).query)["id"]) == {str(g.pk) for g in guests[:2]}
    page = portal.get(there)
    assert "Guest 0 guest0@many.example Email passcode Email passcode" in text(page)
    assert "Guest 2" not in text(page)
    assert 'value="Reset 2 guests"' in page.content.decode()
    with tenant_scope(fabrikam.id):
        assert Guest.objects.filter(redemption_status=Status.ACCEPTED).count() == 3


def test_R43_two_guests_are_reset_by_workers_and_not_in_the_request(portal, fabrikam, invite):
    guests = [accepted(invite(fabrikam, f"guest{n}@many.example").guest) for n in range(2)]
    url = f"/admin/guests/guest/reset/?id={guests[0].pk}&id={guests[1].pk}"
    there = portal.post(url, {"sends_mail": "yes"})["Location"]
    assert urlsplit(there).path == reverse("admin:guests_reset_many")
    answer = saved(portal, there, {"sends_mail": "yes"})
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("redemption_status", flat=True)) == {"Accepted"}
    (batch,) = work_off(fabrikam)
    assert answer["Location"] == reverse("admin:guests_batch_change", args=[batch.pk])
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("redemption_status", "method")) == {("PendingAcceptance", "")}
        assert OutboundMail.objects.count() == 2
        assert AuditEntry.objects.filter(action="guest.reset").count() == 2


def test_R43_the_form_sent_a_second_time_resets_nobody_again(portal, fabrikam, invite):
    guests = [accepted(invite(fabrikam, f"guest{n}@many.example").guest) for n in range(2)]
    url = f"{reverse('admin:guests_reset_many')}?id={guests[0].pk}&id={guests[1].pk}"
    form = {"sends_mail": "no"} | seen(portal, url, {"sends_mail": "no"})
    portal.post(url, form)
    portal.post(url, form)  # before a worker came
    work_off(fabrikam)
    assert "Nothing has been done yet" in text(portal.post(url, form))  # and after
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="guest.reset").count() == 2


def test_R40_resetting_one_by_mail_says_so(portal, fabrikam, invite):
    guest = accepted(invite(fabrikam).guest)
    answer = portal.post(f"/admin/guests/guest/reset/?id={guest.pk}", {"sends_mail": "yes"}, follow=True)
    assert "is reset, and a new invitation is on its way." in text(answer)
    with tenant_scope(fabrikam.id):
        assert OutboundMail.objects.count() == 1


def test_R40_resetting_without_mail_shows_the_links_once(portal, fabrikam, invite):
    guest = accepted(invite(fabrikam).guest)
    answer = portal.post(f"/admin/guests/guest/reset/?id={guest.pk}", {"sends_mail": "no"})
    assert "http://127.0.0.1:8000/fabrikam.example/redeem/" in answer.content.decode()
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.exists()


@pytest.mark.parametrize("query", ["", "?id=nonsense", "?id=00000000-0000-4000-8000-000000000000"])
def test_R40_a_reset_of_nobody_is_not_there(portal, nicole, query):
    assert portal.get(f"/admin/guests/guest/reset/{query}").status_code == 404


def test_R40_a_reset_that_does_not_say_how_is_asked_again(portal, nicole):
    answer = portal.post(f"/admin/guests/guest/reset/?id={nicole.pk}", {})
    assert answer.status_code == 200
    with tenant_scope(nicole.tenant_id):
        assert not AuditEntry.objects.filter(action="guest.reset").exists()


def test_R42_the_helpdesk_resets_and_sees_no_other_button(as_role, nicole):
    client = as_role(Role.HELPDESK_ADMINISTRATOR)
    page = client.get(reverse("admin:guests_guest_change", args=[nicole.pk])).content.decode()
    assert "Reset redemption status" in page
    assert "Block sign-in" not in page
    assert "Invite a guest" not in client.get(GUESTS).content.decode()


# --- invitations --------------------------------------------------------------------------------------------------


def test_R52_an_invitation_is_listed_sent_again_and_revoked(portal, fabrikam, invite):
    invitation = invite(fabrikam).invitation
    page = reverse("admin:guests_invitation_change", args=[invitation.pk])
    assert "Open" in text(portal.get("/admin/guests/invitation/"))
    portal.post(reverse("admin:guests_resend", args=[invitation.pk]))
    assert "Queued" in text(portal.get(page))
    portal.post(reverse("admin:guests_revoke", args=[invitation.pk]))
    assert "Revoked" in text(portal.get(page))
    assert "Send it again" not in portal.get(page).content.decode()
    answer = portal.post(reverse("admin:guests_resend", args=[invitation.pk]), follow=True)
    assert "The link is no longer live. Invite the guest again." in text(answer)
    with tenant_scope(fabrikam.id):
        assert OutboundMail.objects.count() == 1


@pytest.mark.parametrize(
    ("link", "found"),
    [("open", True), ("accepted", False), ("expired", False), ("ended", False), ("nonsense", True)],
)
def test_R52_invitations_are_filtered_by_what_their_link_answers(portal, fabrikam, invite, link, found):
    invite(fabrikam)
    page = portal.get(f"/admin/guests/invitation/?link={link}").content.decode()
    assert ("nicole@firstupconsultants.com" in page) is found
