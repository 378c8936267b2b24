"""Explain sign-in for who cannot get in, or not by every way: the answer says so first (R60)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from guests.models import Guest, Invitation, Source
from guests.operations.deleting import delete_guest
from guests.operations.resending import revoke_invitation
from guests.operations.resetting import block_guest
from passcodes import limits
from passcodes.operations import lift_pause
from passcodes.rules import Pool
from providers.operations import set_redemption_order
from providers.rules import Fallback, Order
from tenants import budgets
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.scope import tenant_scope
from tests.doors.portal import accepted, text
from tests.journeys.browser import Browser
from tests.journeys.stories import ask_by_address

EXPLAIN = "/admin/guests/guest/explain/"
DELETED = "/admin/guests/guest/deleted/"
NICOLE = "nicole@firstupconsultants.com"


def answer(portal: Any, address: str = NICOLE) -> tuple[str, str]:
    """The headline, and all that the page says."""
    page = portal.post(EXPLAIN, {"address": address})
    return page.content.decode().partition('<h2 id="answer">')[2].partition("</h2>")[0], text(page)


def told(tenant: Tenant, address: str = NICOLE) -> dict[str, Any]:
    printed = StringIO()
    call_command("explain_sign_in", address, "--tenant", tenant.primary_domain, "--json", stdout=printed)
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def codes(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """By rule, what came of it and the error that is met by it."""
    return {one["rule"]: (one["verdict"], one.get("code", "")) for one in found["reasons"]}


def spend_all_tries(guest: Guest) -> None:
    """As 100 wrong codes in a row would (R17)."""
    prices = limits.failures(tenant_id=guest.tenant_id, address_key=guest.address_key, pool=Pool.STRANGER)
    for streak in [price for price in prices if price.name == limits.PAUSE]:
        for _ in range(streak.allowed):
            budgets.take([streak])


def test_R60_who_can_get_in_meets_no_refusal(portal: Any, fabrikam: Tenant, nicole: Guest) -> None:
    assert answer(portal)[0] == "A code by email"
    found = told(fabrikam)
    assert found["error"] is None
    assert codes(found)["R21"] == codes(found)["R53"] == codes(found)["R17"] == ("no", "")
    assert codes(found)["R52"] == ("applies", "")


def test_R60_a_blocked_guest_cannot_sign_in(
    portal: Any, fabrikam: Tenant, nicole: Guest, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        block_guest(guest_id=nicole.pk, actor=operator, now=now)
    headline, page = answer(portal)
    assert headline == "Cannot sign in: sign-in is blocked (E-BLOCKED)"
    assert "Sign-in blocked? R21 Refused E-BLOCKED" in page
    found = told(fabrikam)
    assert (found["error"], codes(found)["R21"]) == ("E-BLOCKED", ("refused", "E-BLOCKED"))
    printed = StringIO()
    call_command("explain_sign_in", NICOLE, "--tenant", fabrikam.primary_domain, stdout=printed)
    assert "Cannot sign in: sign-in is blocked (E-BLOCKED)" in printed.getvalue().splitlines()[1]
    assert "Sign-in blocked? [R21] Refused (E-BLOCKED)" in printed.getvalue()
    assert "Sign-in is blocked for this guest." in text(portal.get(f"/admin/preview/?guest={nicole.pk}"))


def test_R60_what_would_change_it_for_who_is_shut_out_is_what_shuts_them_out(
    portal: Any, fabrikam: Tenant, nicole: Guest, operator: Actor, now: datetime
) -> None:
    def offered() -> tuple[str, list[Any]]:
        """What the page says under its heading, and the command."""
        page = portal.post(EXPLAIN, {"address": NICOLE}).content.decode()
        return page.partition("What would change it</h2>")[2], told(fabrikam)["alternatives"]

    passcode = "emailOneTimePasscode"
    guest_url = f"/admin/guests/guest/{nicole.pk}/change/"
    spend_all_tries(nicole)
    page, alternatives = offered()
    assert f'<li><a href="{guest_url}">Lifting the pause</a>: <strong>A code by email</strong></li>' in page
    assert alternatives == [{"change": "Lifting the pause", "method": passcode}]
    with tenant_scope(fabrikam.id):
        lift_pause(address_key=nicole.address_key, actor=operator, now=now)
        block_guest(guest_id=nicole.pk, actor=operator, now=now)
    page, alternatives = offered()
    assert f'<li><a href="{guest_url}">Unblocking the guest</a>: <strong>A code by email</strong></li>' in page
    assert "Turning the email one-time passcode off" not in page
    assert alternatives == [{"change": "Unblocking the guest", "method": passcode}]
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["firstupconsultants.com"])
    page, alternatives = offered()
    assert f'<li><a href="{guest_url}">Unblocking the guest</a></li>' in page, "that alone lets nobody in"
    lists = "/admin/providers/redemptionorder/guests-domains/"
    assert f'<li><a href="{lists}">Taking guests from firstupconsultants.com</a></li>' in page
    assert [one["method"] for one in alternatives] == [None, None]
    printed = StringIO()
    call_command("explain_sign_in", NICOLE, "--tenant", fabrikam.primary_domain, stdout=printed)
    assert "  What would change it:\n    Unblocking the guest\n    Taking guests from" in printed.getvalue()


@pytest.mark.parametrize("is_invited", [True, False])
def test_R53_who_comes_from_a_refused_domain_cannot_sign_in(
    portal: Any, fabrikam: Tenant, invite: Any, is_invited: bool
) -> None:
    if is_invited:
        invite(fabrikam)
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["firstupconsultants.com"])
    assert answer(portal)[0] == "Cannot sign in: the tenant does not take the domain (E-DOMAIN)"
    assert told(fabrikam)["error"] == "E-DOMAIN"


def test_R53_who_has_redeemed_stays_whatever_the_domains_are(portal: Any, fabrikam: Tenant, nicole: Guest) -> None:
    accepted(nicole)
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["firstupconsultants.com"])
    assert answer(portal)[0] == "A code by email"
    assert told(fabrikam)["error"] is None


def test_R17_a_pause_after_wrong_codes_is_the_answer(portal: Any, fabrikam: Tenant, nicole: Guest) -> None:
    spend_all_tries(nicole)
    headline, page = answer(portal)
    assert headline == "Codes are paused for the address (E-WAIT)"
    assert "The link of the invitation still lets them in" in page
    assert told(fabrikam)["error"] == "E-WAIT"
    accepted(nicole)
    assert "A browser that they signed in with before still lets them in" in answer(portal)[1]
    accepted(nicole, "microsoftAccount")
    assert "R17" not in codes(told(fabrikam)), "who needs no code waits for none"


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_R52_a_pending_guest_without_a_live_link_is_told_of_it(
    portal: Any, fabrikam: Tenant, nicole: Guest, operator: Actor, now: datetime, how: str
) -> None:
    with tenant_scope(fabrikam.id):
        for one in Invitation.objects.all():
            if how == "revoked":
                revoke_invitation(invitation_id=one.pk, actor=operator, now=now)
            else:
                Invitation.objects.filter(pk=one.pk).update(expires_at=Now() - timedelta(days=1))
    headline, page = answer(portal)
    assert "An invitation’s link? R52 No E-LINK-GONE None works any more, the last one" in page
    assert how in page
    assert codes(told(fabrikam))["R52"] == ("no", "E-LINK-GONE")
    # The answer is no refusal, as they may type their address (R38).
    assert headline == "A code by email"
    assert "nter" in ask_by_address(Browser(), fabrikam, NICOLE).text
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="sign_in.begun", outcome="success").count() == 1


def test_R55_who_was_deleted_or_left_was_invited_once(
    portal: Any, fabrikam: Tenant, invite: Any, operator: Actor, now: datetime
) -> None:
    nicole = invite(fabrikam).guest
    with tenant_scope(fabrikam.id):
        delete_guest(guest_id=nicole.pk, actor=operator, now=now)
    page = portal.post(EXPLAIN, {"address": NICOLE})
    assert answer(portal)[0] == "A code by email, once invited again"
    assert "is no guest of Fabrikam any more: deleted on" in text(page)
    assert f'<a href="{DELETED}">deleted guests</a>' in page.content.decode()
    assert "obody invited this address" not in text(page)
    with tenant_scope(fabrikam.id):
        AuditEntry.objects.create(
            tenant=fabrikam, action="guest.left", outcome="success", happened_at=now, subject_id=nicole.pk
        )
    assert "is no guest of Fabrikam any more: left on" in answer(portal)[1]
    printed = StringIO()
    call_command("explain_sign_in", NICOLE, "--tenant", fabrikam.primary_domain, stdout=printed)
    assert "no guest any more of Fabrikam" in printed.getvalue()
    with tenant_scope(fabrikam.id):
        Guest.objects.update(deleted_at=Now() - timedelta(days=31))
    assert "nobody has invited this address" in answer(portal)[1]


def test_R39a_who_signed_up_was_not_invited(portal: Any, fabrikam: Tenant, nicole: Guest) -> None:
    with tenant_scope(fabrikam.id):
        Guest.objects.update(source=Source.SELF_SERVICE)
    page = answer(portal)[1]
    assert "signed up on" in page
    assert "invited on" not in page


def test_R39a_a_stranger_is_sent_a_code_where_sign_up_is_open(portal: Any) -> None:
    headline, page = answer(portal)
    assert headline == "A code by email, once invited"
    assert "Only an application that is open for sign-up sends one (R39a)." in page


def test_R31_what_save_would_refuse_for_another_order_is_not_offered(
    portal: Any, fabrikam: Tenant, nicole: Guest, operator: Actor, now: datetime
) -> None:
    offer = "Turning the email one-time passcode off"
    assert offer in answer(portal)[1]
    order = Order(fallback=Fallback.PASSCODE, partner_domain="tailspin.example")
    with tenant_scope(fabrikam.id):
        set_redemption_order(order=order, actor=operator, now=now)
    assert offer not in answer(portal)[1]
