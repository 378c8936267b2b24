"""Explain sign-in in the portal: the decision, rule by rule, for guests, pending guests and strangers (R60)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail  # where the test runner keeps what was sent
from django.urls import reverse

from guests.models import SignInFlow
from guests.operations.resending import revoke_invitation
from providers.operations import set_email_passcode
from providers.rules import PasscodeState
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import accepted, signed_in, text

EXPLAIN = "/admin/guests/guest/explain/"
PREVIEW = "/admin/preview/"
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
    assert "Turning the email one-time passcode off : Create a Microsoft account" in page


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


def preview_of(portal: Any, guest: Any) -> str:
    page: str = portal.get(PREVIEW, {"guest": str(guest.pk)}).content.decode()
    return page


def test_R60_what_would_change_it_leads_to_the_setting(portal: Any, invite: Any, fabrikam: Tenant) -> None:
    guest = accepted(invite(fabrikam).guest)
    page = portal.get(f"{EXPLAIN}?guest={guest.pk}").content.decode()
    assert f'<a href="{reverse("admin:providers_email_passcode")}">Turning the email one-time passcode off</a>' in page
    assert "invited on" in page
    assert f'href="{PREVIEW}?guest={guest.pk}"' in page


def test_R60_who_may_not_reset_is_led_to_no_reset(fabrikam: Tenant, invite: Any) -> None:
    guest = accepted(invite(fabrikam).guest, "microsoftAccount")
    reader = signed_in(factories.administrator("g@fabrikam.example", (fabrikam, Role.GLOBAL_READER)), fabrikam)
    page = reader.get(f"{EXPLAIN}?guest={guest.pk}").content.decode()
    assert "Resetting the guest" in page
    assert reverse("admin:guests_reset") not in page


def test_R60_a_pending_guests_preview_is_the_page_behind_their_link(portal: Any, fabrikam: Tenant, invite: Any) -> None:
    page = preview_of(portal, invite(fabrikam).guest)
    assert "You’re invited to Fabrikam" in page
    assert "n•••e@firstupconsultants.com" in page
    assert "Preview for an administrator" in page


def test_R60_a_preview_has_nothing_that_works_and_sends_nothing(portal: Any, fabrikam: Tenant, invite: Any) -> None:
    page = preview_of(portal, invite(fabrikam).guest)
    assert "<form" not in page
    assert "<script" not in page
    assert "csrfmiddlewaretoken" not in page
    assert page.count("href=") == page.count("<link") + 1  # style sheets, the icon, and the way back
    assert re.search(r"<button[^>]*disabled[^>]*>Send code", page)
    assert mail.outbox == []
    with tenant_scope(fabrikam.id):
        assert not SignInFlow.objects.exists()
        assert not AuditEntry.objects.filter(action="invitation.opened").exists()


def test_R5_the_preview_of_a_guest_whose_method_is_off_is_the_refusal(
    portal: Any, fabrikam: Tenant, invite: Any, operator: Any, now: Any
) -> None:
    guest = accepted(invite(fabrikam).guest)
    with tenant_scope(fabrikam.id):
        set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
    page = preview_of(portal, guest)
    assert "You can’t sign in with a code any more" in page
    assert "E-OTP-OFF" in page


def test_R52_the_preview_of_a_revoked_link_says_that_it_is_gone(
    portal: Any, fabrikam: Tenant, invite: Any, operator: Any, now: Any
) -> None:
    invited = invite(fabrikam)
    with tenant_scope(fabrikam.id):
        revoke_invitation(invitation_id=invited.invitation.pk, actor=operator, now=now)
    assert "This link no longer works" in preview_of(portal, invited.guest)


def test_R19_a_strangers_preview_is_everybodys_page(portal: Any) -> None:
    page = portal.post(PREVIEW, {"address": STRANGER}).content.decode()
    assert "We’ll send a code to" in page
    assert "Nobody invited this address" in page


@pytest.mark.parametrize("typed", ["", "nobody", "<script>@x.example", "\0@x.example", "x" * 5000])
def test_R70_a_preview_of_what_is_no_address_goes_back_to_where_one_is_typed(portal: Any, typed: str) -> None:
    assert portal.post(PREVIEW, {"address": typed})["Location"] == EXPLAIN


def test_B5_another_tenants_guest_has_no_preview(portal: Any, contoso: Tenant, invite: Any) -> None:
    theirs = invite(contoso).guest
    assert portal.get(PREVIEW, {"guest": str(theirs.pk)}).status_code == 404
    assert portal.get(PREVIEW, {"guest": "x"}).status_code == 404
    assert "Contoso" not in text(portal.post(PREVIEW, {"address": theirs.address}))


@pytest.mark.parametrize(("role", "status"), [(Role.HELPDESK_ADMINISTRATOR, 200), (Role.GUEST_INVITER, 403)])
def test_R63_who_may_see_a_preview(fabrikam: Tenant, role: Role, status: int) -> None:
    client = signed_in(factories.administrator("r@fabrikam.example", (fabrikam, role)), fabrikam)
    assert client.post(PREVIEW, {"address": STRANGER}).status_code == status
