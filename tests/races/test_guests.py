"""Two at once with one guest: editing and deleting, restoring and inviting anew, leaving twice (R55, R64)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models.functions import Now

from guests.models import Guest, GuestSession
from guests.operations.deleting import delete_guest, restore_guest
from guests.operations.editing import Profile, edit_guest, version_of
from guests.operations.forgetting import forget_deleted_guests
from guests.operations.inviting import Details, Invited, Inviter, invite_guest
from guests.operations.leaving import leave_tenant
from tenants.addresses import canonical
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Refusal
from tenants.scope import every_tenant, tenant_scope
from tests.journeys.conftest import NICOLE, Invite, invite
from tests.races.test_passcodes import burst, many_connections

__all__ = ["invite", "many_connections"]

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def now() -> datetime:
    return datetime.now(UTC)


def deeds(tenant: Tenant, *actions: str) -> list[str]:
    with tenant_scope(tenant.id):
        found = AuditEntry.objects.filter(action__in=actions).order_by("id")
        return list(found.values_list("action", flat=True))


def test_R64_of_two_who_edit_at_once_one_is_told_that_the_guest_was_changed(
    fabrikam: Tenant, invite: Invite, operator: Actor
) -> None:
    guest = invite(fabrikam).guest
    shown = version_of(guest)

    def edit(number: int) -> object:
        profile = Profile(f"Nicole {'ABCDEFGH'[number]}", (), ())
        return edit_guest(
            tenant=fabrikam, guest_id=guest.id, profile=profile, actor=operator, now=now(), shown_version=shown
        )

    answers = burst(fabrikam, 6, edit)
    assert sum(isinstance(one, Guest) for one in answers) == 1
    assert all("changed meanwhile" in one.reason for one in answers if isinstance(one, Refusal))
    assert deeds(fabrikam, "guest.edited") == ["guest.edited"]


def test_R55_a_guest_who_is_deleted_while_they_are_edited_is_edited_before_or_not_at_all(
    fabrikam: Tenant, invite: Invite, operator: Actor
) -> None:
    for round_ in range(ROUNDS):
        guest = invite(fabrikam, f"guest{round_}@many.example").guest

        def deed(number: int, guest: Guest = guest) -> object:
            if number:
                return delete_guest(guest_id=guest.id, actor=operator, now=now())
            profile = Profile("Somebody Else", (), ())
            return edit_guest(tenant=fabrikam, guest_id=guest.id, profile=profile, actor=operator, now=now())

        answers = burst(fabrikam, 2, deed)
        with tenant_scope(fabrikam.id):
            left = Guest.objects.get(id=guest.id)
            lines = AuditEntry.objects.filter(subject_id=guest.id).order_by("id").values_list("action", flat=True)
            edited = left.name == "Somebody Else"
            assert left.deleted_at is not None
            assert list(lines)[1:] == (["guest.edited"] if edited else []) + ["guest.deleted"]
            assert edited is not any(isinstance(one, Refusal) for one in answers)


def test_R55_of_restoring_and_inviting_anew_at_once_exactly_one_guest_has_the_address(
    fabrikam: Tenant, invite: Invite, operator: Actor
) -> None:
    for round_ in range(ROUNDS):
        address = f"guest{round_}@many.example"
        gone = invite(fabrikam, address).guest
        with tenant_scope(fabrikam.id):
            delete_guest(guest_id=gone.id, actor=operator, now=now())

        def deed(number: int, address: str = address, gone: Guest = gone) -> object:
            if number:
                return restore_guest(guest_id=gone.id, actor=operator, now=now())
            return invite_guest(
                tenant=fabrikam,
                address=canonical(address),
                details=Details(),
                inviter=Inviter("Adele Vance", "adele@fabrikam.example"),
                actor=operator,
                now=now(),
            )

        answers = burst(fabrikam, 2, deed)
        (invited,) = [one for one in answers if isinstance(one, Invited)]
        with tenant_scope(fabrikam.id):
            there = Guest.objects.get(address_key=address, deleted_at=None)
        assert there.id == invited.guest.id
        refusals = [one for one in answers if isinstance(one, Refusal)]
        assert bool(refusals) is (there.id != gone.id)
        assert all("Another guest has" in one.reason for one in refusals)


def test_R55_leaving_pressed_twice_leaves_once(fabrikam: Tenant, invite: Invite, operator: Actor) -> None:
    guest = invite(fabrikam, NICOLE).guest
    with tenant_scope(fabrikam.id):
        session = GuestSession.objects.create(
            tenant_id=fabrikam.id, guest=guest, token_hash="x", method="google", expires_at=Now() + timedelta(hours=1)
        )
    answers = burst(fabrikam, 4, lambda _: leave_tenant(session=session, actor=operator, now=now()))
    assert sum(isinstance(one, Guest) for one in answers) == 1
    assert deeds(fabrikam, "guest.left") == ["guest.left"]


def test_R55_who_is_restored_at_the_last_moment_is_not_forgotten(
    fabrikam: Tenant, invite: Invite, operator: Actor
) -> None:
    """One is a second before the 30 days, the other a second behind them: each is restored or forgotten, never both."""
    for round_, left in enumerate((timedelta(seconds=5), timedelta(seconds=-1)) * 3):
        guest = invite(fabrikam, f"guest{round_}@many.example").guest
        with tenant_scope(fabrikam.id):
            delete_guest(guest_id=guest.id, actor=operator, now=now())
            Guest.objects.filter(id=guest.id).update(deleted_at=Now() - timedelta(days=30) + left)
        answers: list[object] = []

        def deed(number: int, guest: Guest = guest, answers: list[object] = answers) -> object:
            if number:
                answers.append(restore_guest(guest_id=guest.id, actor=operator, now=now()))
            return None

        burst(fabrikam, 2, deed)
        with every_tenant(reason="a race of the housekeeping"):
            forget_deleted_guests(at_most=10)
        with tenant_scope(fabrikam.id):
            assert Guest.objects.filter(id=guest.id).exists() is isinstance(answers[0], Guest)
