"""Turning the Microsoft account off in the portal: who is touched, what is refused, the migration (R3, R32, R62)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guests.models import Guest, Status
from outbox.models import OutboundMail, Rank
from providers import operations
from providers.models import RedemptionOrder, RedemptionPolicy
from providers.rules import Fallback, Order, PasscodeState
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.batches import results, work_off
from tests.doors.portal import accepted, saved, seen, signed_in, text
from tests.doors.test_portal_pages import statements

ROOT = "/admin/providers/redemptionorder/"
PAGE = f"{ROOT}microsoft-account/"
OFF = {"is_enabled": "no", "remedy": "none"}
RESET = {"is_enabled": "no", "remedy": "reset"}


@pytest.fixture(autouse=True)
def registered(settings: Any) -> None:
    settings.ENTRA_CLIENT_ID = settings.MICROSOFT_ACCOUNT_CLIENT_ID = "registered"
    settings.DISCOVERY = "lists"


def is_on(tenant: Tenant) -> bool:
    with tenant_scope(tenant.id):
        policy = RedemptionPolicy.objects.first()
    return policy is None or policy.is_microsoft_account_enabled


def methods(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return sorted(Guest.objects.values_list("method", flat=True))


@pytest.fixture
def personal(fabrikam, invite):
    """Three guests who redeemed with a Microsoft account."""
    return [
        accepted(invite(fabrikam, f"guest{n}@outlook.com", name=f"Guest {n}").guest, "microsoftAccount")
        for n in range(3)
    ]


def test_R32_it_says_whom_no_would_touch_before_anything_is_saved(portal, fabrikam, personal, invite):
    invite(fabrikam, "megan@hotmail.com", name="Megan Bowen")
    page = portal.get(PAGE)
    words = text(page)
    assert "3 guests redeemed with a Microsoft account" in words
    assert "They keep signing in with it until they are reset, also after No" in words
    assert "What No would change: 1 pending guest would redeem otherwise" in words
    assert "Megan Bowen megan@hotmail.com Microsoft account → Email passcode" in words
    assert "Reset their redemption status and invite them again" in words
    assert "Guest 0 guest0@outlook.com Never Email passcode" in words
    assert is_on(fabrikam)


def test_R62_an_answer_whose_effect_was_not_shown_is_shown_first(portal, fabrikam, personal, invite):
    page = portal.post(PAGE, OFF)
    assert "Nothing has been saved yet" in text(page)
    assert is_on(fabrikam)
    seen = page.content.decode().split('name="seen" value="')[1].split('"')[0]
    for n in range(9):
        accepted(invite(fabrikam, f"more{n}@outlook.com").guest, "microsoftAccount")
    assert "12 guests redeemed with" in text(portal.post(PAGE, OFF | {"seen": seen})), "there are far more of them now"
    assert is_on(fabrikam)
    for odd in ("", "\x00", "x.1.2", seen.partition(".")[0], f"{seen}.9", "é" * 50):
        assert portal.post(PAGE, OFF | {"seen": odd}).status_code == 200
    assert is_on(fabrikam)


def test_R3_disabling_leaves_who_has_redeemed_with_one(portal, fabrikam, personal):
    answer = saved(portal, PAGE, OFF, follow=True)
    assert "The Microsoft account is disabled for new redemptions" in text(answer)
    assert not is_on(fabrikam)
    assert methods(fabrikam) == ["microsoftAccount"] * 3
    assert 'name="reset_all"' in answer.content.decode()


def test_R32_the_migration_is_in_the_same_step_and_workers_do_it(portal, fabrikam, personal):
    answer = saved(portal, PAGE, RESET)
    (batch,) = work_off(fabrikam)
    assert answer["Location"] == reverse("admin:guests_batch_change", args=[batch.pk])
    assert "No guest redeemed with a Microsoft account" in text(portal.get(PAGE))
    assert not is_on(fabrikam)
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("redemption_status", "method")) == {(Status.PENDING.value, "")}
        assert set(OutboundMail.objects.values_list("rank", flat=True)) == {Rank.BULK.value}
        assert AuditEntry.objects.filter(action="guest.reset").count() == 3


def test_R32_who_is_left_is_reset_later_with_one_button(portal, fabrikam, personal):
    saved(portal, PAGE, OFF)
    saved(portal, PAGE, {"reset_all": "yes"})
    assert [one.done for one in work_off(fabrikam)] == [3]
    assert methods(fabrikam) == ["", "", ""]
    assert "There is no such guest" in text(saved(portal, PAGE, {"reset_all": "yes"}, follow=True))


def test_R62_the_button_resets_whom_it_has_shown_and_nobody_where_the_account_is_on_again(
    portal, fabrikam, personal, invite
):
    saved(portal, PAGE, OFF)
    assert "Nobody has been reset yet" in text(portal.post(PAGE, {"reset_all": "yes"}))
    shown = {"reset_all": "yes"} | seen(portal, PAGE, {"reset_all": "yes"})
    for n in range(9):
        accepted(invite(fabrikam, f"more{n}@outlook.com").guest, "microsoftAccount")
    assert "12 guests redeemed with" in text(portal.post(PAGE, shown)), "there are far more of them now"
    shown = {"reset_all": "yes"} | seen(portal, PAGE, {"reset_all": "yes"})
    saved(portal, PAGE, {"is_enabled": "yes"})
    on = "Nobody has been reset. It is on again, so nobody needs a reset."
    assert on in text(portal.post(PAGE, shown))
    assert on in text(saved(portal, PAGE, {"reset_all": "yes"})), "they would redeem with it"
    assert work_off(fabrikam) == []
    assert methods(fabrikam) == ["microsoftAccount"] * 12


def test_R62_no_where_it_is_no_already_resets_nobody(portal, fabrikam, personal):
    saved(portal, PAGE, OFF)
    assert portal.post(PAGE, RESET).status_code == 302, "nothing was changed, and nothing was shown"
    assert work_off(fabrikam) == []
    assert methods(fabrikam) == ["microsoftAccount"] * 3


def test_R17_the_mails_of_many_resets_are_never_refused_but_wait(portal, fabrikam, personal):
    Tenant.objects.filter(pk=fabrikam.pk).update(bulk_mails_per_hour=1, invitations_per_inviter_per_hour=0)
    assert "out within 4 hours" in text(portal.get(PAGE))
    saved(portal, PAGE, RESET)
    (batch,) = work_off(fabrikam)
    assert (batch.done, batch.failed, batch.mails) == (3, 0, 3)
    with tenant_scope(fabrikam.id):
        due = sorted(OutboundMail.objects.values_list("due_at", flat=True))
    assert [(later - one).total_seconds() for one, later in pairwise(due)] == [3600.0, 3600.0]


@contextmanager
def full_disk_at(guest: Guest) -> Iterator[None]:
    """The database refuses to write this one guest's row."""
    owner = connections["owner"].get_connection_params()
    login = {name: owner[name] for name in ("dbname", "user", "host", "port", "password") if name in owner}
    with psycopg.connect(**login, autocommit=True) as database:
        database.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$"
        )
        database.execute(
            f"CREATE TRIGGER full_disk BEFORE UPDATE ON guests_guest FOR EACH ROW "
            f"WHEN (OLD.id = '{guest.pk}') EXECUTE FUNCTION full_disk()"
        )
        try:
            yield
        finally:
            database.execute("DROP FUNCTION full_disk() CASCADE")


