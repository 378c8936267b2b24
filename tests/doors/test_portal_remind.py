"""Reminding many guests in the portal: who has not accepted, said before anything is sent (R52)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from guests.models import Invitation
from outbox.models import OutboundMail
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.batches import work_off
from tests.doors.portal import saved, text
from tests.doors.test_portal_pages import inline

PAGE = "/admin/guests/guest/remind/"


@pytest.fixture
def old(fabrikam: Tenant, invite: Any, now: Any) -> None:
    """Two guests invited 40 days ago, one 20 days ago, one today."""
    for days, name in ((40, "Old 1"), (40, "Old 2"), (20, "Younger"), (0, "New")):
        made = invite(fabrikam, f"{name.lower().replace(' ', '')}@contoso.com", name=name).invitation
        with tenant_scope(fabrikam.id):
            Invitation.objects.filter(pk=made.pk).update(created_at=now - timedelta(days=days))


def test_R52_it_names_who_would_be_reminded_and_sends_nothing(portal, fabrikam, old):
    page = portal.get(PAGE)
    words = text(page)
    assert "2 guests would be reminded" in words
    assert "Old 1 old1@contoso.com" in words
    assert "Younger" not in words
    assert "Younger" in text(portal.get(f"{PAGE}?days=10"))
    assert "Nobody would be reminded" in text(portal.get(f"{PAGE}?days=100"))
    assert inline(page.content.decode()) == []
    assert f'href="{PAGE}"' in portal.get("/admin/guests/invitation/").content.decode()
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.exists()


def test_R52_who_was_shown_is_reminded_and_who_was_not_is_shown_first(portal, fabrikam, old):
    assert "Nothing has been sent yet" in text(portal.post(PAGE, {"days": "30"}))
    answer = saved(portal, PAGE, {"days": "30"}, follow=True)
    assert "The reminders are being sent." in text(answer)
    (batch,) = work_off(fabrikam)
    assert (batch.done, batch.mails) == (2, 2)
    assert "Nobody would be reminded" in text(portal.get(PAGE)), "they got a mail just now"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("0", "Enter at least 1 day."),
        ("-3", "Enter at least 1 day."),
        ("soon", "Enter a whole number of days, such as 30."),
        ("99999999999999999999", "Enter at most 3,650 days"),
        ("\x00", "Enter a whole number of days, such as 30."),
    ],
)
def test_R52_a_number_of_days_that_is_none_is_said_at_the_field(portal, fabrikam, old, days, words):
    page = portal.get(PAGE, {"days": days})
    assert words in text(page)
    assert page.status_code == 200
    assert "<title>Error: " in page.content.decode()
    assert portal.post(PAGE, {"days": days}).status_code == 200


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.USER_ADMINISTRATOR, 200), (Role.GUEST_INVITER, 403), (Role.HELPDESK_ADMINISTRATOR, 403)],
)
def test_R63_who_may_remind_many(as_role, fabrikam, old, role, status):
    client = as_role(role)
    assert client.get(PAGE).status_code == status
    assert (PAGE in client.get("/admin/guests/invitation/").content.decode()) is (status == 200)


def test_R52_the_other_tenants_guests_are_neither_named_nor_reminded(contosos, contoso, fabrikam, old):
    assert "Nobody would be reminded" in text(contosos.get(PAGE))
    saved(contosos, PAGE, {"days": "30"})
    work_off(contoso)
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.exists()
