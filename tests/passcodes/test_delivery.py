"""The mail with the code, and who gets none (R11-R13, R19, R70)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from outbox.delivery import Message, Nothing
from passcodes.codes import NoCode
from passcodes.delivery import render_passcode
from passcodes.models import Challenge
from passcodes.rules import show_code
from tenants.models import Tenant
from tests.passcodes.stories import code_of, issue, pass_time, resend, row

pytestmark = pytest.mark.usefixtures("in_fabrikam")

ASKED = datetime(2026, 11, 22, 19, 28, tzinfo=UTC)


def message(challenge: Challenge) -> Message:
    rendered = render_passcode(challenge.id)
    assert isinstance(rendered, Message), rendered
    return rendered


def test_R12_it_shows_the_code_in_text_and_html_and_never_in_the_subject():
    challenge = issue()
    code = code_of(challenge)
    mail = message(challenge)
    assert show_code(code) in mail.text
    assert show_code(code) in mail.html
    assert mail.subject == "Your code for Fabrikam"
    assert code not in mail.subject


def test_R70_it_goes_to_what_is_stored(fabrikam: Tenant):
    mail = message(issue())
    assert (mail.to, mail.reply_to) == ("Nicole@firstupconsultants.com", "")
    assert mail.from_name == "Fabrikam"
    Tenant.objects.filter(id=fabrikam.id).update(sender_name="Fabrikam guests")
    assert message(issue()).from_name == "Fabrikam guests"


def test_R11_it_says_until_when_and_for_how_long(fabrikam: Tenant):
    challenge = row(tenant_id=fabrikam.id, sent_at=ASKED)
    Challenge.objects.update(code_since=challenge.expires_at - timedelta(minutes=12))
    mail = message(challenge)
    for part in (mail.text, mail.html):
        words = " ".join(part.split())
        assert f"{challenge.expires_at:%H:%M} UTC" in words
        assert "(12 minutes" in words
        assert "22 November 2026 at 19:28 UTC" in words


def test_R15_it_carries_the_same_code_when_sent_again():
    challenge = issue()
    first = message(challenge)
    pass_time(timedelta(seconds=60))
    assert isinstance(resend(challenge), Challenge)
    assert show_code(code_of(challenge)) in first.text
    assert show_code(code_of(challenge)) in message(challenge).text


def test_R19_it_suppresses_a_decoys_mail():
    rendered = render_passcode(issue(decoy=True).id)
    assert isinstance(rendered, Nothing)
    assert rendered.state == "suppressed"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"used_at": ASKED, "nonce": None}, id="R14-used"),
        pytest.param({"voided_at": ASKED, "nonce": None}, id="R40-void"),
        pytest.param({"expires_at": ASKED, "code_since": ASKED - timedelta(minutes=30)}, id="R11-expired"),
        pytest.param({"attempts": 5}, id="R14-out-of-tries"),
    ],
)
def test_it_drops_a_mail_that_would_come_too_late(fields, fabrikam: Tenant):
    rendered = render_passcode(row(tenant_id=fabrikam.id, **fields).id)
    assert isinstance(rendered, Nothing)
    assert rendered.state == "dropped"


def test_R13_it_drops_a_mail_whose_challenge_is_gone():
    assert render_passcode(uuid4()) == Nothing("dropped", "the passcode is gone")


def test_R13_it_lets_the_outbox_try_again_while_the_key_is_missing(settings):
    challenge = issue()
    settings.PASSCODE_KEYS = ((9, bytes(32)),)
    with pytest.raises(NoCode):
        render_passcode(challenge.id)


def test_R51_it_escapes_the_tenants_name_in_html_and_not_in_text(fabrikam: Tenant):
    Tenant.objects.filter(id=fabrikam.id).update(name="Fabrikam <b>&</b> Sons")
    mail = message(issue())
    assert "Fabrikam <b>&</b> Sons" in mail.text
    assert mail.subject == "Your code for Fabrikam <b>&</b> Sons"
    assert "<b>&" not in mail.html
