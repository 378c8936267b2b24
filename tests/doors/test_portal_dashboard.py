"""The portal's first page: what happened to a tenant's guests, in numbers that lead to their lists (R62, R63)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.dashboard import charts
from config.dashboard.charts import Count
from config.stack.demo import furnish
from guests.models import Batch, BatchKind, BatchState, DailyFigure, Guest, Invitation, Summing
from guests.operations.figures import day_of
from guests.operations.inviting import invite_guest
from outbox.models import Rank
from outbox.operations import enqueue
from providers.models import IdentityProvider
from tenants.audit import Actor
from tenants.models import Administrator, Tenant
from tenants.roles import Role
from tenants.scope import tenant_scope
from tests.doors.portal import signed_in, text
from tests.guests.summing import summed_up
from tests.journeys.browser import Browser
from tests.journeys.stories import ask, sign_in, wrong

DASHBOARD = "/admin/"
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SELECT set_config")

Kept = Callable[..., None]


@pytest.fixture
def kept(fabrikam: Tenant) -> Kept:
    """Figures of Fabrikam, as beat would have written them; `_` stands for a dot, `days_ago` says whose day."""

    def keep(days_ago: int = 0, **figures: int) -> None:
        now = datetime.now(UTC)
        with tenant_scope(fabrikam.id):
            for name, value in figures.items():
                day = day_of(now - timedelta(days=days_ago))
                DailyFigure.objects.create(tenant=fabrikam, day=day, name=name.replace("__", "."), value=value)
            Summing.objects.update_or_create(tenant=fabrikam, defaults={"summed_at": now})

    return keep


def links(page: Any) -> dict[str, str]:
    """Where the numbers of the page lead, by the row that they stand in."""
    rows = re.findall(r'<th scope="row">([^<]+).*?<td>(.*?)</td>', page.content.decode(), re.DOTALL)
    found = {name.strip(): re.search(r'href="([^"]+)"', cell) for name, cell in rows}
    return {name: link[1].replace("&amp;", "&") for name, link in found.items() if link}


@pytest.mark.django_db(transaction=True)
def test_R62_the_numbers_of_the_funnel_are_those_of_their_lists(
    portal: Client, contosos: Client, fabrikam: Tenant, invite: Any
) -> None:
    invited = [invite(fabrikam, f"{name}@firstupconsultants.com") for name in ("nicole", "kim", "ola", "per")]
    Browser().open(invited[2].link)
    asking = Browser()
    code = ask(asking, fabrikam, invited[1].link)
    asking.submit("code", code=wrong(code))
    sign_in(Browser(), fabrikam, invited[0].link)
    summed_up(fabrikam)
    page = portal.get(DASHBOARD)
    said = text(page)
    assert "Invited 4, Opened the link 3, Code sent 2, Redeemed 1." in said
    assert "1 of 4 guests redeemed (25 %)" in said.replace("\N{NO-BREAK SPACE}", " ")
    assert "1 of 1 guest signs in with a code" in said
    assert "Up to a day 3" in said
    assert "1 refusal." in said
    found = links(page)
    for step, count in (("Invited", 4), ("Opened the link", 3), ("Code sent", 2), ("Redeemed", 1)):
        assert f"{count} guest{'s' if count != 1 else ''}" in text(portal.get(found[step])), step
    assert "1 guest" in text(portal.get(found["Email passcode"]))
    assert "3 invitations" in text(portal.get(found["Up to a day"]))
    assert "kim@firstupconsultants.com" in text(portal.get(found["The code did not work"]))
    for lost, whose in (("opened", "per"), ("code_sent", "ola"), ("redeemed", "kim")):
        listed = text(portal.get(f"/admin/guests/guest/?invited=30&step=not_{lost}"))
        assert "1 guest" in listed, lost
        assert f"{whose}@firstupconsultants.com" in listed, lost
    assert "Nobody has been invited to Contoso yet" in text(contosos.get(DASHBOARD))


def test_R62_the_period_is_7_30_or_90_days(portal: Client, fabrikam: Tenant, kept: Kept) -> None:
    kept(0, cohort__invited=1)
    kept(6, cohort__invited=2)
    kept(29, cohort__invited=4)
    kept(89, cohort__invited=8)
    kept(90, cohort__invited=16)
    for asked, invited in (("7", 3), ("30", 7), ("90", 15), ("", 7), ("365", 7), ("x", 7)):
        page = portal.get(f"{DASHBOARD}?days={asked}")
        assert f"Invited {invited}," in text(page), asked
        shown = asked if asked in ("7", "30", "90") else "30"
        assert f'<a href="?days={shown}" aria-current="true">{shown} days</a>' in page.content.decode()


def test_R64_figures_that_reach_behind_the_history_say_so(
    portal: Client, as_role: Any, fabrikam: Tenant, kept: Kept
) -> None:
    kept(0, cohort__invited=1)
    for days_ago in (1, 29, 30, 60):
        kept(days_ago, mail__handed_over=7)
    said = "The audit log is kept for 30 days, so the lists"
    assert said not in text(portal.get(f"{DASHBOARD}?days=90"))
    Tenant.objects.filter(id=fabrikam.id).update(history_days=30)
    page = portal.get(f"{DASHBOARD}?days=90")
    assert said in text(page)
    for days_ago, is_there in ((1, True), (29, True), (30, False), (60, False)):
        day = (day_of(datetime.now(UTC)) - timedelta(days=days_ago)).isoformat()
        assert (f"on={day}" in page.content.decode()) is is_there, days_ago
    assert said not in text(portal.get(f"{DASHBOARD}?days=30"))
    assert said not in text(as_role(Role.GUEST_INVITER).get(f"{DASHBOARD}?days=90"))


def test_R62_it_says_when_the_figures_were_summed_up(
    portal: Client, fabrikam: Tenant, nicole: Guest, kept: Kept
) -> None:
    assert "the first are there in a minute or two" in text(portal.get(DASHBOARD))
    kept(cohort__invited=1)
    with tenant_scope(fabrikam.id):
        at = datetime.now(UTC) - timedelta(days=1)
        Summing.objects.update(summed_at=at)
    assert f"as of {at:%-d %b, %H:%M} UTC" in text(portal.get(DASHBOARD))


def test_R62_an_empty_tenant_is_told_what_to_do_first(portal: Client, as_role: Any, fabrikam: Tenant) -> None:
    page = portal.get(DASHBOARD)
    assert "Nobody has been invited to Fabrikam yet" in text(page)
    assert 'href="/admin/guests/guest/invite/"' in page.content.decode()
    assert '<svg class="v-chart"' not in page.content.decode()
    helper = text(as_role(Role.HELPDESK_ADMINISTRATOR).get(DASHBOARD))
    assert "Your role does not allow it here" in helper
    assert "Say who you are" not in helper


@pytest.mark.parametrize(
    ("role", "parts"),
    [
        pytest.param(Role.GLOBAL_ADMINISTRATOR, "funnel methods ages mail refusals history", id="R63-all"),
        pytest.param(Role.GLOBAL_READER, "funnel methods ages mail refusals history", id="R63-reader"),
        pytest.param(Role.HELPDESK_ADMINISTRATOR, "funnel methods ages", id="R63-helpdesk"),
        pytest.param(Role.GUEST_INVITER, "funnel methods ages", id="R63-inviter"),
        pytest.param(Role.REPORTS_READER, "mail refusals history", id="R63-reports"),
    ],
)
def test_R63_a_part_that_the_role_does_not_allow_is_absent(
    as_role: Any, nicole: Guest, kept: Kept, role: Role, parts: str
) -> None:
    kept(cohort__invited=1, mail__handed_over=2, refused__E_CODE=1)
    headings = {
        "funnel": "From invitation to redemption",
        "methods": "Methods in use",
        "ages": "Pending invitations by age",
        "mail": "Median time to hand over",
        "refusals": "Why people did not get in",
        "history": "Lately",
    }
    page = text(as_role(role).get(DASHBOARD))
    assert {part for part, heading in headings.items() if heading in page} == set(parts.split())


def test_R62_what_needs_somebody_stands_first(
    portal: Client, as_role: Any, fabrikam: Tenant, kept: Kept, now: Any
) -> None:
    kept(now__pending__older=17, mail__bounced=3)
    kept(1, mail__failed=1)
    with tenant_scope(fabrikam.id):
        for name, days, is_enabled in (("Northwind SAML", 9, True), ("Tailspin", 31, True), ("Adatum", -1, False)):
            IdentityProvider.objects.create(
                tenant=fabrikam,
                kind="saml",
                name=name,
                is_bound_to_domains=True,
                is_enabled=is_enabled,
                certificates_end_at=now + timedelta(days=days, hours=1),
            )
        for name, state in (("riga.csv", BatchState.CHECKED), ("oslo.csv", BatchState.UNREADABLE)):
            Batch.objects.create(
                tenant=fabrikam, kind=BatchKind.INVITATIONS, state=state, name=name, actor_kind="administrator"
            )
    page = text(portal.get(DASHBOARD))
    for said in (
        "17 invitations have waited for more than 30 days. Remind them",
        "The certificate of Northwind SAML expires in 9 days.",
        "4 emails bounced or failed since yesterday.",
        "riga.csv is checked and not started.",
        "oslo.csv cannot be read.",
    ):
        assert said in page, said
    assert "Tailspin" not in page
    assert "Adatum" not in page
    helper = text(as_role(Role.HELPDESK_ADMINISTRATOR).get(DASHBOARD))
    assert "17 invitations have waited" in helper
    assert "Remind them" not in helper
    source = portal.get(DASHBOARD).content.decode()
    needs = source[source.index('id="todo"') : source.index("</section>")]
    for url in re.findall(r'href="([^"]+)"', needs):
        assert portal.get(url.replace("&amp;", "&")).status_code == 200, url
    for said in ("Northwind SAML", "4 emails", "riga.csv"):
        assert said not in helper, said


def test_R18_mail_that_waits_is_counted_at_once_and_listed(portal: Client, nicole: Guest, kept: Kept) -> None:
    kept(cohort__invited=1)
    with tenant_scope(nicole.tenant_id):
        for _ in range(2):
            enqueue(kind="invitation", subject_id=nicole.pk, rank=Rank.INVITATION, deadline=None, now=datetime.now(UTC))
    page = portal.get(DASHBOARD)
    assert "Waiting now 2" in text(page)
    assert 'href="/admin/outbox/outboundmail/?state=waiting"' in page.content.decode()
    assert "2 emails" in text(portal.get("/admin/outbox/outboundmail/?state=waiting"))


def test_R3_guests_who_wait_for_a_reset_need_somebody(portal: Client, kept: Kept) -> None:
    kept(now__waiting=1)
    page = portal.get(DASHBOARD)
    assert "1 guest waits for a reset: the provider they signed in with was removed." in text(page)
    assert 'href="/admin/guests/guest/?waiting=yes"' in page.content.decode()


def test_R62_an_old_invitation_stands_in_the_list_behind_its_number(
    portal: Client, fabrikam: Tenant, invite: Any
) -> None:
    for number, days in enumerate((0, 3, 20, 31)):
        made = invite(fabrikam, f"guest{number}@firstupconsultants.com").invitation
        with tenant_scope(fabrikam.id):
            Invitation.objects.filter(pk=made.pk).update(created_at=Now() - timedelta(days=days))
    for number, age in enumerate(("day", "week", "month", "older")):
        page = text(portal.get(f"/admin/guests/invitation/?age={age}"))
        assert "1 invitation" in page, age
        assert f"guest{number}@firstupconsultants.com" in page, age


def test_R62_it_takes_the_same_few_statements_however_many_guests(
    portal: Client, fabrikam: Tenant, invite: Any, kept: Kept
) -> None:
    portal.get(DASHBOARD)
    kept(cohort__invited=1)
    counts = []
    for size in (1, 8):
        for number in range(size):
            invite(fabrikam, f"guest{number}-{size}@many.example")
        with CaptureQueriesContext(connection) as seen:
            portal.get(DASHBOARD)
        counts.append(len([one for one in seen.captured_queries if not one["sql"].startswith(NOT_COUNTED)]))
    # Session, administrator, device, roles; then figures, providers, batches, waiting mail, history.
    assert counts == [12, 12]


@pytest.mark.django_db(transaction=True)
def test_the_demonstration_has_its_figures_before_beat_comes_round(operator: Actor, now: datetime) -> None:
    furnish(origin="http://127.0.0.1:9000", partner=None, invite=invite_guest, actor=operator, now=now)
    fabrikam = Tenant.objects.get(name="Fabrikam")
    page = text(signed_in(Administrator.objects.get(), fabrikam).get(DASHBOARD))
    assert "0 of 1 guest redeemed" in page
    assert "Up to a day 1" in page


# --- pictures -----------------------------------------------------------------------------------------------------


def test_bars_are_as_wide_as_their_numbers() -> None:
    drawn = charts.bars([Count("A", 200), Count("B", 50), Count("C", 1), Count("D", 0)])
    assert [bar.width for bar in drawn.bars] == ["42.0%", "10.5%", "0.7%", "0.0%"]
    assert [bar.top for bar in drawn.bars] == [0, 32, 64, 96]
    assert charts.bars([Count("A", 0)]).bars[0].width == "0.0%"


def test_bars_leave_room_for_long_numbers() -> None:
    (bar,) = charts.bars([Count("A", 1_000_000)]).bars
    assert (bar.width, bar.count.shown) == ("26.4%", "1,000,000")


def test_a_name_that_has_no_room_is_cut_in_the_picture_only() -> None:
    (bar,) = charts.bars([Count("A federation with a very long name", 1)]).bars
    assert bar.label == "A federation wi…"
    assert bar.count.name in charts.bars([bar.count]).told


def test_columns_stand_on_the_floor_and_keep_within_the_picture() -> None:
    today = datetime.now(UTC).date()
    days = [(today, Count("good", good), Count("bad", bad)) for good, bad in ((100, 20), (1, 0), (0, 0), (0, 5000))]
    drawn = charts.columns(days, "told").columns
    for one in drawn:
        assert one.good_top + one.good_height == charts.FLOOR
        assert one.bad_top >= 0
    assert drawn[1].good_height == 1
    assert (drawn[2].good_height, drawn[2].bad_height) == (0, 0)
    assert [one.x for one in drawn] == ["0.00%", "25.00%", "50.00%", "75.00%"]
