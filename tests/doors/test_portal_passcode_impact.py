"""Turning the email one-time passcode off and on: whom it touches, before Save, and the remedy (R4, R5, R43, R62)."""

from __future__ import annotations

import csv
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guests.models import Batch, Guest, GuestSession, Status
from outbox.models import OutboundMail
from providers import operations
from providers.models import EmailPasscodePolicy, IdentityProvider, IdentityProviderDomain, KnownAccountDomain
from tenants.models import AuditEntry, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.doors.batches import results, work_off
from tests.doors.portal import accepted, saved, seen, signed_in, text
from tests.doors.test_portal_pages import inline, statements

PAGE = "/admin/providers/redemptionorder/email-passcode/"
NO, RESET = {"is_on": "no", "remedy": "none"}, {"is_on": "no", "remedy": "reset"}


@pytest.fixture(autouse=True)
def ready(registered: None) -> None:
    """Whoever is asked to create a Microsoft account can."""


@pytest.fixture
def three(fabrikam: Tenant, invite: Any, now: Any) -> list[Guest]:
    """Guests who redeemed with a passcode; one of them is signed in."""
    made = [accepted(invite(fabrikam, f"guest{n}@firstupconsultants.com", name=f"Guest {n}").guest) for n in range(3)]
    with tenant_scope(fabrikam.id):
        GuestSession.objects.create(
            tenant=fabrikam,
            guest=made[0],
            token_hash="x" * 64,
            method="emailOneTimePasscode",
            expires_at=now + timedelta(hours=20),
        )
        Guest.objects.filter(pk=made[0].pk).update(last_sign_in_at=now)
    return made


def is_on(tenant: Tenant) -> bool:
    with tenant_scope(tenant.id):
        policy = EmailPasscodePolicy.objects.first()
    return policy is None or policy.passcode_state.is_on


def test_R62_the_page_says_in_numbers_what_no_would_change(portal, fabrikam, three, invite):
    invite(fabrikam, "new@firstupconsultants.com", name="New")
    page = portal.get(PAGE)
    words = text(page)
    assert "What No would change today" in words
    assert "Guests locked out 3 They joined with a code." in words
    assert "Sessions ended at once 1 With 0 codes not yet used." in words
    assert "Pending invitations that would fail 1 Until the guest makes a Microsoft account." in words
    assert "Guest 0" not in words
    assert 'name="seen"' not in page.content.decode()
    assert inline(page.content.decode()) == []


def test_R62_the_first_save_shows_names_and_remedies_and_stores_nothing(portal, fabrikam, three, invite):
    invite(fabrikam, "new@firstupconsultants.com", name="New")
    page = portal.post(PAGE, {"is_on": "no"})
    words, html = text(page), page.content.decode()
    assert "Before you save: 3 guests would be locked out" in words
    assert "Guest 2 guest2@firstupconsultants.com Never Create a Microsoft account" in words
    assert "New new@firstupconsultants.com Email passcode → Create a Microsoft account" in words
    assert "Reset their redemption status and invite them again" in words
    assert "Leave them as they are" in words
    assert "Keep it on" in words
    assert '<dd><a href="#outlook">1</a></dd>' in html, "who would fail is named below"
    assert 'id="outlook"' in html
    assert "last=7" not in html, "no list is of those who are signed in now"
    assert re.search(r'name="seen" value="\w+\.3\.1\.1\.1"', html), "each number that is shown"
    assert 'href="/admin/guests/guest/?method=emailOneTimePasscode"' in html
    assert 'id="id_remedy_0" aria-describedby="reset-help" checked' in html
    assert inline(html) == []
    assert is_on(fabrikam)


def test_R62_no_reset_is_suggested_that_would_mail_links_which_lead_nowhere(portal, fabrikam, three, settings):
    settings.MICROSOFT_ACCOUNT_CLIENT_ID = ""
    page = portal.post(PAGE, {"is_on": "no"})
    words, html = text(page), page.content.decode()
    assert "Guest 2 guest2@firstupconsultants.com Never No way in" in words
    assert "They would have no way in after it, either." in words
    assert 'id="id_remedy_1" aria-describedby="none-help" checked' in html
    assert 'id="id_remedy_0" aria-describedby="reset-help" checked' not in html


def test_R62_pending_invitations_that_would_fail_are_a_warning_although_nobody_has_redeemed(portal, fabrikam, invite):
    invite(fabrikam, "karin@firstupconsultants.com", name="Karin Berg")
    page = portal.post(PAGE, {"is_on": "no"})
    assert "Before you save: 1 pending invitation would fail" in text(page)
    assert "nobody would be locked out" not in text(page)
    assert 'class="v-panel v-panel-warning" aria-labelledby="impact"' in page.content.decode()
    assert "A provider that knows their domain would let them in" in text(page)


