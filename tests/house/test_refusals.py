"""A refusal as a page: its status, who may read what, and the errors that never reach a view."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import psycopg
import pytest
import time_machine
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config import errors
from guests.views.refusals import Known, malformed_code, problem, refuse
from tenants.audit import begin_request, note_reference
from tenants.models import Tenant
from tenants.refusals import Code, Refusal

REFERENCE = "7F3A-91C2-0D4E"
NOW = datetime(2026, 11, 22, 19, 32, tzinfo=UTC)
KNOWN = Known(
    address="nicole@firstupconsultants.com", inviter="Adele Vance", inviter_address="adele+guests@fabrikam.example"
)
STATUSES = {
    Code.OTP_OFF: HTTPStatus.FORBIDDEN,
    Code.NOT_INVITED: HTTPStatus.FORBIDDEN,
    Code.LINK_GONE: HTTPStatus.GONE,
    Code.WRONG_ACCOUNT: HTTPStatus.FORBIDDEN,
    Code.CODE: HTTPStatus.UNPROCESSABLE_ENTITY,
    Code.WAIT: HTTPStatus.TOO_MANY_REQUESTS,
    Code.BLOCKED: HTTPStatus.FORBIDDEN,
    Code.DOMAIN: HTTPStatus.FORBIDDEN,
    Code.NO_METHOD: HTTPStatus.FORBIDDEN,
    Code.PROVIDER: HTTPStatus.BAD_GATEWAY,
    Code.DECLINED: HTTPStatus.OK,
    Code.SESSION: HTTPStatus.FORBIDDEN,
    Code.INPUT: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def asked(path: str = "/fabrikam.example", **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.tenant = Tenant(name="Fabrikam", primary_domain="fabrikam.example")  # type: ignore[attr-defined]
    request.correlation = REFERENCE  # type: ignore[attr-defined]
    return request


def text(response: HttpResponse) -> str:
    return response.content.decode()


@pytest.fixture
def noted() -> Iterator[str]:
    """The reference of a line that the request has written into the history."""
    note_reference(REFERENCE)
    yield REFERENCE
    begin_request()


@pytest.mark.parametrize("code", list(Code))
def test_it_answers_each_code_with_its_status_and_the_line_s_reference(code, noted):
    response = refuse(asked(), Refusal(code), back_url="/back")
    assert response.status_code == STATUSES[code]
    assert (noted in text(response)) is (code is not Code.LINK_GONE)
    assert code.value in text(response)


def test_R64_it_shows_no_reference_where_no_line_was_written():
    response = refuse(asked(), Refusal(Code.WAIT), back_url="/back")
    assert REFERENCE not in text(response)
    assert "give this reference" not in text(response)


def test_R64_the_message_to_copy_and_the_mail_have_the_line_s_reference_or_none():
    begin_request()
    page = text(refuse(asked(), Refusal(Code.OTP_OFF), known=KNOWN))
    assert "email codes are off (E-OTP-OFF). Please reset" in page
    assert "E-OTP-OFF%29.%20Please%20reset" in page
    note_reference(REFERENCE)
    page = text(refuse(asked(), Refusal(Code.OTP_OFF), known=KNOWN))
    begin_request()
    assert f"email codes are off (E-OTP-OFF, reference {REFERENCE}). Please reset" in page


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("known", [None, KNOWN], ids=["stranger", "known"])
def test_it_never_shows_the_administrator_s_reason(code, known):
    assert "kept-for-the-log" not in text(refuse(asked(), Refusal(code, reason="kept-for-the-log"), known=known))


@time_machine.travel(NOW, tick=False)
def test_R17_it_says_when_the_wait_ends_to_people_and_to_programs():
    response = refuse(asked(), Refusal(Code.WAIT, until=NOW + timedelta(minutes=42)))
    assert response["Retry-After"] == "2520"
    assert 'datetime="2026-11-22T20:14:00Z"' in text(response)


@time_machine.travel(NOW, tick=False)
def test_R17_it_never_asks_a_program_to_come_back_in_no_time():
    assert refuse(asked(), Refusal(Code.WAIT, until=NOW - timedelta(seconds=3)))["Retry-After"] == "1"


def test_R17_it_says_of_a_pause_without_an_end_who_can_lift_it():
    response = refuse(asked(), Refusal(Code.WAIT))
    assert "Retry-After" not in response
    assert "ask an administrator of Fabrikam to lift the pause" in text(response)


def test_R5_it_tells_everyone_who_typed_an_address_the_same_with_both_remedies():
    page = text(refuse(asked(), Refusal(Code.OTP_OFF)))
    assert "Ask your administrator to reset your redemption status" in page
    assert "for an invitation" in page
    assert "Adele Vance" not in page
    assert "nicole@" not in page


def test_R5_it_tells_the_holder_of_a_live_link_exactly_and_whom_to_write_to():
    page = text(refuse(asked(), Refusal(Code.OTP_OFF), known=KNOWN))
    assert "Ask your administrator to reset your redemption status" in page
    assert "reset the redemption status of nicole@firstupconsultants.com" in page
    assert 'href="mailto:adele%2Bguests@fabrikam.example?subject=' in page


def test_it_offers_no_letter_to_an_inviter_without_an_address():
    assert "mailto:" not in text(
        refuse(asked(), Refusal(Code.OTP_OFF), known=Known(address="a@b.example", inviter="A"))
    )


def test_it_fills_braces_once_so_that_a_name_cannot_ask_for_more():
    request = asked()
    request.tenant.name = "{address}"  # type: ignore[attr-defined]
    assert "nicole@" not in text(refuse(request, Refusal(Code.DOMAIN), known=KNOWN))


def test_R14_it_writes_a_wrong_used_or_late_code_alike_beside_the_field():
    assert problem(Refusal(Code.CODE, reason="used")) == problem(Refusal(Code.CODE, reason="expired"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1234 567", "You entered 7."),
        ("１２３４５６７", "You entered 7."),
        ("1234-5678-9", "You entered 9."),
        ("1234567O", "You entered something else as well."),
        ("  ", "It has 8 digits and stands in the email."),
    ],
    ids=["seven", "seven full-width", "nine with dashes", "a letter", "nothing"],
)
def test_R14_it_says_what_is_wrong_with_an_entry_that_is_no_code(typed, said):
    assert malformed_code(typed).text == said


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (lambda request: errors.bad_request(request, SuspiciousOperation()), 400),
        (lambda request: errors.bad_request(request, RequestDataTooBig()), 413),
        (lambda request: errors.permission_denied(request, PermissionError()), 403),
        (lambda request: errors.page_not_found(request, LookupError()), 404),
        (lambda request: errors.server_error(request), 500),
        (lambda request: errors.csrf_failure(request), 403),
    ],
    ids=["bad request", "too large", "not allowed", "no page", "our fault", "lost cookie"],
)
def test_it_gives_every_error_a_page_and_a_reference_to_what_the_log_has(response, status):
    answer = response(asked())
    assert answer.status_code == status
    assert (REFERENCE in text(answer)) is (status == 500)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/html, application/json;q=0.9", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("a/b; c*=nothing''d", "text/html; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
    ],
    ids=["a program", "a browser", "anything", "an encoding that is none", "nothing"],
)
def test_it_says_that_the_database_is_away_whatever_the_request_accepts(accept, kind):
    try:
        raise psycopg.OperationalError("gone")
    except psycopg.Error:
        answer = errors.server_error(asked(accept=accept))
    assert (answer.status_code, answer["Content-Type"]) == (503, kind)
    assert REFERENCE not in text(answer)  # neither the history nor the log has a line of it


def test_R64_a_page_of_our_own_fault_shows_a_reference_that_the_log_holds(caplog):
    assert REFERENCE in text(errors.server_error(asked()))
    assert REFERENCE in caplog.text


def test_it_shows_our_own_fault_to_a_request_that_has_nothing():
    assert errors.server_error(HttpRequest()).status_code == 500


@pytest.mark.parametrize(
    ("referer", "leads_to"),
    [
        ("http://testserver/fabrikam.example/redeem/abc", "/fabrikam.example/redeem/abc"),
        ("http://testserver/fabrikam.example?to=x", "/fabrikam.example?to=x"),
        ("https://evil.example/fabrikam.example", "/"),
        ("http://testserver//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
    ids=["the link", "with a query", "another site", "a path that is a host", "a script", "none"],
)
def test_it_leads_a_lost_cookie_back_to_the_form_s_own_page_and_nowhere_else(referer, leads_to):
    page = text(errors.csrf_failure(asked("/x", referer=referer)))
    assert f'class="button" href="{leads_to}"' in page
