"""Turning the feature off and on again (R3-R5)."""

from __future__ import annotations

from datetime import datetime

import pytest

from guests.models import Status
from providers.rules import PasscodeState
from tenants.models import Tenant
from tests.journeys.browser import Browser, post
from tests.journeys.conftest import Invite
from tests.journeys.stories import (
    ask,
    ask_by_address,
    attempts,
    enter,
    guest,
    history,
    minutes,
    pass_time,
    sessions,
    sign_in,
    turn_passcodes,
)

NICOLE = "nicole@firstupconsultants.com"
ON, OFF = PasscodeState.ENABLED, PasscodeState.DISABLED


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


def test_R5_a_new_redeemer_is_prompted_to_create_a_microsoft_account(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam).link
    nicoles.open(link)
    turn_passcodes(fabrikam, OFF, now)
    page = nicoles.submit("Send code")  # pressed on the page from before
    assert "Microsoft account" in page.heading
    assert post(fabrikam) == []
    page = nicoles.open(link)
    assert "Microsoft account" in page.heading
    assert "n•••e@firstupconsultants.com" in page.text
    assert not [form for form in page.forms if "Send code" in form.labels]
    assert sessions(fabrikam) == 0


def test_R5_a_passcode_guest_with_a_live_link_reads_the_exact_remedy(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    turn_passcodes(fabrikam, OFF, now)
    for browser in (nicoles, Browser()):
        page = browser.open(link)
        assert (page.status, page.heading) == (403, "You can’t sign in with a code any more")
        assert "E-OTP-OFF" in page.text
        assert "Ask your administrator to reset your redemption status." in page.text
        assert "Adele Vance" in page.text
    assert guest(fabrikam).redemption_status == Status.ACCEPTED


def test_R5_a_known_browser_reads_the_exact_remedy_and_any_other_the_common_one(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    turn_passcodes(fabrikam, OFF, now)
    page = ask_by_address(nicoles, fabrikam, NICOLE)
    assert (page.status, page.heading) == (403, "You can’t sign in with a code any more")
    page = ask_by_address(Browser(), fabrikam, NICOLE)
    assert (page.status, page.heading) == (403, "You can’t sign in with a code here")
    assert "Adele" not in page.text
    assert [one.code for one in history(fabrikam, "sign_in.begun")[-2:]] == ["E-OTP-OFF", "E-OTP-OFF"]


def test_R5_sessions_end_at_the_next_request(fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    assert nicoles.open("/myapps/fabrikam.example").heading == "My Apps"
    turn_passcodes(fabrikam, OFF, now)
    page = nicoles.open("/myapps/fabrikam.example")
    assert (page.status, page.heading) == (403, "Please sign in again")


def test_R5_a_session_on_its_way_through_consent_ends_too(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    enter(nicoles, fabrikam, invite(fabrikam).link)
    turn_passcodes(fabrikam, OFF, now)
    assert nicoles.submit("Accept", button=("answer", "accept")).status == 403
    assert guest(fabrikam).redemption_status == Status.PENDING


def test_R5_a_live_code_is_void_at_once(fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime) -> None:
    code = ask(nicoles, fabrikam, invite(fabrikam).link)
    turn_passcodes(fabrikam, OFF, now)
    page = nicoles.submit("code", code=code)
    assert page.status == 403
    assert "E-OTP-OFF" in page.text
    assert sessions(fabrikam) == 0
    pass_time(fabrikam, minutes(2))
    url = page.url
    token = nicoles.client.cookies["vestibule-csrf"].value
    assert nicoles.client.post(f"{url}/again", {"csrfmiddlewaretoken": token}).status_code == 403
    assert post(fabrikam) == []


def test_R5_turned_on_again_it_restores_without_a_reset_and_the_past_stays_dead(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    link = invite(fabrikam).link
    sign_in(nicoles, fabrikam, link)
    other = Browser()
    code = ask(other, fabrikam, link)
    turn_passcodes(fabrikam, OFF, now)
    turn_passcodes(fabrikam, ON, now)

    page = other.submit("code", code=code)
    assert page.heading != "My Apps"
    assert sessions(fabrikam) == 1
    page = nicoles.open("/myapps/fabrikam.example")
    assert (page.status, page.heading) == (403, "Please sign in again")

    assert enter(nicoles, fabrikam, link).heading == "My Apps"
    assert len(history(fabrikam, "guest.redeemed")) == 1


def test_R5_a_mail_that_still_waits_is_not_sent(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    nicoles.open(invite(fabrikam).link)
    nicoles.submit("Send code")
    turn_passcodes(fabrikam, OFF, now)
    assert post(fabrikam) == []


def test_R4_turning_it_on_touches_only_future_redemptions(
    fabrikam: Tenant, invite: Invite, nicoles: Browser, now: datetime
) -> None:
    sign_in(nicoles, fabrikam, invite(fabrikam).link)
    before = guest(fabrikam)
    turn_passcodes(fabrikam, ON, now)  # from the default, which is on
    assert nicoles.open("/myapps/fabrikam.example").heading == "My Apps"
    after = guest(fabrikam)
    assert (after.method, after.redemption_status_changed_at) == (before.method, before.redemption_status_changed_at)
    assert attempts(fabrikam) == 1


def test_R64_whoever_types_addresses_while_it_is_off_cannot_fill_the_history(fabrikam: Tenant, now: datetime) -> None:
    turn_passcodes(fabrikam, OFF, now)
    stranger = Browser()
    for number in range(25):
        assert ask_by_address(stranger, fabrikam, f"guest{number}@elsewhere.example").status == 403
    assert len(history(fabrikam, "sign_in.begun")) == 20
