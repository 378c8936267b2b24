"""Deleting a guest in the portal, the list of deleted ones, restoring, and forgetting them after 30 days (R55)."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.urls import reverse

from guests.models import (
    Consent,
    ConsentKind,
    FederatedIdentity,
    Guest,
    GuestSession,
    Invitation,
    Redemption,
    SignInFlow,
    Way,
)
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import accepted, text
from tests.doors.test_portal_one_guest import begin_session
from tests.doors.test_portal_pages import inline

DELETED = "/admin/guests/guest/deleted/"


def delete_url(guest: Guest) -> str:
    return reverse("admin:guests_guest_delete", args=[guest.pk])


def restore_url(guest: Guest) -> str:
    return reverse("admin:guests_restore", args=[guest.pk])


def kept(guest: Guest) -> Guest:
    with tenant_scope(guest.tenant_id):
        return Guest.objects.get(pk=guest.pk)


def actions(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def age(tenant: Tenant, by: timedelta) -> None:
    with tenant_scope(tenant.id):
        Guest.objects.filter(deleted_at__isnull=False).update(deleted_at=F("deleted_at") - by)


def test_R55_the_page_says_what_ends_and_deletes_only_when_pressed(portal, nicole):
    begin_session(nicole, "x")
    page = portal.get(delete_url(nicole))
    assert "1 session" in text(page)
    assert "1 invitation link" in text(page)
    assert inline(page.content.decode()) == []
    assert kept(nicole).deleted_at is None


def test_R55_a_deleted_guest_has_no_session_link_or_flow_and_stands_in_the_list(portal, fabrikam, nicole):
    begin_session(accepted(nicole), "x")
    with tenant_scope(fabrikam.id):
        SignInFlow.objects.create(
            tenant_id=fabrikam.id,
            guest=nicole,
            way=Way.TENANTED,
            expires_at=nicole.created_at + timedelta(days=1),
            browser_hash="x",
        )
    answer = portal.post(delete_url(nicole), follow=True)
    assert "Nicole Wagner is deleted and signed out everywhere." in text(answer)
    assert f"Nicole Wagner {nicole.address} Accepted Email passcode" in text(answer)
    with tenant_scope(fabrikam.id):
        assert GuestSession.objects.get().ended_why == "deleted"
        assert Invitation.objects.get().ended_why == "deleted"
        assert SignInFlow.objects.get().ended_at is not None
        assert AuditEntry.objects.get(action="guest.deleted").details["sessions_ended"] == 1
    assert nicole.address not in portal.get("/admin/guests/guest/").content.decode()
    assert portal.get(reverse("admin:guests_guest_change", args=[nicole.pk])).status_code == 404
    assert portal.post(delete_url(nicole)).status_code == 404


def test_R3_R55_a_restored_guest_is_as_they_were_but_for_links_and_sessions(portal, fabrikam, nicole):
    before = accepted(nicole, "microsoftAccount")
    with tenant_scope(fabrikam.id):
        Consent.objects.create(tenant_id=fabrikam.id, guest=nicole, kind=ConsentKind.PERMISSIONS)
        FederatedIdentity.objects.create(
            tenant_id=fabrikam.id, guest=nicole, kind="microsoftAccount", issuer="i", subject="s"
        )
    begin_session(nicole, "x")
    portal.post(delete_url(nicole))
    answer = portal.post(restore_url(nicole), follow=True)
    assert "Nicole Wagner is restored." in text(answer)
    after = kept(nicole)
    names = [field.attname for field in Guest._meta.concrete_fields]
    assert {name: getattr(after, name) for name in names} == {name: getattr(before, name) for name in names}
    with tenant_scope(fabrikam.id):
        assert Consent.objects.get().withdrawn_at is None
        assert FederatedIdentity.objects.get().guest_id == nicole.pk
        assert GuestSession.objects.get().ended_at is not None
        assert Invitation.objects.get().ended_at is not None
    assert actions(fabrikam)[-2:] == ["guest.deleted", "guest.restored"]


def test_R55_a_pending_guest_who_is_restored_has_to_be_invited_again_and_the_page_says_so(portal, nicole):
    portal.post(delete_url(nicole))
    assert "Their links ended: invite them again." in text(portal.post(restore_url(nicole), follow=True))


def test_R55_an_address_that_was_invited_anew_is_not_restored_and_the_remedy_is_named(portal, fabrikam, invite, nicole):
    portal.post(delete_url(nicole))
    again = invite(fabrikam).guest
    assert again.pk != nicole.pk
    answer = portal.post(restore_url(nicole), follow=True)
    assert f"Another guest has {nicole.address} by now. Delete that one first" in text(answer)
    assert kept(nicole).deleted_at is not None
    portal.post(delete_url(again))
    portal.post(restore_url(nicole))
    assert kept(nicole).deleted_at is None


def test_R55_after_30_days_nobody_is_listed_or_restored(portal, fabrikam, nicole):
    portal.post(delete_url(nicole))
    age(fabrikam, timedelta(days=29, hours=23))
    assert nicole.address in portal.get(DELETED).content.decode()
    age(fabrikam, timedelta(hours=2))
    assert nicole.address not in portal.get(DELETED).content.decode()
    assert "within 30 days can be restored" in text(portal.post(restore_url(nicole), follow=True))
    assert kept(nicole).deleted_at is not None


def test_R55_a_guest_who_is_there_cannot_be_restored(portal, nicole):
    assert "Only a guest who was deleted" in text(portal.post(restore_url(nicole), follow=True))
    assert portal.get(restore_url(nicole)).status_code == 405


def test_R55_the_list_of_deleted_guests_is_turned_by_key_the_last_first(portal, fabrikam, invite, now):
    for number in range(30):
        guest = invite(fabrikam, f"guest{number}@many.example", name=f"Guest {number:02}").guest
        with tenant_scope(fabrikam.id):
            Guest.objects.filter(pk=guest.pk).update(deleted_at=now - timedelta(minutes=number // 2))
    page = portal.get(DELETED)
    first = [guest.name for guest, *_ in page.context["rows"]]
    second = [guest.name for guest, *_ in portal.get(DELETED + page.context["page"].next).context["rows"]]
    assert (len(first), len(second), len({*first, *second})) == (25, 5, 30)
    assert set(first[:2]) == {"Guest 00", "Guest 01"}
    assert "OFFSET" not in str(page.context["page"])


@pytest.mark.parametrize("role", [Role.HELPDESK_ADMINISTRATOR, Role.GLOBAL_READER, Role.GUEST_INVITER])
def test_R63_who_may_not_delete_neither_deletes_nor_restores(portal, as_role, nicole, role):
    client = as_role(role)
    assert client.get(delete_url(nicole)).status_code == 403
    assert client.post(delete_url(nicole)).status_code == 403
    portal.post(delete_url(nicole))
    assert client.post(restore_url(nicole)).status_code == 403
    assert 'value="Restore"' not in client.get(DELETED).content.decode()
    assert 'aria-label="Restore' not in client.get(DELETED).content.decode()
    assert kept(nicole).deleted_at is not None


def test_R63_a_user_administrator_deletes_and_restores(as_role, nicole):
    client = as_role(Role.USER_ADMINISTRATOR)
    client.post(delete_url(nicole))
    assert kept(nicole).deleted_at is not None
    client.post(restore_url(nicole))
    assert kept(nicole).deleted_at is None


def test_R55_contoso_deletes_restores_and_sees_nobody_of_fabrikam(portal, contosos, nicole):
    assert contosos.post(delete_url(nicole)).status_code == 404
    assert kept(nicole).deleted_at is None
    portal.post(delete_url(nicole))
    assert contosos.post(restore_url(nicole)).status_code == 404
    assert nicole.address not in contosos.get(DELETED).content.decode()
    assert kept(nicole).deleted_at is not None


# --- forgetting ---------------------------------------------------------------------------------------------------


def test_R55_after_30_days_everything_that_hangs_on_a_deleted_guest_is_forgotten_but_the_history(
    portal, fabrikam, contoso, invite, nicole
):
    stays = invite(fabrikam, "stays@many.example").guest
    elsewhere = invite(contoso, nicole.address).guest
    with tenant_scope(fabrikam.id):
        for guest in (nicole, stays):
            Redemption.objects.create(tenant_id=fabrikam.id, guest=guest, method="google")
            Consent.objects.create(tenant_id=fabrikam.id, guest=guest, kind=ConsentKind.PERMISSIONS)
            FederatedIdentity.objects.create(
                tenant_id=fabrikam.id, guest=guest, kind="saml", issuer="i", subject=guest.address
            )
    begin_session(nicole, "x")
    begin_session(stays, "y")
    portal.post(delete_url(nicole))
    call_command("purge", stdout=StringIO())
    assert kept(nicole)
    age(fabrikam, timedelta(days=30, seconds=1))
    out = StringIO()
    call_command("purge", stdout=out)
    assert "1 guests deleted 30 days ago" in out.getvalue()
    with tenant_scope(fabrikam.id):
        assert list(Guest.objects.values_list("pk", flat=True)) == [stays.pk]
        for model in (Invitation, Redemption, Consent, FederatedIdentity, GuestSession):
            assert [row.guest_id for row in model.objects.all()] == [stays.pk], model
        assert AuditEntry.objects.filter(subject_id=nicole.pk).count() == 2
    assert kept(elsewhere)


# --- commands -----------------------------------------------------------------------------------------------------


def run(name: str, *words: str, **options: Any) -> str:
    out = StringIO()
    call_command(name, "--tenant", "fabrikam.example", "--guest", "Nicole@firstupconsultants.com", *words, stdout=out)
    return out.getvalue()


def test_R55_operators_do_the_same_by_the_same_operations(fabrikam, nicole):
    said = run(
        "edit_guest", "--name", "Nicole Lind", "--add-address", "n@home.example", "--sponsor", "Bo <b@x.example>"
    )
    assert said.splitlines() == [
        "Name: Nicole Lind",
        "Other addresses: n@home.example",
        "Sponsors: Bo <b@x.example>",
    ]
    run("edit_guest", "--remove-address", "N@home.example")
    assert (kept(nicole).name, kept(nicole).other_addresses) == ("Nicole Lind", [])
    run("block_guest")
    assert kept(nicole).is_blocked
    run("unblock_guest")
    run("delete_guest")
    assert kept(nicole).deleted_at is not None
    run("restore_guest")
    assert kept(nicole).deleted_at is None
    assert actions(fabrikam)[1:] == [
        "guest.edited",
        "guest.edited",
        "guest.blocked",
        "guest.unblocked",
        "guest.deleted",
        "guest.restored",
    ]


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        pytest.param("edit_guest", ["--remove-address", "x@y.example"], "none of this guest's", id="R36-not theirs"),
        pytest.param("edit_guest", ["--sponsor", "Adele"], "written 'Name <address>'", id="R55-no address"),
        pytest.param("edit_guest", ["--name", "…"], "A name has letters", id="R39a-no name"),
        pytest.param("restore_guest", [], "was deleted from Fabrikam within 30 days", id="R55-not deleted"),
    ],
)
def test_R55_an_operator_reads_why_not(nicole, command, words, said):
    with pytest.raises(CommandError, match=said):
        run(command, *words)
