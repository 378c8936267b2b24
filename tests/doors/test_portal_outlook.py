"""What a page says of pending guests whom a change touches (R62): whom it looked at, where the others are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guests.operations import foreseeing
from providers import operations
from providers.operations import remember_microsoft_account
from providers.rules import PasscodeState
from tenants.scope import tenant_scope
from tests.doors.portal import text
from tests.doors.test_portal_pages import inline, statements
from tests.doors.test_portal_redemption import ENTRA, MICROSOFT, PAGE, PARTNER, SOCIAL, draft, with_entra


@pytest.fixture(autouse=True)
def registered(settings: Any) -> None:
    """An installation that can take work and personal accounts, and knows them by the tenants' lists."""
    settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = "registered"
    settings.DISCOVERY = "lists"


def test_R62_it_says_how_many_it_looked_at(portal, fabrikam, invite, monkeypatch):
    monkeypatch.setattr(foreseeing, "LOOKED_AT", 2)
    for number in range(3):
        invite(fabrikam, f"guest{number}@many.example", name=f"Guest {number}")
    page = portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT))
    assert "The newest 2 of 3 pending guests looked at" in text(page)
    assert "Guest 0" not in text(page)


def test_R62_of_a_domain_its_own_guests_are_looked_at_however_many_came_later(portal, fabrikam, invite, monkeypatch):
    monkeypatch.setattr(foreseeing, "LOOKED_AT", 2)
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    for number in range(3):
        invite(fabrikam, f"guest{number}@many.example", name=f"Guest {number}")
    words = text(portal.post(PARTNER, draft(portal.get(PARTNER), fallback=MICROSOFT)))
    assert "Not saved yet: 1 pending guest would redeem otherwise" in words
    assert "1 pending guest of this domain looked at" in words
    assert "Ines Moreau" in words


def test_R62_where_not_all_were_looked_at_the_heading_says_so(portal, fabrikam, invite, monkeypatch):
    monkeypatch.setattr(foreseeing, "LOOKED_AT", 1)
    for number in range(2):
        invite(fabrikam, f"guest{number}@contoso.com", name=f"Guest {number}")
    page = portal.post(PARTNER, draft(portal.get(PARTNER), fallback=MICROSOFT))
    assert "Not saved yet: 1 of the guests looked at would redeem otherwise" in text(page)
    assert "The newest 1 of 2 pending guests of this domain looked at" in text(page)
    page = portal.post(PAGE, draft(portal.get(PAGE), remove=SOCIAL))
    assert "Not saved yet: none of the guests looked at would redeem otherwise" in text(page)


def test_R62_a_few_among_many_domains_are_found_and_so_are_many(portal, fabrikam, invite, monkeypatch):
    monkeypatch.setattr(foreseeing, "MOST", 2)
    for number in range(4):
        invite(fabrikam, f"guest{number}@contoso.com", name=f"Guest {number}")
    words = text(portal.post(PARTNER, draft(portal.get(PARTNER), fallback=MICROSOFT)))
    assert "Not saved yet: 4 pending guests would redeem otherwise" in words


def test_R34_R62_a_microsoft_account_that_was_seen_here_counts_as_its_invitations_link_does(portal, fabrikam, invite):
    remember_microsoft_account(address_key="ines@contoso.com")
    invite(fabrikam, "ines@contoso.com", name="Ines Moreau")
    invite(fabrikam, "lee@contoso.com", name="Lee Gu")
    words = text(portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT)))
    assert "Not saved yet: 1 pending guest would redeem otherwise" in words
    assert "Lee Gu lee@contoso.com Email passcode → Create a Microsoft account" in words
    assert "Ines" not in words, "hers is known: the link leads there before and after"
    known = "/admin/providers/redemptionorder/known-domains/"
    listed = {"domains": "contoso.com", "kind": "microsoftAccount", "deed": "add"}
    words = text(portal.post(known, listed))
    assert "1 pending guest would redeem otherwise" in words
    assert "Lee Gu" in words


def test_R62_who_would_fail_is_a_warning_and_the_rest_is_in_the_list_of_guests(portal, fabrikam, invite):
    for number in range(11):
        invite(fabrikam, f"guest{number}@contoso.com", name=f"Guest {number}")
    page = portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT))
    html, words = page.content.decode(), text(page)
    assert "v-panel v-panel-warning" in html
    assert "11 of them would have to create a Microsoft account first." in words
    assert "These are the newest 10 of 11. The others are in the list of guests, by domain:" in words
    linked = re.findall(r'href="(/admin/guests/guest/\?[^"]+)"', html)
    assert linked == ["/admin/guests/guest/?status=PendingAcceptance&amp;domain=contoso.com"]
    assert "Guest 0" in text(portal.get(linked[0].replace("&amp;", "&")))
    assert inline(html) == []


def test_R62_who_would_not_get_in_is_led_to_the_setting_that_lets_them_in(portal, fabrikam, invite, operator, now):
    with_entra(fabrikam, operator, now)
    invite(fabrikam)
    page = portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT, remove=ENTRA))
    assert "Codes by email would let them in: choose another fallback above." in text(page)
    with tenant_scope(fabrikam.id):
        operations.set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
    page = portal.post(PAGE, draft(portal.get(PAGE), remove=ENTRA))
    assert "Codes by email would let them in. They are off: Email one-time passcode" in text(page)
    assert 'href="/admin/providers/redemptionorder/email-passcode/"' in page.content.decode()
    page = portal.post(PAGE, draft(portal.get(PAGE), remove=SOCIAL))
    assert "would let them in" not in text(page)


def test_R62_domains_with_fewer_guests_are_counted_only(portal, fabrikam, invite, monkeypatch):
    monkeypatch.setattr(foreseeing, "SHOWN", 1)
    monkeypatch.setattr(foreseeing, "NAMED", 1)
    for address in ("a@one.example", "b@two.example", "c@two.example", "d@three.example"):
        invite(fabrikam, address)
    words = text(portal.post(PAGE, draft(portal.get(PAGE), fallback=MICROSOFT)))
    assert "Domain Guests two.example 2 And 2 more domains." in words


def test_R62_the_preview_takes_the_same_few_statements_for_many_guests(portal, fabrikam, invite):
    counts = []
    unseen = draft(portal.get(PAGE), fallback=MICROSOFT)
    for size in (1, 25):
        for number in range(size):
            invite(fabrikam, f"guest{number}@of{number}-{size}.example", name="Guest")
        with CaptureQueriesContext(connection) as captured:
            page = portal.post(PAGE, unseen)
        counts.append(len(statements(captured)))
    assert "26 pending guests would redeem otherwise" in text(page)
    assert "These are the newest 10 of 26" in text(page)
    assert counts[0] == counts[1] <= 27