def test_R62_turned_off_and_its_three_guests_reset_in_the_same_step(portal, fabrikam, three):
    answer = saved(portal, PAGE, RESET)
    (batch,) = work_off(fabrikam)
    assert answer["Location"] == reverse("admin:guests_batch_change", args=[batch.pk])
    assert not is_on(fabrikam)
    assert [one[:2] for one in results(batch)] == [(f"Guest {n}", "done") for n in (2, 1, 0)]
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("redemption_status", "method")) == {(Status.PENDING.value, "")}
        assert OutboundMail.objects.count() == 3
        told = AuditEntry.objects.order_by("id").values_list("action", flat=True)
        assert [one for one in told if one.startswith(("email", "batch"))] == [
            "email_passcode.set",
            "batch.resets_made",
            "batch.resets_done",
        ]
    words = text(portal.get(answer["Location"]))
    assert "Guest" in words
    assert "Guests who come back in 0" in text(portal.get(PAGE))


def test_R5_left_as_they_are_nobody_is_reset_and_yes_lets_them_back_in(portal, fabrikam, three):
    answer = saved(portal, PAGE, NO, follow=True)
    assert "Email one-time passcode for guests is off." in text(answer)
    assert "Guests who come back in 3" in text(answer)
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()
    asked = text(portal.post(PAGE, {"is_on": "yes"}))
    assert "Before you save: 3 guests could sign in again" in asked
    assert "Nobody who has redeemed gets another method by this" in asked
    assert "Keep it off" in asked
    assert not is_on(fabrikam)
    saved(portal, PAGE, {"is_on": "yes", "remedy": "reset"})
    assert is_on(fabrikam)
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("method", flat=True)) == {"emailOneTimePasscode"}
        assert not Batch.objects.exists(), "turning it on resets nobody, whatever the form says"


def test_R62_who_was_left_is_reset_on_the_page_while_codes_are_off(portal, as_role, fabrikam, three, invite):
    assert "reset_all" not in portal.get(PAGE).content.decode(), "codes are on"
    saved(portal, PAGE, NO)
    page = portal.get(PAGE)
    words = text(page)
    assert "3 guests cannot sign in" in words
    assert "Guest 2 guest2@firstupconsultants.com Never Create a Microsoft account" in words
    assert 'value="Reset these 3 guests"' in page.content.decode()
    assert inline(page.content.decode()) == []
    shown = {"reset_all": "yes"} | seen(portal, PAGE, {"reset_all": "yes"})
    for n in range(5):
        accepted(invite(fabrikam, f"more{n}@firstupconsultants.com").guest)
    again = text(portal.post(PAGE, shown))
    assert "Nobody has been reset yet" in again
    assert "8 guests cannot sign in" in again
    policy = as_role(Role.AUTHENTICATION_POLICY_ADMINISTRATOR)
    assert "A Helpdesk Administrator can reset them" in text(policy.get(PAGE))
    assert policy.post(PAGE, {"reset_all": "yes"}).status_code == 403
    answer = saved(portal, PAGE, {"reset_all": "yes"})
    (batch,) = work_off(fabrikam)
    assert answer["Location"] == reverse("admin:guests_batch_change", args=[batch.pk])
    assert batch.done == 8
    assert "cannot sign in" not in text(portal.get(PAGE))
    assert not is_on(fabrikam)


def test_R62_nobody_is_reset_where_codes_are_on_again_or_nothing_was_changed(portal, fabrikam, three):
    saved(portal, PAGE, NO)
    assert portal.post(PAGE, RESET).status_code == 302, "it was off already: nothing was shown"
    shown = {"reset_all": "yes"} | seen(portal, PAGE, {"reset_all": "yes"})
    saved(portal, PAGE, {"is_on": "yes"})
    on = "Nobody has been reset. It is on again, so nobody needs a reset."
    assert on in text(portal.post(PAGE, shown))
    assert work_off(fabrikam) == []


def test_R62_a_domain_that_was_given_away_or_listed_meanwhile_is_a_reason_to_ask_again(
    portal, fabrikam, three, operator, now
):
    for change in (
        lambda: operations.add_known_account_domain(
            domain="firstupconsultants.com", kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
        ),
        lambda: IdentityProviderDomain.objects.create(
            tenant=fabrikam, domain="firstupconsultants.com", provider=IdentityProvider.objects.get()
        ),
    ):
        with tenant_scope(fabrikam.id):
            IdentityProvider.objects.get_or_create(
                tenant=fabrikam, kind="oidc", name="Contoso ID", is_bound_to_domains=True
            )
        shown = seen(portal, PAGE, NO)
        with tenant_scope(fabrikam.id):
            change()
        assert portal.post(PAGE, NO | shown).status_code == 200
        assert is_on(fabrikam)


def test_R62_what_grew_since_it_was_shown_is_shown_again(portal, fabrikam, three, invite):
    shown = seen(portal, PAGE, NO)
    accepted(invite(fabrikam, "one@firstupconsultants.com").guest)
    for n in range(4):
        accepted(invite(fabrikam, f"more{n}@firstupconsultants.com").guest)
    again = portal.post(PAGE, NO | shown)
    assert "8 guests would be locked out" in text(again)
    assert is_on(fabrikam)


