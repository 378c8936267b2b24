"""Resetting many guests by workers (R43): who is chosen, what becomes of each, what a second look leaves alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from guests.models import Batch, Guest, Invitation, Status
from guests.operations.batches import choice as choices
from guests.operations.batches import resetting, slices
from guests.operations.batches.choice import Choice
from guests.operations.batches.choosing import reset_many, reset_many_by_mail
from guests.operations.batches.kinds import WORK
from guests.operations.batches.removed import removed_providers
from guests.operations.inviting import Inviter
from guests.operations.resetting import reset_redemption
from outbox.models import OutboundMail, Rank
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Refusal
from tenants.scope import tenant_scope
from tests.doors.batches import results, work_off
from tests.doors.portal import accepted
from tests.doors.test_portal_microsoft_account import full_disk_at

ADELE = Inviter("Adele Vance", "adele@fabrikam.example")
PASSCODES = Choice(method="emailOneTimePasscode")


@pytest.fixture
def three(fabrikam: Tenant, invite: Any) -> list[Guest]:
    """Guests of Fabrikam who redeemed with a passcode."""
    return [accepted(invite(fabrikam, f"guest{n}@contoso.com", name=f"Guest {n}").guest) for n in range(3)]


def made(tenant: Tenant, choice: Choice, actor: Actor, now: Any, *, operation: Any = reset_many_by_mail) -> Batch:
    with tenant_scope(tenant.id):
        batch = operation(tenant=tenant, choice=choice, inviter=ADELE, actor=actor, now=now)
    assert isinstance(batch, Batch)
    return batch


def methods(tenant: Tenant) -> dict[str, str]:
    with tenant_scope(tenant.id):
        return dict(Guest.objects.values_list("name", "method"))


def test_R43_it_resets_all_who_redeemed_with_a_method_and_leaves_the_others(fabrikam, three, invite, operator, now):
    accepted(invite(fabrikam, "ines@contoso.com", name="Ines").guest, "google")
    invite(fabrikam, "new@contoso.com", name="New")
    batch = made(fabrikam, PASSCODES, operator, now)
    assert batch.name == "Reset: Guests who redeemed with a passcode"
    assert methods(fabrikam)["Guest 0"] == "emailOneTimePasscode", "workers do it"
    (batch,) = work_off(fabrikam)
    assert (batch.state, batch.rows, batch.done, batch.failed, batch.mails) == ("done", 3, 3, 0, 3)
    assert methods(fabrikam) == {"Guest 0": "", "Guest 1": "", "Guest 2": "", "Ines": "google", "New": ""}
    with tenant_scope(fabrikam.id):
        assert list(OutboundMail.objects.values_list("rank", flat=True)) == [Rank.BULK] * 3
        assert AuditEntry.objects.filter(action="guest.reset", details__batch=str(batch.id)).count() == 3
        assert {one.inviter_name for one in Invitation.objects.filter(ended_at=None, guest__in=three)} == {
            "Adele Vance"
        }
        told = AuditEntry.objects.get(action="batch.resets_made")
    assert told.details == {"name": batch.name, "mailed": True, "method": "emailOneTimePasscode"}


@pytest.mark.parametrize(
    ("choice", "whom"),
    [
        pytest.param(Choice(domain="contoso.com"), {"Guest 0", "Guest 1", "Guest 2", "Ines"}, id="R43-a domain"),
        pytest.param(Choice(method="google", domain="contoso.com"), {"Ines"}, id="R43-a method in a domain"),
        pytest.param(Choice(method="google"), {"Ines", "Tom"}, id="R43-a method"),
        pytest.param(Choice(domain="adatum.example"), set(), id="R43-a domain of nobody who redeemed"),
        pytest.param(Choice(), set(), id="R43-nothing said"),
    ],
)
def test_R43_it_finds_whom_the_choice_says(fabrikam, three, invite, choice, whom):
    accepted(invite(fabrikam, "ines@contoso.com", name="Ines").guest, "google")
    accepted(invite(fabrikam, "tom@tailspin.example", name="Tom").guest, "google")
    invite(fabrikam, "new@adatum.example", name="New")
    with tenant_scope(fabrikam.id):
        assert {one.name for one in choice.found()} == whom
        assert {one.name for one in choice.after("", at_most=100)[0]} == whom
        assert {one.name for one in Guest.objects.all() if choice.fits(one)} == whom


def test_R43_it_reads_any_choice_a_piece_at_a_time_each_guest_once(fabrikam, three, invite):
    providers = [uuid4() for _ in range(3)]
    more = [accepted(invite(fabrikam, f"more{n}@contoso.com", name=f"More {n}").guest) for n in range(4)]
    with tenant_scope(fabrikam.id):
        for n, guest in enumerate([*three, *more]):
            Guest.objects.filter(pk=guest.pk).update(method_provider_id=providers[n % 2])  # the third has nobody
        assert set(removed_providers()) == set(providers[:2])
        ids = tuple(one.pk for one in [*three, *more])
        for choice in (PASSCODES, Choice(domain="contoso.com"), Choice(providers=tuple(providers)), Choice(guests=ids)):
            for size in (1, 2, 3, 7, 100):
                key, read = "", list[Guest]()
                for _ in range(50):
                    piece, key = choice.after(key, at_most=size)
                    assert len(piece) <= size
                    assert len(key) <= 40
                    read += piece
                    if not key:
                        break
                assert sorted(one.pk for one in read) == sorted(ids), (choice, size)


def test_R43_who_is_blocked_is_refused_before_anything_is_done(fabrikam, three, operator, now):
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(pk=three[1].pk).update(is_blocked=True)
    made(fabrikam, Choice(guests=tuple(one.pk for one in three)), operator, now)
    (batch,) = work_off(fabrikam)
    assert results(batch) == [
        ("Guest 0", "done", ""),
        ("Guest 1", "refused", "Sign-in is blocked. Unblock first."),
        ("Guest 2", "done", ""),
    ]
    assert (batch.done, batch.rows_refused, batch.rows_new) == (2, 1, 2)


def test_R43_who_was_reset_by_hand_meanwhile_is_not_reset_twice(fabrikam, three, operator, now):
    made(fabrikam, PASSCODES, operator, now)
    with tenant_scope(fabrikam.id):
        who = {"tenant": fabrikam, "inviter": ADELE, "actor": operator, "now": now}
        assert not isinstance(reset_redemption(guest_id=three[0].pk, **who), Refusal)
        Guest.objects.filter(pk=three[1].pk).update(method="google")  # and this one has redeemed otherwise
        Guest.objects.filter(pk=three[2].pk).update(is_blocked=False)
    (batch,) = work_off(fabrikam)
    assert batch.done == 1
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="guest.reset").count() == 2


@pytest.mark.django_db(transaction=True)
def test_R43_what_changed_between_the_verdict_and_the_deed_has_its_reason(fabrikam, three, operator, now, monkeypatch):
    monkeypatch.setattr(resetting, "GROUP", 1)
    batch = made(fabrikam, Choice(guests=tuple(one.pk for one in three)), operator, now)
    with tenant_scope(fabrikam.id):
        while Batch.objects.get().state == "checking":
            resetting_slice(batch)
        who = {"tenant": fabrikam, "inviter": ADELE, "actor": operator, "now": now}
        reset_redemption(guest_id=three[0].pk, **who)
        Guest.objects.filter(pk=three[1].pk).update(is_blocked=True)
        Guest.objects.filter(pk=three[2].pk).update(deleted_at=now)
    (batch,) = work_off(fabrikam)
    assert results(batch) == [
        ("Guest 0", "failed", "Reset, or redeemed again, since they were chosen."),
        ("Guest 1", "failed", "Sign-in is blocked. Unblock first."),
        ("Guest 2", "failed", "No guest of this tenant any more."),
    ]
    assert (batch.state, batch.done, batch.failed, batch.mails) == ("done", 0, 3, 0)


def resetting_slice(batch: Batch) -> None:
    """One slice of its checking, as a worker that is killed right after it leaves it."""
    lease = slices.claim_batch(batch_id=batch.id, now=batch.created_at)
    assert lease is not None
    slices._slice(batch.id, lease, WORK, batch.created_at)
    Batch.objects.filter(pk=batch.pk).update(leased_until=None)


@pytest.mark.django_db(transaction=True)
def test_R43_one_guest_whom_the_database_refuses_undoes_no_other(fabrikam, three, operator, now):
    made(fabrikam, PASSCODES, operator, now)
    with full_disk_at(three[1]):
        (batch,) = work_off(fabrikam)
    assert (batch.state, batch.done, batch.failed, batch.mails) == ("done", 2, 1, 2)
    assert "nothing was done to this guest" in {name: why for name, _, why in results(batch)}["Guest 1"]
    assert methods(fabrikam) == {"Guest 0": "", "Guest 1": "emailOneTimePasscode", "Guest 2": ""}
    with tenant_scope(fabrikam.id):
        assert OutboundMail.objects.count() == 2


def test_R43_without_mail_it_makes_the_invitations_and_sends_nothing(fabrikam, three, operator, now):
    made(fabrikam, PASSCODES, operator, now, operation=reset_many)
    (batch,) = work_off(fabrikam)
    assert (batch.done, batch.mails) == (3, 0)
    with tenant_scope(fabrikam.id):
        assert not OutboundMail.objects.exists()
        assert Invitation.objects.filter(ended_at=None).count() == 3


def test_R43_a_choice_of_nobody_and_one_of_too_many_names_are_refused(fabrikam, three, operator, now, monkeypatch):
    monkeypatch.setattr("guests.operations.batches.choosing.MOST_NAMED", 2)
    said = {"tenant": fabrikam, "inviter": ADELE, "actor": operator, "now": now}
    with tenant_scope(fabrikam.id):
        for choice in (Choice(), Choice(domain="nowhere.example"), Choice(guests=tuple(one.pk for one in three))):
            assert isinstance(reset_many(choice=choice, **said), Refusal)
        assert not Batch.objects.exists()


def test_R43_the_other_tenants_guests_are_not_among_them(fabrikam, contoso, three, invite, operator, now):
    theirs = accepted(invite(contoso, "nicole@contoso.com", name="Theirs").guest)
    made(fabrikam, Choice(domain="contoso.com"), operator, now)
    with tenant_scope(fabrikam.id):
        refused = reset_many(
            tenant=fabrikam, choice=Choice(guests=(theirs.pk,)), inviter=ADELE, actor=operator, now=now
        )
    assert isinstance(refused, Refusal)
    work_off(fabrikam)
    assert work_off(contoso) == []
    assert methods(contoso) == {"Theirs": "emailOneTimePasscode"}
    assert choices.MOST_NAMED == 1000
    with tenant_scope(contoso.id):
        assert Guest.objects.get().redemption_status == Status.ACCEPTED
