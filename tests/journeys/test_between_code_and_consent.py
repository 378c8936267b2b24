"""From a right code over consent to the resource: what may have changed on the way (R14, R20, R22)."""

from __future__ import annotations

from datetime import datetime

import pytest

from applications.models import Application
from guests.models import Guest, Invitation, Status
from passcodes import limits
from passcodes.rules import Pool
from providers.rules import PasscodeState
from tenants import audit
from tenants.models import Budget, Tenant
from tenants.scope import tenant_scope
from tests.journeys.browser import Browser, code_in, post
from tests.journeys.conftest import EXPENSES, NICOLE, Invite
from tests.journeys.stories import (
    agree,
    ask,
    ask_by_address,
    enter,
    guest,
    history,
    newest_challenge,
    sessions,
    turn_passcodes,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


@pytest.mark.parametrize("step", ["permissions", "terms"])
def test_R20_R22_a_session_before_consent_is_led_to_it_whatever_next_says(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser, now: datetime, step: str
) -> None:
    link = invite(fabrikam).link
    if step == "terms":
        Tenant.objects.filter(id=fabrikam.id).update(terms_text="Be kind", terms_version=1, terms_published_at=now)
    enter(nicoles, fabrikam, link)
    if step == "terms":
        assert nicoles.submit("Accept", button=("answer", "accept")).heading == "Terms of use"
    answer = nicoles.client.get("/fabrikam.example", {"next": EXPENSES})
    assert answer.headers["Location"] == "/fabrikam.example/permissions"
    agree(nicoles)
    assert nicoles.client.get("/fabrikam.example", {"next": EXPENSES}).headers["Location"] == EXPENSES


def test_R22_declining_after_accepting_changes_nothing_and_leads_on(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser
) -> None:
    asked = enter(nicoles, fabrikam, invite(fabrikam, redirect_url=EXPENSES).link)
    agree(nicoles)
    nicoles.page = asked  # the back button, or another tab
    assert nicoles.submit("Decline", button=("answer", "decline")).leads_to == EXPENSES
    assert history(fabrikam, "guest.declined") == []
    assert guest(fabrikam).redemption_status == Status.ACCEPTED
    assert nicoles.open("/myapps/fabrikam.example").heading == "My Apps"


def _block(tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.id):
        Guest.objects.update(is_blocked=True)


def _turn_off(tenant: Tenant, now: datetime) -> None:
    turn_passcodes(tenant, PasscodeState.DISABLED, now)


def _bind(tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.id):
        Guest.objects.update(method="google")


@pytest.mark.parametrize(
    ("deed", "code"),
    [(_block, "E-BLOCKED"), (_turn_off, "E-OTP-OFF"), (_bind, "E-CODE")],
    ids=["blocked", "turned off", "bound to another"],
)
def test_R14_a_right_code_that_opens_nothing_any_more_is_used_and_costs_no_budget(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime, deed: object, code: str
) -> None:
    right = ask(nicoles, fabrikam, invite(fabrikam).link)
    deed(fabrikam, now)  # type: ignore[operator]
    nicoles.submit("code", code=right)
    assert sessions(fabrikam) == 0
    assert newest_challenge(fabrikam).used_at is not None
    paid = [one.key for one in limits.failures(tenant_id=fabrikam.id, address_key=NICOLE, pool=Pool.KNOWN)]
    assert sum(Budget.objects.filter(key__in=paid).values_list("used", flat=True)) == 0
    (line,) = history(fabrikam, "guest.signed_in")
    assert (line.outcome, line.code) == (audit.Outcome.REFUSED, code)


def test_R22_an_invitation_is_accepted_also_by_who_came_in_at_the_front_door(
    fabrikam: Tenant, invite: Invite, nicoles: Browser
) -> None:
    invite(fabrikam)
    ask_by_address(nicoles, fabrikam, NICOLE)
    nicoles.submit("code", code=code_in(post(fabrikam)[-1]))
    assert agree(nicoles).heading == "My Apps"
    with tenant_scope(fabrikam.id):
        assert Invitation.objects.get().accepted_at is not None


def test_R14_the_code_page_of_a_sign_in_that_led_on_leads_to_the_same_place(
    fabrikam: Tenant, expenses: Application, invite: Invite, nicoles: Browser
) -> None:
    link = invite(fabrikam, redirect_url=EXPENSES).link
    code = ask(nicoles, fabrikam, link)
    entering = nicoles.page
    nicoles.submit("code", code=code)
    agree(nicoles)
    assert nicoles.open(entering.url).leads_to == EXPENSES
    assert sessions(fabrikam) == 1
