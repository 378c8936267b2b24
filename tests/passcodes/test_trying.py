"""Trying a code and using it: what is accepted, what it costs, and that every no looks alike (R11, R14, R16, R19)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from passcodes import operations
from passcodes.models import Challenge
from passcodes.operations import RightCode
from passcodes.rules import Pool
from tenants.addresses import canonical
from tenants.audit import Outcome
from tenants.models import AuditEntry, Budget, Tenant
from tenants.refusals import Code, Refusal
from tests.passcodes.stories import (
    NICOLE,
    code_of,
    fresh,
    issue,
    pass_time,
    refused,
    resend,
    row,
    try_code,
    use,
    wrong_code,
)
from tests.passcodes.test_asking import statements

pytestmark = pytest.mark.usefixtures("in_fabrikam")


def used() -> list[int]:
    """What every budget holds."""
    return sorted(Budget.objects.values_list("used", flat=True))


class TestTry:
    """`try_code`"""

    def test_R14_it_takes_the_right_code(self, fabrikam: Tenant):
        challenge = issue()
        right = try_code(challenge, code_of(challenge))
        assert right == RightCode(challenge.id, fabrikam.id, NICOLE.key, Pool.STRANGER, challenge.created_at)

    @pytest.mark.parametrize(
        ("left", "accepted"),
        [
            pytest.param(timedelta(seconds=1), True, id="R11-accepted-at-29-59"),
            pytest.param(timedelta(), False, id="R11-refused-at-30-00"),
            pytest.param(timedelta(seconds=-1), False, id="R11-refused-at-30-01"),
        ],
    )
    @pytest.mark.parametrize("minutes", [10, 30])
    def test_it_ends_by_the_databases_clock(self, left, accepted, minutes):
        life = timedelta(minutes=minutes)
        challenge = issue(lifetime=life)
        code = code_of(challenge)
        pass_time(life - left)
        answer = try_code(challenge, code)
        assert isinstance(answer, RightCode) is accepted
        assert fresh(challenge).attempts == (1 if accepted else 0)

    def test_R11_it_does_not_ask_the_doors_clock(self, now):
        challenge = issue()
        for moved in (timedelta(hours=-10), timedelta(hours=10)):
            assert isinstance(try_code(challenge, code_of(challenge), now=now + moved), RightCode)
        code = code_of(challenge)
        pass_time(timedelta(minutes=30))
        assert isinstance(try_code(challenge, code, now=now - timedelta(minutes=30)), Refusal)

    def test_R14_it_evaluates_five_tries_and_then_not_even_the_right_one(self):
        challenge = issue()
        for at in range(1, 6):
            assert try_code(challenge, wrong_code(challenge, at)) == Refusal(Code.CODE, reason="wrong")
        assert try_code(challenge, code_of(challenge)) == Refusal(Code.CODE, reason="exhausted")
        assert fresh(challenge).attempts == 5

    def test_R14_it_cannot_be_stored_with_a_sixth_try(self):
        challenge = issue()
        with pytest.raises(IntegrityError, match="challenge_tries"), transaction.atomic():
            Challenge.objects.filter(id=challenge.id).update(attempts=6)

    @pytest.mark.parametrize("typed", ["1234567", "12345678a", "", "１２３", None, 12345678, ["12345678"], "1" * 10**6])
    def test_R14_it_charges_nothing_for_what_is_no_code(self, typed):
        challenge = issue()
        before = used()
        with CaptureQueriesContext(connection) as captured:
            assert try_code(challenge, typed) == Refusal(Code.INPUT, reason="malformed")
        assert len(captured) == 0
        assert (fresh(challenge).attempts, used()) == (0, before)

    @pytest.mark.parametrize("write", [lambda code: f"{code[:4]} {code[4:]}", lambda code: f"{code[:2]}-{code[2:]}\n"])
    def test_R12_it_reads_the_code_as_people_paste_it(self, write):
        challenge = issue()
        assert isinstance(try_code(challenge, write(code_of(challenge))), RightCode)

    def test_R19_it_answers_every_dead_code_alike(self, fabrikam: Tenant):
        expired, spent, void, exhausted, decoy, live = (row(tenant_id=fabrikam.id) for _ in range(6))
        codes = {one.id: code_of(one) for one in (expired, spent, void, exhausted, decoy, live)}
        right = try_code(spent, codes[spent.id])
        assert isinstance(right, RightCode)
        assert use(right)
        Challenge.objects.filter(id=void.id).update(voided_at=live.created_at, nonce=None)
        Challenge.objects.filter(id=exhausted.id).update(attempts=5)
        Challenge.objects.filter(id=decoy.id).update(is_decoy=True)
        Challenge.objects.filter(id=expired.id).update(expires_at=live.created_at)
        answers = {
            name: refused(try_code(one, codes[one.id]))
            for name, one in {
                "expired": expired,
                "used": spent,
                "void": void,
                "exhausted": exhausted,
                "decoy": decoy,
            }.items()
        }
        answers["wrong"] = refused(try_code(live, wrong_code(live)))
        answers["unknown"] = refused(try_code(uuid4(), "12345678"))
        assert {(answer.code, answer.until) for answer in answers.values()} == {(Code.CODE, None)}
        assert {name: answer.reason for name, answer in answers.items()} == {name: name for name in answers}
        lines = AuditEntry.objects.filter(outcome=Outcome.REFUSED).order_by("id")
        assert [line.details["reason"] for line in lines] == list(answers)
        assert {line.code for line in lines} == {"E-CODE"}

    def test_R19_it_opens_nothing_with_a_decoys_own_digits(self):
        decoy = issue(canonical("nobody@elsewhere.example"), decoy=True)
        assert isinstance(try_code(decoy, code_of(decoy)), Refusal)

    def test_R19_it_says_the_same_to_the_database_for_a_decoy(self):
        real, decoy = issue(), issue(canonical("nobody@elsewhere.example"), decoy=True)
        guesses = wrong_code(real), wrong_code(decoy)
        with CaptureQueriesContext(connection) as for_real:
            try_code(real, guesses[0])
        with CaptureQueriesContext(connection) as for_decoy:
            try_code(decoy, guesses[1])
        assert statements(for_decoy) == statements(for_real)

    def test_R19_it_charges_for_a_void_code_as_for_a_decoy(self, fabrikam: Tenant, caplog):
        void = row(tenant_id=fabrikam.id, voided_at=datetime.now(UTC), nonce=None)
        decoy = row(canonical("nobody@elsewhere.example"), tenant_id=fabrikam.id, is_decoy=True)
        told = []
        for one in (void, decoy):
            Budget.objects.all().delete()
            with CaptureQueriesContext(connection) as captured:
                answers = [refused(try_code(one, "12345678")).code for _ in range(6)]
            spent = used()
            pass_time(timedelta(minutes=2))
            told.append((answers, fresh(one).attempts, spent, statements(captured), refused(resend(one)).code))
        assert told[0] == told[1]
        # The sixth try costs the network's budget, and two counts of the lines that may be written.
        assert told[0][:3] == ([Code.CODE] * 6, 5, [1, 1, 5, 5, 5, 6])
        assert not [record for record in caplog.records if record.name.startswith("passcodes")]

    def test_R14_it_takes_two_statements_and_a_line_when_wrong(self):
        challenge = issue()
        code, other = code_of(challenge), wrong_code(challenge)
        with CaptureQueriesContext(connection) as right:
            try_code(challenge, code)
        with CaptureQueriesContext(connection) as wrong:
            try_code(challenge, other)
        assert (len(statements(right)), len(statements(wrong))) == (2, 3)

    def test_R13_it_fails_closed_without_the_rows_key(self, settings, caplog):
        challenge = issue()
        code = code_of(challenge)
        settings.PASSCODE_KEYS = ((9, bytes(32)),)
        assert try_code(challenge, code) == Refusal(Code.CODE, reason="wrong")
        assert "PASSCODE_KEYS has no key 1" in caplog.text
        assert code not in caplog.text


class TestUse:
    """`use_challenge`"""

    def right(self, **others) -> RightCode:
        challenge = issue()
        right = try_code(challenge, code_of(challenge), **others)
        assert isinstance(right, RightCode)
        return right

    def test_R14_it_works_exactly_once(self):
        challenge = issue()
        first, second = (try_code(challenge, code_of(challenge)) for _ in range(2))
        assert isinstance(first, RightCode)
        assert isinstance(second, RightCode)
        assert [use(first), use(second), use(first)] == [True, False, False]
        assert fresh(challenge).used_at is not None

    def test_R13_it_wipes_the_nonce(self):
        right = self.right()
        use(right)
        assert Challenge.objects.get(id=right.challenge_id).nonce is None

    def test_R13_it_cannot_be_stored_used_with_its_nonce(self):
        challenge = issue()
        with pytest.raises(IntegrityError, match="challenge_wiped_when_spent"), transaction.atomic():
            Challenge.objects.filter(id=challenge.id).update(used_at=challenge.created_at)

    def test_R40_it_refuses_what_was_made_void_since(self):
        right = self.right()
        operations.void_challenges(address_key=NICOLE.key)
        assert not use(right)

    @pytest.mark.parametrize("pool", Pool)
    def test_R14_it_gives_the_budgets_units_back(self, pool):
        challenge = issue()
        before = {one.key: one.used for one in Budget.objects.all()}
        first, second = (try_code(challenge, code_of(challenge), pool=pool) for _ in range(2))
        assert isinstance(first, RightCode)
        assert isinstance(second, RightCode)
        assert use(first)
        assert not use(second)
        after = {one.key: one.used for one in Budget.objects.all() if one.key not in before}
        # Left are the network's two tries, which are counted right or wrong.
        assert sorted(after.values()) == ([0, 2] if pool is Pool.KNOWN else [0, 0, 0, 2])
        assert {key: Budget.objects.get(key=key).used for key in before} == before

    def test_R14_it_takes_two_statements(self):
        right = self.right()
        with CaptureQueriesContext(connection) as captured:
            assert use(right)
        assert len(statements(captured)) == 2

    def test_R64_it_writes_a_line_for_the_one_who_came_second(self):
        challenge = issue()
        first, second = (try_code(challenge, code_of(challenge)) for _ in range(2))
        assert isinstance(first, RightCode)
        assert isinstance(second, RightCode)
        use(first)
        use(second)
        line = AuditEntry.objects.get(outcome=Outcome.REFUSED)
        assert (line.action, line.details["step"]) == ("passcode.refused", "use")


@pytest.mark.django_db(transaction=True)
def test_R14_it_refuses_to_run_inside_a_transaction_that_could_roll_the_try_back():
    challenge = issue()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        try_code(challenge, "12345678")