def test_R62_one_more_is_no_reason_to_ask_again(portal, fabrikam, three, invite):
    shown = seen(portal, PAGE, NO)
    accepted(invite(fabrikam, "one@firstupconsultants.com").guest)
    assert portal.post(PAGE, NO | shown).status_code == 302
    assert not is_on(fabrikam)


def test_R62_settings_that_changed_since_are_a_reason_to_ask_again(portal, fabrikam, three):
    shown = seen(portal, PAGE, NO)
    with tenant_scope(fabrikam.id):
        EmailPasscodePolicy.objects.create(tenant=fabrikam, state="enabled")
    assert portal.post(PAGE, NO | shown).status_code == 200
    assert is_on(fabrikam)


def test_R62_the_list_of_who_is_locked_out_is_downloaded(portal, contosos, fabrikam, three):
    page = portal.post(PAGE, {"is_on": "no"}).content.decode()
    url = reverse("admin:guests_passcode_csv")
    assert f'href="{url}"' in page
    answer = portal.get(url)
    lines = list(csv.reader(b"".join(answer).decode("utf-8-sig").splitlines()))
    assert lines[0] == ["id", "name", "address", "last sign-in", "after a reset"]
    assert [line[1] for line in lines[1:]] == ["Guest 2", "Guest 1", "Guest 0"]
    assert {line[4] for line in lines[1:]} == {"Create a Microsoft account"}
    assert lines[1][0] == str(three[2].pk)
    assert portal.post(url).status_code == 405
    assert b"Guest" not in b"".join(contosos.get(url))


def test_R42_who_may_turn_it_but_not_reset_sees_whom_it_touches_and_cannot_force_the_remedy(as_role, fabrikam, three):
    client = as_role(Role.AUTHENTICATION_POLICY_ADMINISTRATOR)
    shown = client.post(PAGE, {"is_on": "no"})
    words = text(shown)
    assert "3 guests would be locked out" in words
    assert "Guest 0" in words
    assert "invite them again" not in words
    assert "A Helpdesk Administrator can reset them" in words
    assert client.post(PAGE, RESET | seen(client, PAGE, NO)).status_code == 403
    assert is_on(fabrikam), "nothing is done before the refusal"
    assert saved(client, PAGE, NO).status_code == 302
    assert not is_on(fabrikam)
    with tenant_scope(fabrikam.id):
        assert not Batch.objects.exists()


@pytest.mark.parametrize("sent", [{"remedy": "perhaps"}, {"remedy": "\x00"}, {"is_on": "maybe"}])
def test_R62_an_answer_that_is_none_is_an_error_on_the_form(portal, fabrikam, three, sent):
    page = saved(portal, PAGE, RESET | sent)
    assert page.status_code == 200
    assert "<title>Error: " in page.content.decode()
    assert is_on(fabrikam)


def test_R62_it_takes_the_same_statements_however_many_guests_there_are(portal, fabrikam, three, invite):
    counts = []
    for size in (1, 20):
        for n in range(size):
            accepted(invite(fabrikam, f"more{n}@of{n}-{size}.example").guest)
            invite(fabrikam, f"new{n}@of{n}-{size}.example")
        with CaptureQueriesContext(connection) as captured:
            portal.post(PAGE, {"is_on": "no"})
        counts.append(len(statements(captured)))
    assert counts[0] == counts[1] <= 36


def test_R62_the_other_tenants_guests_are_neither_shown_nor_touched(contosos, contoso, fabrikam, three):
    words = text(contosos.post(PAGE, {"is_on": "no"}))
    assert "nobody would be locked out" in words
    assert "Guest 0" not in words
    saved(contosos, PAGE, RESET)
    work_off(contoso)
    assert not is_on(contoso)
    assert is_on(fabrikam)
    with tenant_scope(fabrikam.id):
        assert set(Guest.objects.values_list("method", flat=True)) == {"emailOneTimePasscode"}


@pytest.mark.django_db(transaction=True)
def test_R43_two_administrators_at_once_reset_each_guest_once(three, fabrikam):
    people = [factories.administrator(f"{n}@fabrikam.example", (fabrikam, Role.GLOBAL_ADMINISTRATOR)) for n in range(2)]
    clients, start = [signed_in(one) for one in people], Barrier(2)
    forms = [RESET | seen(client, PAGE, RESET) for client in clients]

    def press(number: int) -> int:
        try:
            start.wait(timeout=10)
            return int(clients[number].post(PAGE, forms[number]).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(press, range(2)))
    assert 302 in answers
    assert set(answers) <= {200, 302}
    work_off(fabrikam)
    with tenant_scope(fabrikam.id):
        assert AuditEntry.objects.filter(action="guest.reset").count() == 3
        assert AuditEntry.objects.filter(action="email_passcode.set").count() == 1
        assert OutboundMail.objects.count() == 3
