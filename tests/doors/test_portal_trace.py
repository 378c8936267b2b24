"""J: a reference leads to the story of its request, an address to its last attempts; every error code has its words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.catalogue import CATALOGUE, entry_of
from tenants.doors.words import SENTENCES
from tenants.models import AuditEntry, Tenant
from tenants.refusals import Code
from tenants.scope import tenant_scope
from tests.doors.portal import text
from tests.journeys.browser import Browser, code_in, post

pytestmark = pytest.mark.django_db

TRACE = "/admin/tenants/auditentry/trace/"
ERRORS = "/admin/tenants/auditentry/errors/"
NICOLE = "nicole@firstupconsultants.com"
NOW = datetime.now(UTC)

Write = Callable[..., AuditEntry]


@pytest.fixture
def write(fabrikam: Tenant) -> Write:
    def written(action: str, *, ago: timedelta = timedelta(), **columns: Any) -> AuditEntry:
        known = {"actor_kind": "stranger", "outcome": "success", "at": NOW - ago, "happened_at": NOW - ago}
        with tenant_scope(fabrikam.id):
            return AuditEntry.objects.create(tenant_id=fabrikam.id, action=action, **(known | columns))

    return written


@pytest.fixture
def refused(write: Write) -> None:
    """A code was asked for, mailed by a worker, and typed wrong in another request."""
    code: dict[str, Any] = {"subject_kind": "passcode", "subject_id": UUID(int=7), "address": NICOLE}
    write("passcode.requested", ago=timedelta(minutes=5), correlation="01C9-7A7A-3E11", source="203.0.113.80", **code)
    write("mail.handed_over", ago=timedelta(minutes=4, seconds=58), actor_kind="system", actor_name="Vestibule", **code)
    write(
        "passcode.refused",
        ago=timedelta(minutes=3),
        correlation="7F3A-91C2-0D4E",
        source="203.0.113.80",
        outcome="refused",
        code="E-CODE",
        details={"step": "try", "reason": "wrong", "address": NICOLE},
        **code,
    )


SENTENCES_OF_IT = (
    f"Somebody asked for a code: {NICOLE}.",
    "Vestibule handed an email to the mail server",
    f"Somebody entered a code: {NICOLE}.",
    "That code did not work.",
    "The digits were not the ones that were sent.",
    "The guest asks for a new code on the same page.",
    "+2.0 s",
    "+2 min",
)


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("term", ["7F3A-91C2-0D4E", "7f3a91c20d4e", NICOLE])
def test_J_a_trace_tells_who_did_what_when_what_they_saw_why_and_what_to_do(portal: Client, term: str) -> None:
    page = text(portal.get(TRACE, {"q": term}))
    for sentence in SENTENCES_OF_IT:
        assert sentence in page


@pytest.mark.usefixtures("refused")
def test_J_the_command_tells_the_same_story(fabrikam: Tenant) -> None:
    for arguments in (["7F3A-91C2-0D4E"], ["--address", NICOLE.upper(), "--tenant", "fabrikam.example"]):
        said = StringIO()
        call_command("trace", *arguments, stdout=said)
        for sentence in SENTENCES_OF_IT:
            assert sentence in said.getvalue()


def test_J_a_pause_longer_than_a_code_lives_begins_another_attempt(portal: Client, write: Write) -> None:
    for days in range(8, 0, -1):
        write("sign_in.begun", ago=timedelta(days=days), address=NICOLE)
    html = portal.get(TRACE, {"q": NICOLE}).content.decode()
    assert html.count("v-timeline v-story") == 5


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("term", ["", "7F3A", "nobody@", "0000-0000-0000", "\0", "x" * 5000, "other@x.example"])
def test_J_a_trace_of_nothing_is_a_sentence(portal: Client, term: str) -> None:
    answer = portal.get(TRACE, {"q": term})
    assert answer.status_code == 200
    assert "v-story" not in answer.content.decode()
    assert ('role="alert"' in answer.content.decode()) is bool(term)


@pytest.mark.usefixtures("refused")
def test_J_another_tenant_traces_nothing_of_it(contosos: Client, contoso: Tenant) -> None:
    for term in ("7F3A-91C2-0D4E", NICOLE):
        assert "v-story" not in contosos.get(TRACE, {"q": term}).content.decode()
    with pytest.raises(CommandError, match="no attempt"):
        call_command("trace", "--address", NICOLE, "--tenant", "contoso.example", stdout=StringIO())


@pytest.mark.parametrize("wrong", [["--address", "x", "--tenant", "fabrikam.example"], ["--address", NICOLE]])
def test_J_the_command_says_what_it_misses(fabrikam: Tenant, wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("trace", *wrong, stdout=StringIO())


def test_R19_a_trace_says_that_a_stranger_saw_what_a_guest_sees(portal: Client, write: Write) -> None:
    write(
        "sign_in.begun", correlation="7F3A-91C2-0D4E", outcome="refused", code="E-NOT-INVITED", address="eve@x.example"
    )
    page = text(portal.get(TRACE, {"q": "7F3A-91C2-0D4E"}))
    assert "The same pages as a guest, and no email." in page
    assert "Nobody invited this address." in page
    assert "Invite it first." in page


@pytest.mark.django_db(transaction=True)
def test_J_the_story_of_a_real_guest_who_typed_a_wrong_code(portal: Client, fabrikam: Tenant, invite: Any) -> None:
    browser = Browser()
    browser.open(invite(fabrikam).link)
    browser.submit("Send code")
    right = code_in(post(fabrikam)[-1]).replace(" ", "")
    browser.submit("code", code="00000000" if right != "00000000" else "11111111")
    page = text(portal.get(TRACE, {"q": NICOLE}))
    assert "entered a code" in page
    assert "The digits were not the ones that were sent." in page
    assert "handed an email to the mail server" in page
    assert right not in page


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_J_every_code_has_words_for_both_sides_and_a_remedy() -> None:
    assert set(CATALOGUE) == set(Code) == set(SENTENCES)
    for entry in CATALOGUE.values():
        assert entry.heading
        assert entry.administrator.endswith(".")
        assert entry.remedy.endswith(".")
        assert "{" not in entry.for_guest


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (50020, "E-NOT-INVITED"),
        (50034, "E-NOT-INVITED"),
        (65004, "E-DECLINED"),
        (500208, "E-PROVIDER"),
        (90055, "E-PROVIDER"),
    ],
)
def test_J_entras_numbers_lead_to_ours(number: int, code: str) -> None:
    entry = entry_of(code.lower())
    assert entry is not None
    assert f"AADSTS{number}" in entry.numbers


def test_J_the_page_shows_each_code_with_its_count_and_a_way_to_the_lines(
    portal: Client, contosos: Client, write: Write
) -> None:
    for ago in (40, 2, 1):
        write("sign_in.begun", ago=timedelta(days=ago), outcome="refused", code="E-OTP-OFF")
    page = portal.get(ERRORS).content.decode()
    for code, entry in CATALOGUE.items():
        assert f'id="{code}"' in page
        assert entry.remedy in page
    assert "2 entries with E-OTP-OFF" in page
    link = page.partition('aria-label="2 entries with E-OTP-OFF"')[0].rpartition('href="')[2].partition('"')[0]
    assert "2 entries" in text(portal.get(link.replace("&amp;", "&")))
    assert "0 entries with E-OTP-OFF" in contosos.get(ERRORS).content.decode()


@pytest.mark.parametrize("typed", ["E-OTP-OFF", "otp-off", "e-otp-off"])
def test_J_the_command_explains_a_code(typed: str) -> None:
    said = StringIO()
    call_command("explain_error", typed, stdout=said)
    assert "Email passcodes are off in this tenant." in said.getvalue()
    assert "AADSTS50020" in said.getvalue()
    with pytest.raises(CommandError, match="E-WAIT"):
        call_command("explain_error", "E-NOTHING", stdout=said)


def test_J_the_trace_of_an_invitation_goes_on_to_its_mail_and_no_further(
    portal: Client, contosos: Client, write: Write
) -> None:
    guest, invitation = UUID(int=8), UUID(int=9)
    about: dict[str, Any] = {"subject_kind": "guest", "subject_id": guest, "details": {"invitation": str(invitation)}}
    mail: dict[str, Any] = {"subject_kind": "invitation", "subject_id": invitation, "actor_kind": "system"}
    write("guest.invited", correlation="7F3A-91C2-0D4E", **about)
    write("mail.handed_over", **mail)
    write("invitation.opened", correlation="1111-91C2-0D4E", **about)
    write("mail.delivered", **mail)
    write("invitation.resent", correlation="2222-91C2-0D4E", **about)
    write("mail.bounced", **(mail | {"outcome": "failed", "details": {"reason": "550 no such mailbox"}}))
    first = text(portal.get(TRACE, {"q": "7F3A-91C2-0D4E"}))
    assert "invited a guest" in first
    assert "handed an email to the mail server" in first
    assert "heard that an email was delivered" in first
    assert "bounced" not in first
    assert "opened the link" not in first
    second = text(portal.get(TRACE, {"q": "2222-91C2-0D4E"}))
    assert "heard that an email bounced" in second
    assert "550 no such mailbox." in second
    assert "delivered" not in second
    assert "v-story" not in contosos.get(TRACE, {"q": "7F3A-91C2-0D4E"}).content.decode()


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("mail.suppressed", "Sign-in is blocked for this guest."),
        ("mail.dropped", "Email one-time passcode was turned off."),
        ("mail.deferred", "450 try again later."),
    ],
)
def test_J_the_log_gives_the_reason_of_a_mail_that_was_not_sent(
    portal: Client, write: Write, action: str, reason: str
) -> None:
    entry = write(action, actor_kind="system", details={"reason": reason.rstrip(".")}, correlation="7F3A-91C2-0D4E")
    for url in ("/admin/tenants/auditentry/", f"/admin/tenants/auditentry/{entry.pk}/change/"):
        page = text(portal.get(url))
        assert reason in page, url
        assert "nobody invited" not in page
        assert "too late" not in page
    assert reason in text(portal.get(TRACE, {"q": "7F3A-91C2-0D4E"}))


@pytest.mark.parametrize(("resends", "said"), [(1, "sent again once"), (3, "sent again 3 times")])
def test_J_what_was_sent_again_is_counted_as_people_do(portal: Client, write: Write, resends: int, said: str) -> None:
    write("passcode.resent", details={"resends": resends}, correlation="7F3A-91C2-0D4E")
    assert said in text(portal.get(TRACE, {"q": "7F3A-91C2-0D4E"}))