@pytest.mark.django_db(transaction=True)
def test_R32_a_guest_whom_the_database_refuses_stays_and_is_named(portal, fabrikam, personal):
    saved(portal, PAGE, RESET)
    with full_disk_at(personal[1]):
        (batch,) = work_off(fabrikam)
    assert [one[:2] for one in results(batch)] == [("Guest 2", "done"), ("Guest 1", "failed"), ("Guest 0", "done")]
    assert methods(fabrikam) == ["", "", "microsoftAccount"]
    saved(portal, PAGE, {"reset_all": "yes"})
    work_off(fabrikam)
    assert methods(fabrikam) == ["", "", ""]


def test_R32_who_is_blocked_is_left_out_and_named(portal, fabrikam, personal):
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(pk=personal[0].pk).update(is_blocked=True)
    assert "1 of them is blocked" in text(portal.get(PAGE))
    saved(portal, PAGE, RESET)
    work_off(fabrikam)
    assert methods(fabrikam) == ["", "", "microsoftAccount"]


@pytest.mark.parametrize("why", ["passcodes are off", "an order ends in it"])
def test_R32_it_is_refused_with_the_reason_and_nobody_is_reset(portal, fabrikam, personal, operator, now, why):
    with tenant_scope(fabrikam.id):
        if why == "passcodes are off":
            operations.set_email_passcode(state=PasscodeState.DISABLED, actor=operator, now=now)
        else:
            order = Order((), Fallback.MICROSOFT_ACCOUNT, "contoso.com")
            operations.set_redemption_order(order=order, actor=operator, now=now)
    page = saved(portal, PAGE, RESET)
    reason = {"passcodes are off": "One fallback has to remain", "an order ends in it": "order for contoso.com ends"}
    assert reason[why] in text(page)
    assert "<title>Error: " in page.content.decode()
    assert is_on(fabrikam)
    assert methods(fabrikam) == ["microsoftAccount"] * 3


