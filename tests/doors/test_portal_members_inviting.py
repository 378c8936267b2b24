"""Administrators whose role does not invite, where the tenant lets them invite all the same (R53).

They change nothing that another administrator said; and who may not see guests reads nothing of one.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from guests.models import Guest, Invitation
from guests.operations.resending import revoke_invitation
from guests.operations.resetting import block_guest
from outbox.models import OutboundMail
from tenants.models import Tenant, WhoMayInvite
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.portal import accepted, signed_in, text

INVITE = "/admin/guests/guest/invite/"
NAME = "Nicole Wagner"


@pytest.fixture
def members(fabrikam: Tenant) -> Tenant:
    Tenant.objects.filter(pk=fabrikam.pk).update(who_may_invite=WhoMayInvite.MEMBERS)
    fabrikam.refresh_from_db()
    return fabrikam


@pytest.fixture
def reader(members: Tenant) -> Client:
    """Sees no guests."""
    return signed_in(factories.administrator("rita@fabrikam.example", (members, Role.REPORTS_READER)))


@pytest.fixture
def helpdesk(members: Tenant) -> Client:
    """Sees guests."""
    return signed_in(factories.administrator("hugo@fabrikam.example", (members, Role.HELPDESK_ADMINISTRATOR)))


def typed(address: str, **more: str) -> dict[str, str]:
    return {"email": address, "display_name": "Somebody Else", "sends_mail": "on", "message": "Call me", **more}


def mails(tenant: Tenant) -> int:
    with tenant_scope(tenant.id):
        return OutboundMail.objects.count()


@pytest.mark.parametrize("is_accepted", [False, True])
def test_R53_who_sees_no_guests_is_not_told_that_an_address_is_one(reader, members, invite, is_accepted):
    guest = invite(members).guest
    if is_accepted:
        accepted(guest)
    shown = text(reader.post(INVITE, typed(guest.address, _preview="1")))
    assert "is a guest already" not in shown
    assert NAME not in shown
    answer = reader.post(INVITE, typed(guest.address), follow=True)
    assert f"The invitation to {guest.address} is on its way." in text(answer)
    assert NAME not in text(answer)
    assert mails(members) == 1


def test_R53_the_link_that_they_pass_on_comes_without_a_name(reader, members, invite):
    invited = invite(members)
    data = typed(invited.guest.address)
    del data["sends_mail"]
    shown = text(reader.post(INVITE, data))
    assert f"{invited.guest.address} is invited" in shown
    assert invited.link in shown
    assert NAME not in shown


def test_R53_a_blocked_guest_one_without_a_link_and_an_administrator_are_refused_alike(
    reader, members, invite, operator, now
):
    blocked, withdrawn = invite(members, "blocked@northwind.example"), invite(members, "withdrawn@northwind.example")
    factories.administrator("adele@fabrikam.example", (members, Role.GLOBAL_ADMINISTRATOR))
    with tenant_scope(members.id):
        block_guest(guest_id=blocked.guest.id, actor=operator, now=now)
        revoke_invitation(invitation_id=withdrawn.invitation.id, actor=operator, now=now)
    answers = set()
    for address in (blocked.guest.address, withdrawn.guest.address, "adele@fabrikam.example"):
        source = reader.post(INVITE, typed(address)).content.decode()
        assert "This address can’t be invited by you." in source
        answers.add(re.sub(r'value="[^"]{60,}"|nonce-\S+', "", source.replace(address, "")))
    assert len(answers) == 1
    assert mails(members) == 0


def test_R53_a_member_changes_nothing_that_an_administrator_said(helpdesk, members, invite):
    theirs = invite(members, message="By Friday, please")
    shown = helpdesk.post(INVITE, typed(theirs.guest.address))
    assert "your role changes no invitation" in text(shown)
    known = re.search(r'name="known" value="([^"]+)"', shown.content.decode())
    assert known is not None
    assert helpdesk.post(INVITE, typed(theirs.guest.address, known=known[1])).status_code == 302
    with tenant_scope(members.id):
        kept: Any = Invitation.objects.get()
        assert (kept.message, kept.inviter_name) == ("By Friday, please", theirs.invitation.inviter_name)
        assert Guest.objects.get().name == NAME
    assert mails(members) == 1


def test_R53_a_member_brings_no_revoked_invitation_back_and_reads_who_can(helpdesk, members, invite, operator, now):
    theirs = invite(members)
    with tenant_scope(members.id):
        revoke_invitation(invitation_id=theirs.invitation.id, actor=operator, now=now)
    token = f"{theirs.guest.pk}:{theirs.guest.redemption_status}"
    shown = helpdesk.post(INVITE, typed(theirs.guest.address, known=token))
    assert "This guest has no live invitation. Ask an administrator whose role invites" in text(shown)
    assert mails(members) == 0


def test_B5_a_member_of_one_tenant_invites_nobody_in_another(contoso, members):
    reader = signed_in(factories.administrator("rita@contoso.example", (contoso, Role.REPORTS_READER)))
    assert reader.post(INVITE, typed("lena@northwind.example")).status_code == 403
    with tenant_scope(contoso.id):
        assert not Guest.objects.exists()
