"""Resetting many guests from the list: whom the filters say, named before it is started (R43)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guests.models import Batch, Guest, GuestSession
from outbox.models import OutboundMail
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.batches import work_off
from tests.doors.portal import accepted, saved, text
from tests.doors.test_portal_pages import inline

LIST = "/admin/guests/guest/"
PAGE = "/admin/guests/guest/reset-many/"


@pytest.fixture
def three(fabrikam: Tenant, invite: Any) -> list[Guest]:
    return [accepted(invite(fabrikam, f"guest{n}@contoso.com", name=f"Guest {n}").guest) for n in range(3)]


@pytest.fixture
def ines(fabrikam: Tenant, invite: Any) -> Guest:
    return accepted(invite(fabrikam, "ines@contoso.com", name="Ines Moreau").guest, "google")


def methods(tenant: Tenant) -> dict[str, str]:
    with tenant_scope(tenant.id):
        return dict(Guest.objects.values_list("name", "method"))


@pytest.mark.parametrize(
    ("query", "offer"),
    [
        ("?method=emailOneTimePasscode", "Reset all 3 guests"),
        ("?domain=contoso.com", "Reset all 4 guests"),
        ("?domain=contoso.com&method=google", "Reset this guest"),
        ("?method=google&o=-1", "Reset this guest"),
        ("", None),
        ("?method=none", None),
        ("?method=emailOneTimePasscode&last=never", None),
        ("?domain=contoso.com&q=ines", None),
        ("?domain=nowhere.example", None),
        ("?domain=%00", None),
        ("?provider=x", None),
        ("?waiting=yes", None),
    ],
)
def test_R43_the_list_offers_the_reset_of_all_that_it_shows(portal, three, ines, query, offer):
    html = portal.get(f"{LIST}{query}").content.decode()
    assert ("reset-many" in html) is (offer is not None)
    if offer:
        assert offer in html


def test_R43_it_names_them_and_resets_nobody_before_the_button(portal, fabrikam, three, ines):
    page = portal.get(f"{PAGE}?method=emailOneTimePasscode")
    words = text(page)
    assert "Guests who redeemed with a passcode: these 3 guests choose how to sign in again" in words
    assert "Guest 2 guest2@contoso.com Email passcode" in words
    assert "Account, object ID and user principal name" in words
    assert 'value="Reset 3 guests"' in page.content.decode()
    assert "Each invitation can be sent later from the invitation’s page." in words
    assert inline(page.content.decode()) == []
    assert portal.post(f"{PAGE}?method=emailOneTimePasscode", {"sends_mail": "yes"}).status_code == 200
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()


@pytest.mark.parametrize("query", ["?method=emailOneTimePasscode", "?domain=contoso.com&method=emailOneTimePasscode"])
def test_R43_it_says_how_many_sessions_end(portal, fabrikam, three, ines, query, now):
    with tenant_scope(fabrikam.id):
        for place, guest in enumerate([*three[:2], ines]):
            GuestSession.objects.create(
                tenant=fabrikam,
                guest=guest,
                token_hash=f"{place:064}",
                method=guest.method,
                expires_at=now + timedelta(hours=9),
            )
    with CaptureQueriesContext(connection) as asked:
        assert "2 sessions" in text(portal.get(f"{PAGE}{query}"))
    counted = [one["sql"] for one in asked if 'FROM "guests_guestsession"' in one["sql"]]
    assert any('"guests_guest"' in one for one in counted) is ("domain" in query), "an index has those of a method"


@pytest.mark.parametrize(("mail", "count"), [("yes", 3), ("no", 0)])
def test_R43_the_button_has_workers_reset_them(portal, fabrikam, three, ines, mail, count):
    answer = saved(portal, f"{PAGE}?method=emailOneTimePasscode", {"sends_mail": mail})
    (batch,) = work_off(fabrikam)
    assert answer["Location"] == reverse("admin:guests_batch_change", args=[batch.pk])
    assert methods(fabrikam) == {"Guest 0": "", "Guest 1": "", "Guest 2": "", "Ines Moreau": "google"}
    with tenant_scope(fabrikam.id):
        assert OutboundMail.objects.count() == count
    assert portal.get(f"{PAGE}?method=emailOneTimePasscode").status_code == 404, "nobody is left"


def test_R43_all_that_the_list_shows_may_be_chosen_with_the_boxes_too(portal, fabrikam, three, ines):
    chosen = {"action": "reset_chosen", "_selected_action": [str(ines.pk)], "index": "0", "select_across": "1"}
    there = portal.post(f"{LIST}?domain=contoso.com", chosen)["Location"]
    assert there == f"{PAGE}?domain=contoso.com"
    answer = portal.post(LIST, chosen, follow=True)
    assert "filter it by method, provider or domain only" in text(answer)


def test_R43_two_rows_or_more_become_a_batch(portal, fabrikam, three, ines):
    ids = [str(one.pk) for one in [*three, ines]]
    one = portal.post(LIST, {"action": "reset_chosen", "_selected_action": ids[:1], "index": "0"})["Location"]
    assert one.startswith(f"{reverse('admin:guests_reset')}?")
    there = portal.post(LIST, {"action": "reset_chosen", "_selected_action": ids, "index": "0"})["Location"]
    assert there.startswith(PAGE)
    assert "4 chosen guests" in text(portal.get(there))
    saved(portal, there, {"sends_mail": "yes"})
    assert [one.done for one in work_off(fabrikam)] == [4]


@pytest.mark.parametrize(
    "query",
    ["", "?method=none", "?method=x", "?domain=a%20b", "?domain=Contoso.com", "?id=x", "?provider=x", "?waiting=no"],
)
def test_R43_a_choice_of_nobody_is_not_there(portal, three, query):
    assert portal.get(f"{PAGE}{query}").status_code == 404
    assert portal.post(f"{PAGE}{query}", {"sends_mail": "yes"}).status_code == 404


def test_R43_who_is_blocked_is_said_beforehand(portal, fabrikam, three):
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(pk=three[0].pk).update(is_blocked=True)
    assert "1 of them is blocked and will not be reset" in text(portal.get(f"{PAGE}?domain=contoso.com"))


def test_R42_only_who_may_reset_is_offered_it(as_role, fabrikam, three):
    reader = as_role(Role.GLOBAL_READER)
    assert "reset-many" not in reader.get(f"{LIST}?domain=contoso.com").content.decode()
    assert saved(reader, f"{PAGE}?domain=contoso.com", {}).status_code == 403
    assert saved(as_role(Role.HELPDESK_ADMINISTRATOR), f"{PAGE}?domain=contoso.com", {}).status_code == 302


def test_R43_the_other_tenants_guests_are_not_there(contosos, contoso, fabrikam, three):
    for query in ("?domain=contoso.com", f"?id={three[0].pk}", f"?id={uuid4()}"):
        assert contosos.get(f"{PAGE}{query}").status_code == 404
        assert contosos.post(f"{PAGE}{query}", {"sends_mail": "yes"}).status_code == 404
    with tenant_scope(contoso.id):
        assert not Batch.objects.exists()
