"""Explain sign-in in the portal: the decision, rule by rule, for guests, pending guests and strangers (R60)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail  # where the test runner keeps what was sent
from django.urls import reverse

from guests.models import SignInFlow
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import signed_in, text

EXPLAIN = "/admin/guests/guest/explain/"
STRANGER = "boss@nowhere.example"


def ask(portal: Any, address: str) -> Any:
    return portal.post(EXPLAIN, {"address": address})


def test_R60_a_pending_guest_meets_a_code_and_the_page_says_why(portal: Any, fabrikam: Tenant, invite: Any) -> None:
    invite(fabrikam)
    page = text(ask(portal, "Nicole@FirstUpConsultants.com"))
    assert "A code by email" in page
    assert "is a pending guest of Fabrikam" in page
    assert "Already redeemed with a method?" in page
    assert "Email one-time passcode is on (default)." in page
    assert "Turning the email one-time passcode off: Create a Microsoft account" in page


def test_R60_the_navigation_shows_the_page_that_is_open_and_no_other(portal: Any) -> None:
    page = portal.get(EXPLAIN).content.decode()
    assert page.count('aria-current="page"') == 1
    assert f'<a href="{EXPLAIN}" aria-current="page">' in page


def test_R60_a_stranger_is_explained_and_learns_nothing(portal: Any, fabrikam: Tenant) -> None:
    page = text(ask(portal, STRANGER))
    assert "nobody has invited this address" in page
    assert "no code is sent to it" in page
    assert mail.outbox == []
    with tenant_scope(fabrikam.id):
        assert not SignInFlow.objects.exists()


def test_R60_it_opens_from_the_guests_page(portal: Any, fabrikam: Tenant, invite: Any) -> None:
    guest = invite(fabrikam).guest
    page = portal.get(reverse("admin:guests_guest_change", args=[guest.pk])).content.decode()
    url = f"{EXPLAIN}?guest={guest.pk}"
    assert f'href="{url}"' in page
    page = portal.get(url).content.decode()
    assert guest.address in page
    assert reverse("admin:guests_guest_change", args=[guest.pk]) in page


@pytest.mark.parametrize("typed", ["", "nobody", "a@b@c", "=?x?q?a?=@b.example", "<script>@x.example", "x" * 5000])
def test_R70_what_is_no_address_is_said_at_the_field(portal: Any, typed: str) -> None:
    answer = ask(portal, typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "One thing needs another look." in page
    assert "Why, rule by rule" not in page
    assert "<script>@" not in page


@pytest.mark.parametrize("guest", ["x", "", "0", "5b3f7e52-8f0d-4a3e-9f55-0c1d2e3f4a5b"])
def test_R60_a_guest_who_is_none_is_not_found(portal: Any, guest: str) -> None:
    assert portal.get(EXPLAIN, {"guest": guest}).status_code == 404


def test_B5_another_tenants_guest_is_a_stranger_here(
    portal: Any, fabrikam: Tenant, contoso: Tenant, invite: Any
) -> None:
    theirs = invite(contoso).guest
    assert portal.get(EXPLAIN, {"guest": str(theirs.pk)}).status_code == 404
    assert "nobody has invited this address" in text(ask(portal, theirs.address))


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.HELPDESK_ADMINISTRATOR, 200),
        (Role.GLOBAL_READER, 200),
        (Role.GUEST_INVITER, 403),
        (Role.REPORTS_READER, 403),
    ],
)
def test_R63_who_may_explain(fabrikam: Tenant, role: Role, status: int) -> None:
    client = signed_in(factories.administrator("r@fabrikam.example", (fabrikam, role)))
    assert ask(client, STRANGER).status_code == status
    assert ("Explain sign-in" in client.get("/admin/", follow=True).content.decode()) is (status == 200)
