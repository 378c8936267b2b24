"""Invitation links that no longer work, that come back, or that name somebody else (R10, R22-R24, R52)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.db.models.functions import Now

from applications.models import Application
from guests.models import Guest, Invitation, Status
from guests.operations.inviting import Invited
from guests.operations.resending import revoke_invitation
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, post
from tests.journeys.conftest import EXPENSES, Invite
from tests.journeys.stories import (
    OPERATOR,
    enter,
    guest,
    history,
    owned_rows,
    path_of,
    plain,
    reset,
    sessions,
    sign_in,
)

KIM = "kim@firstupconsultants.com"


def _revoked(tenant: Tenant, invited: Invited, now: datetime) -> str:
    with tenant_scope(tenant.id):
        revoke_invitation(invitation_id=invited.invitation.id, actor=OPERATOR, now=now)
    return invited.link


def _expired(tenant: Tenant, invited: Invited, now: datetime) -> str:
    with tenant_scope(tenant.id):
        Invitation.objects.filter(id=invited.invitation.id).update(expires_at=Now() - timedelta(seconds=1))
    return invited.link


def _reset(tenant: Tenant, invited: Invited, now: datetime) -> str:
    reset(tenant, invited.guest.id, now)
    return invited.link


def _deleted(tenant: Tenant, invited: Invited, now: datetime) -> str:
    with tenant_scope(tenant.id):
        Guest.objects.update(deleted_at=Now())
    return invited.link


GONE: dict[str, Callable[[Tenant, Invited, datetime], str]] = {
    "revoked": _revoked,
    "expired": _expired,
    "reset": _reset,
    "of a deleted guest": _deleted,
    "damaged": lambda tenant, invited, now: invited.link[:-1],
    "with more": lambda tenant, invited, now: f"{invited.link}A",
    "unknown": lambda tenant, invited, now: invited.link.rpartition("/")[0] + "/" + "A" * 43,
    "another tenant's": lambda tenant, invited, now: invited.link.replace("fabrikam.example", "contoso.example"),
    "odd": lambda tenant, invited, now: invited.link.rpartition("/")[0] + "/%00%F0%9F%92%A9..%2e",
}


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


@pytest.mark.parametrize("how", GONE)
def test_R52_a_link_that_is_gone_is_one_page(
    fabrikam: Tenant, contoso: Tenant, invite: Invite, nicoles: Browser, now: datetime, how: str
) -> None:
    invited = invite(fabrikam)
    gone = GONE[how](fabrikam, invited, now)
    page = nicoles.open(gone)
    assert (page.status, page.heading) == (410, "This link no longer works")
    assert "E-LINK-GONE" in page.text
    assert page.form_with("Ask for a new invitation")
    if how not in ("another tenant's", "odd"):
        unknown = Browser().open(GONE["unknown"](fabrikam, invited, now))
        ticket = gone.rpartition("/")[2][:60]
        assert plain(page.source, address=ticket) == plain(unknown.source, address="A" * 43)
    before = owned_rows(fabrikam)
    form = page.form_with("Ask for a new invitation")
    assert nicoles.client.post(path_of(gone), form.fields).status_code == 410
    after = owned_rows(fabrikam)
    assert after | {"tenants.AuditEntry": 0} == before | {"tenants.AuditEntry": 0}  # a line of history at most
    assert post(fabrikam) == []
    assert nicoles.submit("Ask for a new invitation").heading == "We passed it on"


def test_R52_pressing_send_code_on_a_link_that_was_revoked_meanwhile_sends_nothing(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    invited = invite(fabrikam)
    nicoles.open(invited.link)
    _revoked(fabrikam, invited, now)
    assert nicoles.submit("Send code").status == 410
    assert post(fabrikam) == []
    assert history(fabrikam, "sign_in.begun")[-1].code == "E-LINK-GONE"


def test_R52_revoking_while_the_guest_reads_the_permissions_stops_the_redemption(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    invited = invite(fabrikam)
    enter(nicoles, fabrikam, invited.link)
    _revoked(fabrikam, invited, now)
    assert nicoles.submit("Accept", button=("answer", "accept")).status == 410
    assert not guest(fabrikam).has_accepted


@pytest.mark.parametrize("method", ["get", "head"])
def test_R10_opening_a_link_makes_no_row_but_a_line_of_history_and_sends_nothing(
    fabrikam: Tenant, invite: Invite, method: str
) -> None:
    invited = invite(fabrikam)
    before = owned_rows(fabrikam)
    if method == "get":
        before["tenants.AuditEntry"] += 1
    path = path_of(invited.link)
    for url in (path, path, "/fabrikam.example", "/fabrikam.example/permissions", "/", "/organization"):
        assert getattr(Browser().client, method)(url).status_code in (200, 302), url
    assert owned_rows(fabrikam) == before
    assert post(fabrikam) == []


def test_R22_declining_leaves_the_invitation_open(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    link = invite(fabrikam).link
    enter(nicoles, fabrikam, link)
    page = nicoles.submit("Decline", button=("answer", "decline"))
    assert page.heading == "You declined"
    assert "The invitation stays open" in page.text
    assert guest(fabrikam).redemption_status == Status.PENDING
    assert nicoles.open("/myapps/fabrikam.example").heading == "Sign in to Fabrikam"
    assert history(fabrikam, "guest.declined")[0].code == "E-DECLINED"
    assert sign_in(nicoles, fabrikam, link).heading == "My Apps"
    assert guest(fabrikam).redemption_status == Status.ACCEPTED


def test_R24_the_link_of_a_redeemed_invitation_is_a_way_back_and_no_credential(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, redirect_url=EXPENSES).link
    sign_in(nicoles, fabrikam, link)
    path = path_of(link)
    assert nicoles.client.get(path).headers["Location"] == EXPENSES  # signed in: straight there

    elsewhere = Browser()
    page = elsewhere.open(link)
    assert page.heading == "Sign in to Fabrikam"
    assert "You’re invited" not in page.text
    assert enter(elsewhere, fabrikam, link).leads_to == EXPENSES
    assert len(history(fabrikam, "guest.redeemed")) == 1
    assert len(history(fabrikam, "consent.permissions")) == 1  # shown once


def test_R23_signed_in_as_somebody_else_it_asks_and_accepts_nothing(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    kims = invite(fabrikam, KIM)
    page = nicoles.open(kims.link)
    assert (page.status, page.heading) == (403, "You’re signed in as somebody else")
    assert "nicole@firstupconsultants.com" in page.text
    assert "k•m@firstupconsultants.com" in page.text or "k•••m@firstupconsultants.com" in page.text
    assert KIM not in page.source
    assert not guest(fabrikam, KIM).has_accepted
    assert nicoles.open(page.links["Stay signed in"]).heading == "My Apps"

    nicoles.open(kims.link)
    page = nicoles.submit("Switch to the invited address")
    assert page.heading == "You’re invited to Fabrikam"
    assert nicoles.open("/myapps/fabrikam.example").heading == "Sign in to Fabrikam"
    assert not guest(fabrikam, KIM).has_accepted  # a link alone never grants anything
    assert sign_in(nicoles, fabrikam, kims.link).heading == "My Apps"
    assert KIM in nicoles.page.text
    assert sessions(fabrikam) == 2


def _open_often(link: str, times: int = 121) -> list[int]:
    client = Browser().client
    return [client.get(path_of(link)).status_code for _ in range(times)]


def test_R17_B3_a_neighbour_who_opens_made_up_links_locks_no_live_one_out(fabrikam: Tenant, invite: Invite) -> None:
    link, kims = invite(fabrikam).link, invite(fabrikam, KIM).link
    assert _open_often(link.rpartition("/")[0] + "/x")[-2:] == [410, 429]
    assert _open_often(link)[-2:] == [200, 429]
    assert Browser().open(kims).status == 200


def test_R17_the_page_after_too_many_openings_does_not_send_one_back_to_the_link(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam).link
    _open_often(link)
    page = nicoles.open(link)
    assert (page.status, page.heading[:18]) == (429, "Please wait until ")
    assert "Too many links were opened" in page.text
    assert "still works" not in page.text
    assert page.response.headers["Retry-After"].isdecimal()


def test_R17_openings_from_an_exempt_range_are_not_counted(fabrikam: Tenant, invite: Invite, settings: Any) -> None:
    settings.SOURCE_LIMITS_EXEMPT = (ip_network("127.0.0.0/8"),)
    assert set(_open_often(invite(fabrikam).link)) == {200}


def test_R17_a_trusted_range_opens_ten_times_as_many_and_counts_for_its_tenant_alone(
    fabrikam: Tenant, contoso: Tenant, invite: Invite
) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(trusted_ranges=["127.0.0.0/8"])
    base = invite(fabrikam).link.rpartition("/")[0]
    assert set(_open_often(f"{base}/x", 125)) == {410}
    assert set(_open_often(f"{base}/x".replace("fabrikam.example", "contoso.example"), 120)) == {410}
