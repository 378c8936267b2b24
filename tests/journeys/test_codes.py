"""A code that does not work: wrong, used, expired, exhausted, malformed; and the same mail once more (R11-R15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenants.models import Tenant
from tests.journeys.browser import Browser, Page, code_in, post
from tests.journeys.conftest import Invite
from tests.journeys.stories import (
    ask,
    attempts,
    expire_in,
    history,
    minutes,
    newest_challenge,
    pass_time,
    plain,
    sessions,
    wrong,
)

DID_NOT_WORK = "That code did not work."


@pytest.fixture
def nicoles() -> Browser:
    """Her browser."""
    return Browser()


@pytest.fixture
def code(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> str:
    """Nicole's code, mailed; her browser shows Enter your code."""
    return ask(nicoles, fabrikam, invite(fabrikam).link)


def refused(page: Page) -> bool:
    return page.status == 422 and page.heading == "Enter your code" and DID_NOT_WORK in page.text


def test_R14_it_refuses_a_wrong_code_and_says_what_to_do(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    page = nicoles.submit("code", code=wrong(code))
    assert refused(page)
    assert page.form_with("Send it again")
    assert "Start again" in page.links
    assert 'aria-invalid="true"' in page.source
    assert (attempts(fabrikam), sessions(fabrikam)) == (1, 0)
    assert [one.code for one in history(fabrikam, "passcode.refused")] == ["E-CODE"]


def test_R14_it_takes_the_right_code_after_four_wrong_ones(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    for by in range(1, 5):
        assert refused(nicoles.submit("code", code=wrong(code, by)))
    assert nicoles.submit("code", code=code).heading == "Review permissions"
    assert sessions(fabrikam) == 1


def test_R14_it_refuses_the_right_code_after_five_wrong_ones(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    for by in range(1, 6):
        nicoles.submit("code", code=wrong(code, by))
    assert refused(nicoles.submit("code", code=code))
    assert (attempts(fabrikam), sessions(fabrikam)) == (5, 0)
    assert history(fabrikam, "passcode.refused")[-1].details["reason"] == "exhausted"


def test_R14_it_takes_a_code_once(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    page = nicoles.page
    nicoles.submit("code", code=code)
    for name in [name for name in nicoles.client.cookies if "guest" in name]:
        del nicoles.client.cookies[name]  # the answer with the session was lost on the way
    nicoles.page = page
    assert refused(nicoles.submit("code", code=code))
    assert sessions(fabrikam) == 1
    assert history(fabrikam, "passcode.refused")[-1].details["reason"] == "used"


def test_R11_it_takes_a_code_in_its_last_seconds(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    expire_in(fabrikam, timedelta(seconds=10))
    assert nicoles.submit("code", code=code).heading == "Review permissions"


def test_R11_it_refuses_a_code_from_its_thirtieth_minute_on(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    assert newest_challenge(fabrikam).lifetime == minutes(30)
    expire_in(fabrikam, timedelta())
    assert refused(nicoles.submit("code", code=code))
    assert (attempts(fabrikam), sessions(fabrikam)) == (0, 0)
    assert history(fabrikam, "passcode.refused")[-1].details["reason"] == "expired"


def test_R11_it_says_on_the_page_that_a_code_has_expired_and_sends_a_new_one(
    fabrikam: Tenant, nicoles: Browser, code: str
) -> None:
    pass_time(fabrikam, minutes(31))
    page = nicoles.open(nicoles.page.url)
    assert (page.status, page.heading) == (200, "Your code has expired")
    assert nicoles.submit("Send a new code").heading == "Enter your code"
    new = code_in(post(fabrikam)[-1])
    assert new != code
    assert refused(nicoles.submit("code", code=code))
    assert nicoles.submit("code", code=new).heading == "Review permissions"


def test_R11_a_tenant_may_shorten_the_life_of_its_codes(fabrikam: Tenant, invite: Invite, nicoles: Browser) -> None:
    Tenant.objects.filter(id=fabrikam.id).update(passcode_minutes=10)
    code = ask(nicoles, fabrikam, invite(fabrikam).link)
    assert newest_challenge(fabrikam).lifetime == minutes(10)
    pass_time(fabrikam, minutes(10))
    assert refused(nicoles.submit("code", code=code))


def test_R14_wrong_used_expired_and_exhausted_look_alike(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    first = nicoles.page
    seen = {"wrong": plain(nicoles.submit("code", code=wrong(code)).source)}
    expire_in(fabrikam, timedelta())
    seen["expired"] = plain(nicoles.submit("code", code=code).source)
    expire_in(fabrikam, minutes(20))
    for by in range(2, 6):
        nicoles.submit("code", code=wrong(code, by))
    seen["exhausted"] = plain(nicoles.submit("code", code=code).source)
    assert first.status == 200
    assert set(seen.values()) == {seen["wrong"]}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter the code."),
        ("   ", "Enter the code."),
        ("1234567", "You entered 7."),
        ("123456789", "You entered 9."),
        ("1234 567a", "You entered something else as well."),
        ("<script>", "You entered something else as well."),
        ("１２３４５６７", "You entered 7."),
        ("\x00" * 8, "something else"),
        ("9" * 5000, "You entered 200."),
    ],
    ids=["empty", "spaces", "seven", "nine", "letter", "markup", "full-width seven", "nul", "monstrous"],
)
def test_R12_R14_a_malformed_entry_is_an_error_on_the_form_and_no_try(
    fabrikam: Tenant, nicoles: Browser, code: str, typed: str, says: str
) -> None:
    page = nicoles.submit("code", code=typed)
    assert (page.status, page.heading) == (422, "Enter your code")
    assert says in page.text
    assert DID_NOT_WORK not in page.text
    assert attempts(fabrikam) == 0
    assert "<script>" not in page.source


@pytest.mark.parametrize(
    "form",
    [
        lambda code: code,
        lambda code: code.replace(" ", ""),
        lambda code: code.replace(" ", "-"),
        lambda code: f"  {code.replace(' ', '–')}\n",
        lambda code: "".join(chr(ord(sign) + 0xFEE0) for sign in code if sign != " "),
    ],
    ids=["as mailed", "digits", "dash", "pasted", "full-width"],
)
def test_R12_it_takes_a_code_however_it_is_written(nicoles: Browser, code: str, form) -> None:
    assert nicoles.submit("code", code=form(code)).heading == "Review permissions"


def test_R15_send_it_again_waits_a_minute_and_says_until_when(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    page = nicoles.submit("Send it again")
    assert page.status == 429
    assert "Please wait until" in page.text
    assert "3 more times" in page.text
    assert post(fabrikam) == []
    assert nicoles.submit("code", code=code).heading == "Review permissions"  # the code is as good as before


def test_R15_it_sends_the_same_code_again_while_a_third_of_its_life_is_left(
    fabrikam: Tenant, nicoles: Browser, code: str
) -> None:
    pass_time(fabrikam, minutes(19))
    page = nicoles.submit("Send it again")
    assert "It is the same code as before" in page.text
    assert code_in(post(fabrikam)[-1]) == code
    assert nicoles.submit("code", code=code).heading == "Review permissions"


def test_R15_later_it_sends_a_new_code_and_the_old_one_is_dead(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    nicoles.submit("code", code=wrong(code))
    pass_time(fabrikam, minutes(21))
    page = nicoles.submit("Send it again")
    assert "It is a new code" in page.text
    new = code_in(post(fabrikam)[-1])
    assert new != code
    assert newest_challenge(fabrikam).attempts == 1  # tries are not refilled
    assert refused(nicoles.submit("code", code=code))
    assert nicoles.submit("code", code=new).heading == "Review permissions"


def test_R15_it_sends_again_three_times_with_growing_waits(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    for seconds in (60, 120, 240):
        pass_time(fabrikam, timedelta(seconds=seconds - 20))
        assert nicoles.submit("Send it again").status == 429
        nicoles.open(nicoles.page.url.removesuffix("/again"))
        pass_time(fabrikam, timedelta(seconds=21))
        assert nicoles.submit("Send it again").status == 200
        assert len(post(fabrikam)) == 1
    assert "It was sent as often as it can be." in nicoles.page.text
    again = nicoles.client.post(f"{nicoles.page.url.partition('?')[0]}/again", nicoles.page.form_with("code").fields)
    assert again.status_code in (409, 422, 429)
    assert post(fabrikam) == []


def test_R14_send_it_again_with_text_in_the_box_is_no_try(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    pass_time(fabrikam, minutes(2))
    form = nicoles.page.form_with("Send it again")
    nicoles.client.post(form.action, form.fields | {"code": wrong(code)})
    assert attempts(fabrikam) == 0


def test_R14_a_double_click_on_the_right_code_leads_on(fabrikam: Tenant, nicoles: Browser, code: str) -> None:
    page = nicoles.page
    assert nicoles.submit("code", code=code).heading == "Review permissions"
    nicoles.page = page
    assert nicoles.submit("code", code=code).heading == "Review permissions"
    assert sessions(fabrikam) == 1
