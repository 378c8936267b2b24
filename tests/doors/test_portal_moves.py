"""Resetting to a new address (R41), and what a reset may not do that an invitation may not (R17, R53)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from guests.models import Guest
from guests.operations import resetting
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from outbox.models import OutboundMail
from tenants.addresses import Address, canonical
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant, WhoMayInvite
from tenants.refusals import Code, Refusal
from tenants.roles import Action, Role, may
from tenants.scope import tenant_scope
from tests.doors.batches import work_off
from tests.doors.portal import accepted, saved, text

ADELE = Inviter("Adele Vance", "adele@fabrikam.example")


def reset_url(*guests: Guest) -> str:
    return "/admin/guests/guest/reset/?" + "&".join(f"id={guest.pk}" for guest in guests)


def test_R41_a_reset_of_one_guest_may_set_a_new_address_and_mails_there(portal, nicole):
    guest = accepted(nicole)
    assert "New address" in text(portal.get(reset_url(guest)))
    answer = portal.post(reset_url(guest), {"sends_mail": "yes", "new_address": "Nicole@new.example"}, follow=True)
    assert "a new invitation is on its way to nicole@new.example" in text(answer)
    with tenant_scope(guest.tenant_id):
        moved = Guest.objects.get()
        assert (moved.pk, moved.address_key, moved.domain) == (guest.pk, "nicole@new.example", "new.example")
        assert moved.method == ""
        assert moved.user_principal_name == guest.user_principal_name
        assert OutboundMail.objects.count() == 1
        assert AuditEntry.objects.get(action="guest.reset").details["before"]["address"] == guest.address_key


def test_R36_R41_after_a_reset_to_a_new_address_none_of_the_old_ones_proves_the_guest(portal, nicole):
    with tenant_scope(nicole.tenant_id):
        Guest.objects.update(other_addresses=["n.wagner@home.example"])
    portal.post(reset_url(nicole), {"sends_mail": "yes", "new_address": "successor@new.example"})
    with tenant_scope(nicole.tenant_id):
        assert Guest.objects.get().other_addresses == []
        before = AuditEntry.objects.get(action="guest.reset").details["before"]
    assert (before["address"], before["other_addresses"]) == (nicole.address, ["n.wagner@home.example"])


def test_R36_R41_for_the_same_person_the_old_addresses_may_go_on_proving_them(portal, nicole):
    with tenant_scope(nicole.tenant_id):
        Guest.objects.update(other_addresses=["nicole@new.example", "n.wagner@home.example"])
    form = {"sends_mail": "yes", "new_address": "nicole@new.example", "keeps_addresses": "on"}
    portal.post(reset_url(nicole), form)
    with tenant_scope(nicole.tenant_id):
        assert Guest.objects.get().other_addresses == ["n.wagner@home.example", nicole.address]


@pytest.mark.parametrize("role", [role for role in Role if may([role], Action.GUESTS_RESET)])
def test_R41_R42_only_who_may_edit_guests_hands_one_to_an_address_that_is_not_theirs(as_role, fabrikam, nicole, role):
    Tenant.objects.filter(pk=fabrikam.pk).update(who_may_invite=WhoMayInvite.NONE)
    browser, is_editor = as_role(role), may([role], Action.GUESTS_EDIT)
    assert ("New address" in text(browser.get(reset_url(nicole)))) is is_editor
    answer = browser.post(reset_url(nicole), {"sends_mail": "yes", "new_address": "diego@private.example"})
    assert answer.status_code == (302 if is_editor else 403)
    with tenant_scope(fabrikam.id):
        assert Guest.objects.filter(address_key="diego@private.example").exists() is is_editor
        assert AuditEntry.objects.filter(action="guest.reset").exists() is is_editor


def test_R41_R42_helpdesk_chooses_among_the_addresses_that_the_guest_has_already(as_role, fabrikam, nicole):
    with tenant_scope(fabrikam.id):
        Guest.objects.update(other_addresses=["n.wagner@home.example", "Nicole@new.example"])
    helpdesk = as_role(Role.HELPDESK_ADMINISTRATOR)
    offered = re.findall(r'<option value="([^"]*)"', helpdesk.get(reset_url(nicole)).content.decode())
    assert offered == ["", "n.wagner@home.example", "Nicole@new.example"]
    assert helpdesk.post(reset_url(nicole), {"sends_mail": "yes", "new_address": "x@home.example"}).status_code == 403
    form = {"sends_mail": "yes", "new_address": "n.wagner@home.example", "keeps_addresses": "on"}
    answer = helpdesk.post(reset_url(nicole), form, follow=True)
    assert "a new invitation is on its way to n.wagner@home.example" in text(answer)
    with tenant_scope(fabrikam.id):
        moved = Guest.objects.get()
        assert (moved.address_key, moved.pk) == ("n.wagner@home.example", nicole.pk)


def test_R53_an_address_of_theirs_whose_domain_is_not_taken_is_refused_to_helpdesk_too(as_role, fabrikam, nicole):
    with tenant_scope(fabrikam.id):
        Guest.objects.update(other_addresses=["n@denied.example"])
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["denied.example"])
    helpdesk = as_role(Role.HELPDESK_ADMINISTRATOR)
    page = helpdesk.post(reset_url(nicole), {"sends_mail": "yes", "new_address": "n@denied.example"})
    assert "does not take guests from denied.example" in text(page)


def test_R41_several_guests_have_no_field_for_one_address(portal, fabrikam, invite):
    guests = [accepted(invite(fabrikam, f"guest{n}@many.example").guest) for n in range(2)]
    assert "New address" not in text(portal.get(reset_url(*guests), follow=True))
    there = portal.get(reset_url(*guests))["Location"]
    saved(portal, there, {"sends_mail": "yes", "new_address": "x@new.example"})
    work_off(fabrikam)
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("domain", flat=True)) == {"many.example"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("nobody", "", id="R70-no address"),
        pytest.param("x@denied.example", "does not take guests from denied.example", id="R53-a denied domain"),
        pytest.param("adele@fabrikam.example", "administrator of this tenant", id="R50-an administrator's own"),
        pytest.param("other@many.example", "Another guest of this tenant has that", id="R41-another guest's"),
    ],
)
def test_it_says_at_the_field_why_an_address_cannot_be_taken(portal, fabrikam, invite, nicole, typed, said):
    Tenant.objects.filter(pk=fabrikam.pk).update(denied_domains=["denied.example"])
    invite(fabrikam, "other@many.example")
    page = portal.post(reset_url(nicole), {"sends_mail": "yes", "new_address": typed})
    assert page.status_code == 200
    assert page.context["form"].errors["new_address"]
    assert said in text(page)
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get(pk=nicole.pk).address_key == nicole.address_key
        assert not AuditEntry.objects.filter(action="guest.reset").exists()


def test_R41_a_new_address_goes_by_email_only(portal, nicole):
    page = portal.post(reset_url(nicole), {"sends_mail": "no", "new_address": "x@new.example"})
    assert "The invitation goes to a new address by email." in text(page)


def test_R17_a_reset_by_mail_waits_when_the_hours_invitations_are_used_up_and_resets_nobody(portal, fabrikam, invite):
    guest = accepted(invite(fabrikam).guest)
    Tenant.objects.filter(pk=fabrikam.pk).update(invitations_per_hour=1)  # spent on inviting them
    answer = portal.post(reset_url(guest), {"sends_mail": "yes"})
    assert "This hour’s invitations are used up." in text(answer)
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.exists()
        assert not Guest.objects.filter(method="").exists()


def test_R17_the_hours_invitations_do_not_bind_a_reset_of_several(portal, fabrikam, invite):
    guests = [accepted(invite(fabrikam, f"guest{n}@many.example").guest) for n in range(2)]
    Tenant.objects.filter(pk=fabrikam.pk).update(invitations_per_hour=2)
    saved(portal, portal.get(reset_url(*guests))["Location"], {"sends_mail": "yes"})
    assert [batch.done for batch in work_off(fabrikam)] == [2]


def test_R41_an_address_that_is_taken_after_the_look_is_refused_and_nothing_is_reset(
    in_fabrikam: Tenant, operator: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    who: dict[str, Any] = {"tenant": in_fabrikam, "inviter": ADELE, "actor": operator, "now": now}
    wanted = canonical("nicole@new.example")
    looked = resetting._check_new

    def look_and_be_overtaken(address: Address, tenant: Tenant) -> None:
        looked(address, tenant)
        assert isinstance(invite_guest(address=address, details=Details(), **who), Invited)

    made = invite_guest(address=canonical("nicole@old.example"), details=Details(), **who)
    assert isinstance(made, Invited)
    monkeypatch.setattr(resetting, "_check_new", look_and_be_overtaken)
    outcome = resetting.reset_redemption_to_address(guest_id=made.guest.pk, address=wanted, **who)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.reason) == (Code.INPUT, "Another guest of this tenant has that address.")
    assert Guest.objects.get(pk=made.guest.pk).address_key == "nicole@old.example"
