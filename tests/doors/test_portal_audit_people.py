"""R64: a line of the log says to whom something was done, and by which of two who share a name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from guests.models import Guest, Invitation
from guests.operations.editing import Profile, edit_guest
from guests.operations.ending import end_session
from guests.operations.inviting import Inviter
from guests.operations.resending import remind_guest, resend_invitation, revoke_invitation
from guests.operations.resetting import (
    block_guest,
    end_sessions,
    reset_redemption,
    reset_redemption_to_address,
    unblock_guest,
)
from tenants.addresses import canonical
from tenants.administering import assign_role, set_roles
from tenants.audit import Actor, ActorKind
from tenants.credentials import recover_administrator, renew_credentials, sign_out_administrator
from tenants.models import Administrator, AuditEntry, Tenant
from tenants.refused_visits import record_refused_sign_in
from tenants.roles import Role
from tenants.scope import tenant_scope
from tenants.telling import about_of
from tests import factories
from tests.doors.portal import text
from tests.doors.test_portal_audit import rows_of
from tests.doors.test_portal_one_guest import begin_session

pytestmark = pytest.mark.django_db

LOG = "/admin/tenants/auditentry/"
NICOLE = "nicole@firstupconsultants.com"
INVITER = Inviter("", "ops")


def abouts(tenant: Tenant, *actions: str) -> list[str]:
    with tenant_scope(tenant.id):
        return [about_of(entry) for entry in AuditEntry.objects.filter(action__in=actions).order_by("id")]


Deed = Callable[..., object]

TO_GUESTS: dict[str, Deed] = {
    "guest.blocked": lambda guest, _, **by: block_guest(guest_id=guest.id, **by),
    "guest.unblocked": lambda guest, _, **by: (
        block_guest(guest_id=guest.id, **by),
        unblock_guest(guest_id=guest.id, **by),
    ),
    "guest.sessions_ended": lambda guest, _, **by: end_sessions(guest_id=guest.id, **by),
    "guest.session_ended": lambda guest, _, **by: end_session(
        guest_id=guest.id, session_id=begin_session(guest, "x").id, **by
    ),
    "guest.reset": lambda guest, tenant, **by: reset_redemption(
        tenant=tenant, guest_id=guest.id, inviter=INVITER, **by
    ),
    "guest.edited": lambda guest, tenant, **by: edit_guest(
        tenant=tenant, guest_id=guest.id, profile=Profile("Nicole W", [], []), **by
    ),
    "invitation.resent": lambda guest, tenant, **by: resend_invitation(
        tenant=tenant, invitation_id=invitation(guest), **by
    ),
    "invitation.reminded": lambda guest, tenant, **by: remind_guest(
        tenant=tenant, invitation_id=invitation(guest), **by
    ),
    "invitation.revoked": lambda guest, _, **by: revoke_invitation(invitation_id=invitation(guest), **by),
}


def invitation(guest: Guest) -> Any:
    return Invitation.objects.get(guest=guest).id


@pytest.mark.parametrize("action", TO_GUESTS)
def test_R64_a_line_names_the_guest_it_was_done_to(
    fabrikam: Tenant, nicole: Guest, operator: Actor, now: datetime, action: str
) -> None:
    with tenant_scope(fabrikam.id):
        TO_GUESTS[action](nicole, fabrikam, actor=operator, now=now)
    assert abouts(fabrikam, action) == [NICOLE]


def test_R64_a_reset_to_a_new_address_is_found_by_the_old_one_and_the_new(
    portal: Client, fabrikam: Tenant, nicole: Guest, operator: Actor, now: datetime
) -> None:
    with tenant_scope(fabrikam.id):
        reset_redemption_to_address(
            tenant=fabrikam,
            guest_id=nicole.id,
            address=canonical("nicole@new.example"),
            inviter=INVITER,
            actor=operator,
            now=now,
        )
    for address in (NICOLE, "nicole@new.example"):
        assert "olga" in rows_of(portal.get(f"{LOG}?address={address}&action=guest.reset"))


TO_ADMINISTRATORS: dict[str, Deed] = {
    "administrator.credentials_renewed": lambda omar, _, **by: renew_credentials(administrator=omar, **by),
    "administrator.recovered": lambda omar, _, **by: recover_administrator(administrator=omar, **by),
    "administrator.signed_out_everywhere": lambda omar, _, **by: sign_out_administrator(administrator=omar, **by),
    "administrator.sign_in_failed": lambda omar, _, **by: record_refused_sign_in(
        email=omar.email, is_paused=False, **by
    ),
    "administrator.sign_in_paused": lambda omar, _, **by: record_refused_sign_in(
        email=omar.email, is_paused=True, **by
    ),
}

TO_ADMINISTRATORS_INSIDE: dict[str, Deed] = {
    "administrator.role_assigned": lambda omar, tenant, **by: assign_role(
        tenant=tenant, administrator=omar, role=Role.HELPDESK_ADMINISTRATOR, **by
    ),
    "administrator.roles_changed": lambda omar, tenant, **by: set_roles(
        tenant=tenant, administrator=omar, roles=[Role.GLOBAL_READER], shown=[Role.GUEST_INVITER], **by
    ),
}


@pytest.fixture
def omar(fabrikam: Tenant) -> Administrator:
    return factories.administrator("omar@fabrikam.example", (fabrikam, Role.GUEST_INVITER), name="Adele Vance")


@pytest.mark.parametrize("action", TO_ADMINISTRATORS)
def test_R64_a_line_names_the_administrator_it_was_done_to(
    fabrikam: Tenant, omar: Administrator, operator: Actor, now: datetime, action: str
) -> None:
    TO_ADMINISTRATORS[action](omar, fabrikam, actor=operator, now=now)
    assert abouts(fabrikam, action) == ["omar@fabrikam.example"]


@pytest.mark.parametrize("action", TO_ADMINISTRATORS_INSIDE)
def test_R64_a_line_names_the_administrator_whose_roles_were_changed(
    fabrikam: Tenant, omar: Administrator, operator: Actor, now: datetime, action: str
) -> None:
    with tenant_scope(fabrikam.id):
        TO_ADMINISTRATORS_INSIDE[action](omar, fabrikam, actor=operator, now=now)
    assert abouts(fabrikam, action) == ["omar@fabrikam.example"]


# --- by whom ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def deeds(fabrikam: Tenant, adele: Administrator, omar: Administrator, now: datetime) -> list[AuditEntry]:
    """One of each of two who are called Adele Vance, and one of a guest."""
    known = {"tenant_id": fabrikam.id, "happened_at": now, "outcome": "success", "source": "198.51.100.4"}
    theirs = {"actor_kind": "administrator", "actor_name": "Adele Vance"}
    with tenant_scope(fabrikam.id):
        return [
            AuditEntry.objects.create(action="tenant.logo_changed", actor_id=adele.pk, **known, **theirs),
            AuditEntry.objects.create(action="application.added", actor_id=omar.pk, **known, **theirs),
            AuditEntry.objects.create(
                action="guest.signed_in", actor_kind="guest", actor_name="adele@x.example", **known
            ),
        ]


def actions_at(page: Any) -> list[str]:
    return [entry.action for entry in page.context["found"].entries]


@pytest.mark.usefixtures("deeds")
def test_R64_an_administrators_address_finds_what_that_one_did(portal: Client, contosos: Client) -> None:
    assert actions_at(portal.get(f"{LOG}?q=OMAR@fabrikam.example")) == ["application.added"]
    assert actions_at(portal.get(f"{LOG}?address=omar@fabrikam.example&action=tenant.")) == []
    assert "tenant.logo_changed" in actions_at(portal.get(f"{LOG}?q=adele@fabrikam.example"))
    assert actions_at(contosos.get(f"{LOG}?q=omar@fabrikam.example")) == []


@pytest.mark.usefixtures("deeds")
@pytest.mark.parametrize("typed", ["adele", "Adele", "ADELE", "adele v", "adele vance", "Adele Vance"])
def test_R64_a_name_is_found_with_small_letters_too(portal: Client, typed: str) -> None:
    found = actions_at(portal.get(LOG, {"q": typed}))
    assert {"application.added", "tenant.logo_changed"} <= set(found)
    assert ("guest.signed_in" in found) is (" " not in typed)


def test_R64_an_entry_tells_which_of_two_did_it(portal: Client, deeds: list[AuditEntry], omar: Administrator) -> None:
    page = text(portal.get(f"{LOG}{deeds[1].id}/change/"))
    assert f"Adele Vance omar@fabrikam.example administrator {omar.pk} 198.51.100.4" in " ".join(page.split())
    assert "fabrikam.example administrator" not in text(portal.get(f"{LOG}{deeds[2].id}/change/"))


def test_R64_an_operators_email_is_confirmed_to_nobody(
    portal: Client, fabrikam: Tenant, nicole: Guest, now: datetime
) -> None:
    olga = factories.administrator("olga@operator.example", is_superuser=True, name="Olga")
    omar = factories.administrator("omar@fabrikam.example", (fabrikam, Role.HELPDESK_ADMINISTRATOR), name="Omar")
    with tenant_scope(fabrikam.id):
        for who, kind in ((olga, ActorKind.OPERATOR), (omar, ActorKind.ADMINISTRATOR)):
            block_guest(guest_id=nicole.id, actor=Actor(kind, str(who), id=who.pk), now=now)
            unblock_guest(guest_id=nicole.id, actor=Actor(kind, str(who), id=who.pk), now=now)
    assert "Omar" in rows_of(portal.get(f"{LOG}?address={omar.email}"))
    assert "0 entries" in text(portal.get(f"{LOG}?address={olga.email}"))