def test_R32_yes_lets_them_redeem_with_it_again(portal, fabrikam, invite):
    invite(fabrikam, "megan@hotmail.com", name="Megan Bowen")
    saved(portal, PAGE, OFF)
    assert "Email passcode → Microsoft account" in text(portal.get(PAGE))
    saved(portal, PAGE, {"is_enabled": "yes"})
    assert is_on(fabrikam)


@pytest.mark.parametrize(
    "sent", [{}, {"is_enabled": "perhaps"}, {"is_enabled": "no", "remedy": "\x00"}, {"remedy": "reset"}]
)
def test_R32_anything_but_yes_and_no_is_an_error_on_the_form(portal, fabrikam, personal, sent):
    page = portal.post(PAGE, sent)
    assert page.status_code == 200
    assert "<title>Error: " in page.content.decode()
    assert is_on(fabrikam)
    assert methods(fabrikam) == ["microsoftAccount"] * 3


def test_R42_who_may_not_reset_is_not_offered_it_and_cannot(as_role, fabrikam, personal):
    client = as_role(Role.EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR)
    page = text(client.get(PAGE))
    assert "invite them again" not in page
    assert "A Helpdesk Administrator can reset them" in page
    assert client.post(PAGE, RESET).status_code == 403
    assert is_on(fabrikam), "nothing is done before the refusal"
    assert client.post(PAGE, {"reset_all": "yes"}).status_code == 403
    assert saved(client, PAGE, OFF).status_code == 302
    assert client.post(PAGE, {"reset_all": "yes"}).status_code == 403
    assert methods(fabrikam) == ["microsoftAccount"] * 3


@pytest.mark.parametrize(
    ("role", "see", "change"),
    [(Role.USER_ADMINISTRATOR, 200, 403), (Role.GLOBAL_READER, 200, 403), (Role.HELPDESK_ADMINISTRATOR, 403, 403)],
)
def test_R63_who_may_see_it_and_who_may_turn_it(as_role, fabrikam, role, see, change):
    client = as_role(role)
    assert client.get(PAGE).status_code == see
    assert saved(client, PAGE, OFF).status_code == change
    assert is_on(fabrikam)


def test_R32_the_page_takes_the_same_few_statements_for_many_guests(portal, fabrikam, personal, invite):
    counts = []
    for size in (1, 20):
        for n in range(size):
            accepted(invite(fabrikam, f"more{n}@of{n}-{size}.example").guest, "microsoftAccount")
            invite(fabrikam, f"new{n}@of{n}-{size}.example")
        with CaptureQueriesContext(connection) as captured:
            page = portal.get(PAGE)
        counts.append(len(statements(captured)))
    assert "24 guests redeemed with a Microsoft account" in text(page)
    assert "All 24 guests" in text(page)
    assert counts[0] == counts[1] <= 30


def test_R32_the_other_tenants_guests_are_neither_seen_nor_reset(contosos, contoso, fabrikam, personal):
    assert "No guest redeemed with a Microsoft account" in text(contosos.get(PAGE))
    saved(contosos, PAGE, RESET)
    work_off(contoso)
    assert not is_on(contoso)
    assert is_on(fabrikam)
    assert methods(fabrikam) == ["microsoftAccount"] * 3


@pytest.mark.django_db(transaction=True)
def test_R32_two_at_once_never_leave_an_order_that_ends_in_nothing():
    """One disables the Microsoft account while the other has the order end in it: one of them is refused."""
    tenant = factories.tenant("Fabrikam", "fabrikam.example")
    people = [factories.administrator(f"{n}@fabrikam.example", (tenant, Role.GLOBAL_ADMINISTRATOR)) for n in range(2)]
    clients, start = [signed_in(one) for one in people], Barrier(2)
    order: dict[str, Any] = {"primary": ["azureActiveDirectory"], "fallback": "microsoftAccount", "_save": "Save"}
    posts = [
        (client, url, form | seen(client, url, form))
        for client, url, form in ((clients[0], PAGE, OFF), (clients[1], ROOT, order))
    ]

    def meanwhile(post: tuple[Any, str, dict[str, Any]]) -> int:
        try:
            start.wait(timeout=10)
            return int(post[0].post(post[1], post[2]).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(meanwhile, posts))
    assert answers == [200, 302]
    with tenant_scope(tenant.id):
        assert RedemptionPolicy.objects.exists() is not RedemptionOrder.objects.exists()
