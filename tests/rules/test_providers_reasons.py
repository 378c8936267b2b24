"""The reasons of a decision (R35): every rule that was looked at, in order, with its verdict and how it is known."""

from __future__ import annotations

import pytest

from providers.rules import Fallback, Order, PasscodeState, Primary, RefusedAs, Verdict, decide
from tests.rules.test_providers_decision import FACEBOOK, GMAIL, GOOGLE, NICOLE, OFF, SAML, UNKNOWN, facts, order


class TestR35_TheReasons:
    def test_R35_every_rule_stands_in_order_with_its_verdict(self) -> None:
        told = [(one.rule, one.verdict) for one in decide(NICOLE).reasons]
        assert told == [
            ("R3", Verdict.NO),
            ("R31", Verdict.APPLIES),
            ("R30-1", Verdict.NO),
            ("R30-2", Verdict.NO),
            ("R30-3", Verdict.NO),
            ("R33", Verdict.NO),
            ("R30-4", Verdict.NO),
            ("R1", Verdict.NO),
            ("R30-5", Verdict.USED),
            ("R30-6", Verdict.NOT_REACHED),
        ]

    def test_R35_a_changed_order_is_told_with_what_it_leaves_out(self) -> None:
        decision = decide(facts(order=Order((Primary.SOCIAL,), Fallback.MICROSOFT_ACCOUNT, "firstupconsultants.com")))
        assert "partner domain firstupconsultants.com" in decision.reasons[1].sentence
        assert [(one.rule, one.verdict) for one in decision.reasons[2:]] == [
            ("R30-3", Verdict.NO),
            ("R33", Verdict.NO),
            ("R30-1", Verdict.OFF),
            ("R30-2", Verdict.OFF),
            ("R30-4", Verdict.NO),
            ("R1", Verdict.NO),
            ("R30-5", Verdict.OFF),
            ("R30-6", Verdict.USED),
        ]

    def test_R35_the_tenants_own_order_is_named(self) -> None:
        assert "tenant's own" in decide(facts(order=order())).reasons[1].sentence

    @pytest.mark.parametrize(("passcodes", "word"), [(PasscodeState.DEFAULT, "default"), (OFF, "disabled")])
    def test_R6_the_stored_state_is_told(self, passcodes: PasscodeState, word: str) -> None:
        told = {one.rule: one.sentence for one in decide(facts(passcodes=passcodes)).reasons}
        assert f"({word})" in told["R30-5"]

    def test_R34_a_failed_look_up_says_so(self) -> None:
        told = {one.rule: one for one in decide(facts(entra_id=UNKNOWN, microsoft_account=UNKNOWN)).reasons}
        assert told["R30-1"].verdict is told["R30-4"].verdict is Verdict.UNKNOWN
        assert told["R30-1"].sentence == "the look-up failed after 3 s"

    def test_R33_Facebook_is_told_to_be_for_sign_up(self) -> None:
        told = {one.rule: one.sentence for one in decide(facts(providers=(FACEBOOK,))).reasons}
        assert "self-service sign-up only" in told["R33"]

    def test_R1_another_method_is_none_that_we_keep(self) -> None:
        told = {one.rule: one.sentence for one in decide(NICOLE).reasons}
        assert "none is kept here" in told["R1"]

    def test_R32_no_method_left_is_said_last(self) -> None:
        decision = decide(facts(passcodes=OFF, is_microsoft_account_enabled=False))
        assert (decision.reasons[-1].rule, decision.reasons[-1].verdict) == ("R32", Verdict.REFUSED)
        assert decision.refused_as is RefusedAs.NO_METHOD

    def test_R36_the_provider_is_named_by_its_id(self) -> None:
        assert decide(facts(federation=SAML)).provider_id == SAML.id
        assert decide(GMAIL).provider_id == GOOGLE.id
        assert decide(NICOLE).provider_id is None
