"""Who is mailed when a guest with a dead link asks for a new invitation (R52)."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from guests.operations.resending import revoke_invitation
from tenants.addresses import canonical
from tenants.inviters import InviterKind
from tenants.models import Tenant, WhoMayInvite
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.journeys.browser import Browser, post
from tests.journeys.conftest import NICOLE, Invite
from tests.journeys.stories import OPERATOR


def _asked(tenant: Tenant, invited: Invited, now: datetime) -> list[str]:
    """Who is mailed when the guest asks for a new invitation."""
    browser = Browser()
    with tenant_scope(tenant.id):
        revoke_invitation(invitation_id=invited.invitation.id, actor=OPERATOR, now=now)
    browser.open(invited.link)
    assert browser.submit("Ask for a new invitation").heading == "We passed it on"
    mails = post(tenant)
    assert all(f"/admin/guests/guest/{invited.guest.id}/" in mail.body for mail in mails)
    return [to for mail in mails for to in mail.to]


def test_R52_the_first_sponsor_who_can_invite_here_is_asked(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, now: datetime
) -> None:
    for name, tenant, role in (
        ("adele", fabrikam, Role.GLOBAL_ADMINISTRATOR),
        ("rita", fabrikam, Role.REPORTS_READER),
        ("clara", contoso, Role.GLOBAL_ADMINISTRATOR),
        ("uma", fabrikam, Role.USER_ADMINISTRATOR),
    ):
        factories.administrator(f"{name}@fabrikam.example", (tenant, role))
    names = ("bertil@northwind.example", "rita@fabrikam.example", "clara@fabrikam.example", "Uma@fabrikam.example")
    invited = invite(fabrikam, sponsors=tuple(canonical(one) for one in names))
    assert _asked(fabrikam, invited, now) == ["uma@fabrikam.example"]


def test_R52_the_inviter_is_asked_where_no_sponsor_can(fabrikam: Tenant, invite: Invite, now: datetime) -> None:
    factories.administrator("olga@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR))
    factories.administrator("adele@fabrikam.example", (fabrikam, Role.GUEST_INVITER))
    invited = invite(fabrikam, sponsors=(canonical("bertil@northwind.example"),))
    assert _asked(fabrikam, invited, now) == ["adele@fabrikam.example"]


def test_R52_R53_no_guest_who_invited_is_led_to_the_portal(fabrikam: Tenant, now: datetime) -> None:
    factories.administrator("rita@fabrikam.example", (fabrikam, Role.REPORTS_READER))
    factories.administrator("olga@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR))
    Tenant.objects.filter(id=fabrikam.id).update(who_may_invite=WhoMayInvite.EVERYONE)
    fabrikam.refresh_from_db()
    with tenant_scope(fabrikam.id):
        invited = invite_guest(
            tenant=fabrikam,
            address=canonical(NICOLE),
            details=Details(),
            inviter=Inviter("Bertil Lind", "bertil@northwind.example", uuid4(), InviterKind.GUEST),
            actor=OPERATOR,
            now=now,
        )
    assert isinstance(invited, Invited)
    assert _asked(fabrikam, invited, now) == ["olga@fabrikam.example"]


def test_R52_where_nobody_can_invite_nobody_is_mailed(fabrikam: Tenant, invite: Invite, now: datetime) -> None:
    assert _asked(fabrikam, invite(fabrikam), now) == []
