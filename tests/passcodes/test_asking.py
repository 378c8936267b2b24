"""Asking for a code and for its mail once more: rows, times, the same way for a decoy (R10, R11, R15, R19)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from outbox.models import OutboundMail
from passcodes.models import Challenge
from passcodes.rules import LONGEST_LIFE, Pool
from tenants.addresses import canonical
from tenants.audit import Outcome
from tenants.models import AuditEntry, Budget
from tenants.refusals import Code, Refusal
from tests.passcodes.stories import (
    NICOLE,
    code_of,
    fresh,
    issue,
    pass_time,
    request,
    resend,
    try_code,
    use,
    wrong_code,
)

pytestmark = pytest.mark.usefixtures("in_fabrikam")


def statements(captured: CaptureQueriesContext) -> list[str]:
    """What was said to the database, without values and without BEGIN, COMMIT, SAVEPOINT."""
    shapes = [
        re.sub(r"'(?:[^']|'')*'(?:::\w+)?|\b\d+\b|\bNULL\b|\btrue\b|\bfalse\b", "?", query["sql"], flags=re.I)
        for query in captured.captured_queries
    ]
    return [shape for shape in shapes if not re.match(r"BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK", shape)]


def refused_lines() -> Counter[str]:
    """How many lines of each kind tell of a refusal."""
    return Counter(AuditEntry.objects.filter(outcome=Outcome.REFUSED).values_list("action", flat=True))


class TestRequest:
    """`request_passcode`"""

    def test_R10_it_makes_a_challenge_and_its_mail(self):
        challenge = issue()
        mail = OutboundMail.objects.get()
        assert (mail.kind, mail.subject_id, mail.rank) == ("passcode", challenge.id, 0)
        assert mail.deadline_at == challenge.expires_at
        assert (challenge.address_key, challenge.to_send) == (NICOLE.key, "Nicole@firstupconsultants.com")
        assert (challenge.attempts, challenge.resends, challenge.used_at, challenge.voided_at) == (0, 0, None, None)
        assert challenge == fresh(challenge)

    @pytest.mark.parametrize(
        ("wished", "lasts"),
        [
            pytest.param(30, 30, id="R11-thirty-minutes"),
            pytest.param(10, 10, id="R11-a-tenant-shortens-it"),
            pytest.param(90, 30, id="R11-no-tenant-lengthens-it"),
        ],
    )
    def test_it_lives_by_the_databases_clock(self, wished, lasts):
        challenge = issue(lifetime=timedelta(minutes=wished), now=datetime(1999, 12, 31, tzinfo=UTC))
        assert challenge.lifetime == challenge.expires_at - challenge.created_at == timedelta(minutes=lasts)
        assert abs(challenge.created_at - datetime.now(UTC)) < timedelta(minutes=1)

    def test_R11_it_cannot_be_stored_with_a_longer_life(self):
        challenge = issue()
        with pytest.raises(IntegrityError, match="challenge_never_longer"), transaction.atomic():
            Challenge.objects.filter(id=challenge.id).update(expires_at=challenge.expires_at + timedelta(seconds=1))

    def test_R13_it_gives_every_challenge_a_nonce_of_its_own(self):
        assert len({bytes(issue().nonce or b"") for _ in range(5)}) == 5

    @pytest.mark.parametrize("pool", Pool)
    def test_R17_it_takes_four_statements(self, pool):
        with CaptureQueriesContext(connection) as captured:
            issue(pool=pool)
        assert len(statements(captured)) == 4, statements(captured)

    def test_R19_it_says_the_same_to_the_database_for_a_decoy(self):
        with CaptureQueriesContext(connection) as real:
            issue()
        with CaptureQueriesContext(connection) as decoy:
            issue(canonical("nobody@elsewhere.example"), decoy=True)
        assert statements(decoy) == statements(real)
        assert OutboundMail.objects.count() == 2

    def test_R64_it_writes_who_asked_and_no_digits(self):
        challenge = issue()
        line = AuditEntry.objects.get()
        assert (line.action, line.subject_id, line.source) == ("passcode.requested", challenge.id, "192.0.2.7")
        assert line.details == {"address": NICOLE.key, "pool": "stranger", "decoy": False, "resends": 0}

    def test_R17_it_leaves_nothing_but_a_line_when_it_refuses(self):
        for _ in range(5):
            issue()
        before = list(Budget.objects.order_by("key").values_list("key", "used", "ends_at"))
        refusal = request()
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.WAIT
        assert Challenge.objects.count() == OutboundMail.objects.count() == 5
        kept = Budget.objects.filter(key__in=[key for key, _, _ in before]).order_by("key")
        assert list(kept.values_list("key", "used", "ends_at")) == before
        line = AuditEntry.objects.get(outcome=Outcome.REFUSED)
        assert (line.action, line.code) == ("passcode.refused", "E-WAIT")
        assert line.details["reason"] == "mails to the address in an hour"
        assert line.details["step"] == "request"

    def test_R64_it_does_not_let_who_has_to_wait_fill_the_history(self):
        for _ in range(5):
            issue()
        for _ in range(12):
            assert isinstance(request(), Refusal)
        assert refused_lines() == {"passcode.refused": 5, "sign_in.refusals_counted": 1}

    def test_R64_it_does_not_let_a_network_fill_the_history_with_made_up_addresses(self):
        for number in range(20):
            issue(canonical(f"guest{number}@firstupconsultants.com"))
        budgets = Budget.objects.count()
        for number in range(40):
            assert isinstance(request(canonical(f"guest{number}@elsewhere.example")), Refusal)
        assert refused_lines() == {"passcode.refused": 20, "sign_in.refusals_counted": 2}
        assert Budget.objects.count() == budgets + 1 + 20 + 1  # the network's, one for each line, and the count


class TestResend:
    """`resend_passcode`"""

    def test_R15_it_waits_sixty_seconds_then_a_hundred_and_twenty_then_two_hundred_and_forty(self):
        challenge = issue()
        for wait in (60, 120, 240):
            pass_time(timedelta(seconds=wait - 1))
            early = resend(challenge)
            assert isinstance(early, Refusal)
            assert (early.code, early.until) == (Code.WAIT, fresh(challenge).next_resend_at)
            pass_time(timedelta(seconds=1))
            assert isinstance(resend(challenge), Challenge)
        assert OutboundMail.objects.count() == 4

    def test_R64_it_does_not_let_who_presses_it_too_early_fill_the_history(self):
        challenge = issue()
        for _ in range(12):
            assert isinstance(resend(challenge), Refusal)
        assert refused_lines() == {"passcode.refused": 5, "sign_in.refusals_counted": 1}

    def test_R15_it_happens_three_times_at_most(self):
        challenge = issue()
        for wait in (60, 120, 240):
            pass_time(timedelta(seconds=wait))
            assert isinstance(resend(challenge), Challenge)
        pass_time(timedelta(hours=2))
        last = resend(challenge)
        assert isinstance(last, Refusal)
        assert (last.code, last.until, fresh(challenge).next_resend_at) == (Code.WAIT, None, None)
        assert fresh(challenge).resends_left == 0

    @pytest.mark.parametrize(
        ("passed", "same"),
        [
            pytest.param(timedelta(seconds=60), True, id="R15-after-a-minute"),
            pytest.param(timedelta(minutes=19, seconds=59), True, id="R15-a-third-left"),
            pytest.param(timedelta(minutes=20), False, id="R15-less-than-a-third-left"),
            pytest.param(timedelta(minutes=31), False, id="R15-expired"),
        ],
    )
    def test_it_repeats_the_code_while_a_third_of_its_life_remains(self, passed, same):
        challenge = issue()
        code = code_of(challenge)
        pass_time(passed)
        expires_at = fresh(challenge).expires_at
        again = resend(challenge)
        assert isinstance(again, Challenge)
        assert (code_of(again) == code) is same
        assert (again.expires_at == expires_at) is same
        assert again.sent_at > expires_at - LONGEST_LIFE
        newest = OutboundMail.objects.latest_for("passcode", challenge.id)
        assert newest is not None
        assert newest.deadline_at == again.expires_at

    def test_R15_it_gives_a_new_code_a_life_of_its_own_and_kills_the_old_one(self):
        challenge = issue(lifetime=timedelta(minutes=12))
        old = code_of(challenge)
        pass_time(timedelta(minutes=9))
        again = resend(challenge)
        assert isinstance(again, Challenge)
        assert again.lifetime == timedelta(minutes=12)
        assert again.code_since == again.sent_at
        assert isinstance(try_code(challenge, old), Refusal)
        assert not isinstance(try_code(challenge, code_of(again)), Refusal)

    def test_R15_it_never_refills_tries(self):
        challenge = issue()
        try_code(challenge, wrong_code(challenge))
        pass_time(timedelta(minutes=25))
        resend(challenge)
        assert fresh(challenge).attempts == 1

    def test_R13_it_makes_a_new_code_when_the_old_key_is_gone(self, settings):
        challenge = issue()
        settings.PASSCODE_KEYS = ((9, bytes(32)),)
        pass_time(timedelta(seconds=60))
        again = resend(challenge)
        assert isinstance(again, Challenge)
        assert again.key_id == 9

    def test_R19_it_says_the_same_to_the_database_for_a_decoy(self):
        real, decoy = issue(), issue(canonical("nobody@elsewhere.example"), decoy=True)
        pass_time(timedelta(seconds=60))
        with CaptureQueriesContext(connection) as for_real:
            assert isinstance(resend(real), Challenge)
        with CaptureQueriesContext(connection) as for_decoy:
            assert isinstance(resend(decoy), Challenge)
        assert statements(for_decoy) == statements(for_real)

    def test_R19_it_hides_from_a_stranger_that_an_administrator_made_the_code_void(self):
        challenge = issue()
        Challenge.objects.update(voided_at=challenge.created_at, nonce=None)
        pass_time(timedelta(minutes=25))
        assert isinstance(resend(challenge), Challenge)
        assert fresh(challenge).nonce is None
        pass_time(timedelta(minutes=2))
        told = resend(challenge, pool=Pool.KNOWN)
        assert isinstance(told, Refusal)
        assert (told.code, told.reason) == (Code.CODE, "void")

    def test_R14_it_refuses_a_used_challenge(self):
        challenge = issue()
        right = try_code(challenge, code_of(challenge))
        assert not isinstance(right, Refusal)
        assert use(right)
        pass_time(timedelta(minutes=2))
        told = resend(challenge)
        assert isinstance(told, Refusal)
        assert (told.code, told.reason) == (Code.CODE, "used")

    def test_R14_it_refuses_a_challenge_without_tries(self):
        challenge = issue()
        for at in range(1, 6):
            try_code(challenge, wrong_code(challenge, at))
        pass_time(timedelta(minutes=2))
        told = resend(challenge)
        assert isinstance(told, Refusal)
        assert (told.code, told.reason) == (Code.CODE, "exhausted")

    def test_R17_it_is_a_send_like_any_other(self):
        challenge = issue()
        for _ in range(4):
            issue()
        pass_time(timedelta(seconds=60))
        before = fresh(challenge).sent_at
        told = resend(challenge)
        assert isinstance(told, Refusal)
        assert told.code is Code.WAIT
        assert told.until is not None
        assert (fresh(challenge).resends, fresh(challenge).sent_at) == (0, before)
        line = AuditEntry.objects.filter(outcome=Outcome.REFUSED).get()
        assert line.details == {"address": NICOLE.key, "step": "resend", "reason": "mails to the address in an hour"}
