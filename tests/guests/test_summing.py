"""The figures that beat keeps: they tell what happened, once, whoever is stopped in the middle (R62, R64)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models.functions import Now

from config.housekeeping import forget_expired
from guests.models import DailyFigure, Guest, Invitation, Summing
from guests.operations import summing
from guests.operations.figures import figures_of
from guests.operations.resetting import block_guest
from guests.operations.summing import sum_up, tenants_to_sum_up
from guests.tasks import sum_up_tenants
from outbox.models import OutboundMail
from providers.rules import PasscodeState
from tenants.models import Tenant
from tenants.scope import current_tenant_id, every_tenant, tenant_scope
from tests.guests.summing import figures, of_the_period, settle, summed_up
from tests.journeys.browser import Browser
from tests.journeys.conftest import Invite
from tests.journeys.partners import NICOLE_AT_ADATUM, add_oidc, leave
from tests.journeys.stories import OPERATOR, ask, ask_by_address, reset, sign_in, turn_passcodes, wrong
from tests.peers.hostile_op import running

pytestmark = pytest.mark.django_db(transaction=True)

FUNNEL = {"cohort.invited": 4, "cohort.opened": 3, "cohort.code_sent": 2, "cohort.redeemed": 1}


@pytest.fixture
def four(fabrikam: Tenant, contoso: Tenant, invite: Invite) -> list[Any]:
    """Four are invited, three open their link, two ask for a code, one redeems."""
    invited = [invite(fabrikam, f"{name}@firstupconsultants.com") for name in ("nicole", "kim", "ola", "per")]
    Browser().open(invited[2].link)
    ask(Browser(), fabrikam, invited[1].link)
    sign_in(Browser(), fabrikam, invited[0].link)
    return invited


def funnel(found: dict[str, int]) -> dict[str, int]:
    return {name: found[name] for name in FUNNEL}


def test_R50_it_counts_who_came_how_far(fabrikam: Tenant, contoso: Tenant, four: list[Any]) -> None:
    found = summed_up(fabrikam)
    assert funnel(found) == FUNNEL
    assert found["now.method.emailOneTimePasscode"] == 1
    assert found["now.pending.day"] == 3
    assert found["signed_in"] == 1
    assert found["mail.handed_over"] == 2
    with tenant_scope(fabrikam.id):
        opened = Guest.objects.filter(link_opened_at__isnull=False)
        assert sorted(opened.values_list("address", flat=True)) == [
            f"{name}@firstupconsultants.com" for name in ("kim", "nicole", "ola")
        ]
    assert summed_up(contoso) == {}


def test_R64_summed_up_twice_it_is_the_same(fabrikam: Tenant, four: list[Any]) -> None:
    once = summed_up(fabrikam)
    assert summed_up(fabrikam) == once


def test_R64_in_short_stretches_it_is_the_same(
    fabrikam: Tenant, four: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summing, "LONGEST_STRETCH", 2)
    assert funnel(summed_up(fabrikam)) == FUNNEL
    assert of_the_period(fabrikam)["signed_in"] == 1


def test_R64_stopped_in_the_middle_it_comes_to_the_same(
    fabrikam: Tenant, four: list[Any], monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    settle()

    class Killed(BaseException):
        pass

    def killed(*given: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, tenant_scope(fabrikam.id):
        patched.setattr(summing, "_set_as_it_is", killed)
        with pytest.raises(Killed):
            sum_up(now=now)
    assert figures(fabrikam) == {}
    assert funnel(summed_up(fabrikam)) == FUNNEL
    assert figures(fabrikam)["signed_in"] == 1


def test_R64_who_meets_another_at_it_leaves_it_to_them(fabrikam: Tenant, four: list[Any], now: datetime) -> None:
    summed_up(fabrikam)
    with tenant_scope(fabrikam.id):
        before = Summing.objects.get().summed_at

    def other() -> None:
        try:
            with tenant_scope(fabrikam.id):
                sum_up(now=now + timedelta(minutes=1))
        finally:
            connection.close()

    with tenant_scope(fabrikam.id), transaction.atomic():
        Summing.objects.select_for_update().get()
        thread = Thread(target=other)
        thread.start()
        thread.join(timeout=20)
        assert not thread.is_alive()
    with tenant_scope(fabrikam.id):
        assert Summing.objects.get().summed_at == before


def test_R64_what_is_not_settled_is_not_read_yet(fabrikam: Tenant, four: list[Any], now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        sum_up(now=now)
    found = figures(fabrikam)
    assert found["cohort.invited"] == 4
    assert "signed_in" not in found
    assert summed_up(fabrikam)["signed_in"] == 1


def test_R38_a_guest_with_an_account_elsewhere_counts_at_each_step(fabrikam: Tenant, invite: Invite) -> None:
    with running() as peer:
        provider = add_oidc(fabrikam, peer.url, "adatum.example")
        peer.person = {"email": NICOLE_AT_ADATUM}
        browser = Browser()
        browser.open(invite(fabrikam, NICOLE_AT_ADATUM).link)
        url = leave(browser)
        browser.come(f"/{fabrikam.id}/return/{provider.id}", peer.come_back(url))
        browser.submit("Accept", button=("answer", "accept"))
    found = summed_up(fabrikam)
    assert funnel(found) == dict.fromkeys(FUNNEL, 1)
    assert found[f"now.provider.{provider.id}"] == 1
    with tenant_scope(fabrikam.id):
        assert Guest.objects.get().code_sent_at is None


def test_R40_who_was_reset_has_to_redeem_again(fabrikam: Tenant, four: list[Any], now: datetime) -> None:
    summed_up(fabrikam)
    anew = reset(fabrikam, four[0].guest.id, now)
    found = summed_up(fabrikam)
    assert "cohort.redeemed" not in found
    assert (found["cohort.code_sent"], found["cohort.opened"], found["cohort.invited"]) == (1, 2, 4)
    Browser().open(anew.link)
    found = summed_up(fabrikam)
    assert (found["cohort.code_sent"], found["cohort.opened"], found["cohort.invited"]) == (1, 3, 4)
    sign_in(Browser(), fabrikam, anew.link)
    assert funnel(summed_up(fabrikam)) == FUNNEL


def test_R40_what_was_done_with_an_old_link_is_not_read_after_the_reset(
    fabrikam: Tenant, four: list[Any], now: datetime
) -> None:
    for one in four[:3]:
        anew = reset(fabrikam, one.guest.id, now)
    found = summed_up(fabrikam)
    assert [name for name in FUNNEL if name in found] == ["cohort.invited"]
    Browser().open(four[3].link)
    opened_before = reset(fabrikam, four[3].guest.id, now)
    Browser().open(opened_before.link)
    ask(Browser(), fabrikam, anew.link)
    found = summed_up(fabrikam)
    assert (found["cohort.code_sent"], found["cohort.opened"], found["cohort.invited"]) == (1, 2, 4)


def test_R55_who_was_deleted_no_longer_counts(fabrikam: Tenant, four: list[Any], now: datetime) -> None:
    summed_up(fabrikam)
    with tenant_scope(fabrikam.id):
        Guest.objects.filter(id=four[0].guest.id).update(deleted_at=Now())
        block_guest(guest_id=four[1].guest.id, actor=OPERATOR, now=now)
    found = summed_up(fabrikam)
    assert found["cohort.invited"] == 3
    assert "cohort.redeemed" not in found


def test_R19_a_strangers_decoy_is_no_code_that_was_sent(fabrikam: Tenant, four: list[Any], now: datetime) -> None:
    ask_by_address(Browser(), fabrikam, "nobody@firstupconsultants.com")
    turn_passcodes(fabrikam, PasscodeState.DISABLED, now)
    assert funnel(summed_up(fabrikam)) == FUNNEL


def test_R64_refusals_are_counted_by_their_code(fabrikam: Tenant, contoso: Tenant, invite: Invite) -> None:
    browser = Browser()
    code = ask(browser, fabrikam, invite(fabrikam).link)
    for by in (1, 2, 3):
        browser.submit("code", code=wrong(code, by))
    ask_by_address(Browser(), fabrikam, "nobody@firstupconsultants.com")
    found = summed_up(fabrikam)
    assert found["refused.E-CODE"] == 3
    assert found["refused.E-NOT-INVITED"] == 1
    assert figures(contoso) == {}


def test_R64_what_an_administrator_was_refused_is_nobody_who_did_not_get_in(fabrikam: Tenant, invite: Invite) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(denied_domains=["tailspin.example"])
    fabrikam.refresh_from_db()
    with pytest.raises(AssertionError):
        invite(fabrikam, "kim@tailspin.example")
    assert not [name for name in summed_up(fabrikam) if name.startswith("refused.")]


def test_R18_half_of_the_mails_took_this_long(fabrikam: Tenant, invite: Invite, now: datetime) -> None:
    with tenant_scope(fabrikam.id):
        for seconds in (1, 2, 60):
            ask(Browser(), fabrikam, invite(fabrikam, f"kim{seconds}@firstupconsultants.com").link)
            newest = OutboundMail.objects.order_by("-created_at")[:1].get()
            OutboundMail.objects.filter(id=newest.id).update(
                handed_over_at=newest.created_at + timedelta(seconds=seconds)
            )
    summed_up(fabrikam)
    today = datetime.now(UTC).date()
    with tenant_scope(fabrikam.id):
        median = figures_of(first=today - timedelta(days=1), last=today).median_seconds
    assert median is not None
    assert median == pytest.approx(2, rel=0.06)


def test_R52_an_invitation_grows_older_where_nothing_happens(fabrikam: Tenant, invite: Invite, now: datetime) -> None:
    invited = invite(fabrikam)
    assert summed_up(fabrikam)["now.pending.day"] == 1
    with tenant_scope(fabrikam.id):
        Invitation.objects.filter(id=invited.invitation.id).update(created_at=Now() - timedelta(days=31))
        Summing.objects.update(summed_at=Now() - timedelta(minutes=59))
    with every_tenant(reason="a test asks who is waiting"):
        assert tenants_to_sum_up() == []
        Summing.objects.update(summed_at=Now() - timedelta(minutes=61))
        assert tenants_to_sum_up() == [fabrikam.id]
    sum_up_tenants()
    assert figures(fabrikam)["now.pending.older"] == 1
    assert "now.pending.day" not in figures(fabrikam)


def test_R64_one_tenant_that_fails_does_not_keep_the_others_waiting(
    fabrikam: Tenant,
    contoso: Tenant,
    invite: Invite,
    caplog: pytest.LogCaptureFixture,
    broken: Callable[[Tenant], None],
) -> None:
    invite(fabrikam)
    invite(contoso)
    first, second = sorted((fabrikam, contoso), key=lambda one: one.id)
    broken(first)
    sum_up_tenants()
    assert figures(first) == {}
    assert figures(second)["cohort.invited"] == 1
    assert f"The figures of tenant {first.id} were not summed up" in caplog.text


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Tenant], None]:
    """A tenant whose figures the database refuses: a statement of theirs is wrong."""

    def spoil(tenant: Tenant) -> None:
        count = summing._set_as_it_is

        def wrong_for_them(now: datetime) -> None:
            if current_tenant_id() == tenant.id:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
            count(now)

        monkeypatch.setattr(summing, "_set_as_it_is", wrong_for_them)

    return spoil


def test_R64_the_command_sums_up_one_tenant_or_all(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, capsys: pytest.CaptureFixture[str]
) -> None:
    invite(fabrikam)
    invite(contoso)
    call_command("sum_up", tenant="contoso.example")
    assert (figures(fabrikam), figures(contoso)["cohort.invited"]) == ({}, 1)
    call_command("sum_up")
    assert figures(fabrikam)["cohort.invited"] == 1
    assert "Fabrikam: summed up." in capsys.readouterr().out


def test_R64_figures_are_forgotten_after_400_days(fabrikam: Tenant, now: datetime) -> None:
    today: date = now.date()
    with tenant_scope(fabrikam.id):
        for age in (0, 400, 401):
            DailyFigure.objects.create(
                tenant_id=fabrikam.id, day=today - timedelta(days=age), name="signed_in", value=1
            )
    assert forget_expired(now=now)["old figures"] == 1
    with tenant_scope(fabrikam.id):
        assert DailyFigure.objects.count() == 2


def test_R63_another_tenants_figures_are_not_there(fabrikam: Tenant, contoso: Tenant, four: list[Any]) -> None:
    summed_up(fabrikam)
    today = datetime.now(UTC).date()
    with tenant_scope(contoso.id):
        theirs = figures_of(first=today - timedelta(days=90), last=today)
    assert (theirs.totals, theirs.mail, theirs.now, theirs.as_of) == ({}, {}, {}, None)
