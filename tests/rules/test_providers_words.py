"""Decisions in words (R60) and the settings that R31 and R32 refuse."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from providers.rules import (
    METHOD_NAMES,
    QUESTIONS,
    VERDICT_WORDS,
    Bound,
    Fallback,
    Method,
    Order,
    PasscodeState,
    Primary,
    Verdict,
    as_json,
    as_lines,
    decide,
    fallback_refusal,
    headline,
    order_refusal,
    rows_of,
    what_would_change_it,
)
from tests.rules.test_providers_decision import NICOLE, OFF, ONLY_PASSCODE, SAML, YES

BOUND = Bound(Method.PASSCODE, is_allowed=True)


def test_R60_every_method_and_verdict_has_its_word() -> None:
    assert set(METHOD_NAMES) == set(Method)
    assert set(VERDICT_WORDS) == set(Verdict)


def test_R35_every_rule_of_the_order_has_its_question() -> None:
    assert {"R1", "R3", "R5", "R31", "R32", "R33", *(f"R30-{n}" for n in range(1, 7))} == set(QUESTIONS)


def test_R60_as_lines_reads_as_an_answer_and_its_reasons() -> None:
    decision = decide(NICOLE)
    lines = as_lines(headline(decision), rows_of(decision))
    assert lines[:4] == [
        "A code by email",
        "",
        " 1. Already redeemed with a method? [R3] No",
        "    No method is bound: nothing redeemed yet, or reset since.",
    ]
    assert " 9. Email one-time passcode? [R30-5] Yes, used" in lines


def test_R60_as_json_is_made_of_JSONs_own_types() -> None:
    told = json.loads(json.dumps(as_json(decide(replace(NICOLE, federation=SAML)))))
    assert (told["method"], told["providerId"]) == ("externalFederation", str(SAML.id))
    assert (told["choices"], told["error"], told["maySkip"]) == ([], None, True)
    assert told["reasons"][0] == {
        "rule": "R3",
        "verdict": "no",
        "sentence": "No method is bound: nothing redeemed yet, or reset since.",
    }


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (NICOLE, "A code by email"),
        (replace(NICOLE, bound=BOUND, passcodes=OFF), "Cannot sign in: passcodes are off (E-OTP-OFF)"),
        (
            replace(NICOLE, passcodes=OFF, is_microsoft_account_enabled=False),
            "Cannot sign in: no method is left (E-NO-METHOD)",
        ),
        (replace(NICOLE, entra_id=YES, microsoft_account=YES), "The guest chooses: Entra ID or Microsoft account"),
    ],
)
def test_R60_headline_says_the_outcome(facts: object, words: str) -> None:
    assert headline(decide(facts)) == words  # type: ignore[arg-type]


def test_R60_what_would_change_it_names_each_single_change() -> None:
    assert [(one.change, one.method) for one in what_would_change_it(NICOLE)] == [
        ("Turning the email one-time passcode off", Method.CREATE_MICROSOFT_ACCOUNT),
        ("A federation for firstupconsultants.com", Method.FEDERATION),
        ("Listing firstupconsultants.com as a domain with Entra ID accounts", Method.ENTRA_ID),
    ]


def test_R60_a_domain_that_has_a_federation_is_told_of_no_second_one() -> None:
    on = [one.change for one in what_would_change_it(replace(NICOLE, federation=SAML))]
    off = [one.change for one in what_would_change_it(replace(NICOLE, federation=replace(SAML, is_enabled=False)))]
    assert not [change for change in [*on, *off] if change.startswith("A federation")]
    assert "Switching Northwind SAML on" in off


def test_R60_a_guest_whose_provider_is_off_is_told_that_switching_it_on_lets_them_in() -> None:
    off = replace(SAML, is_enabled=False)
    waiting = replace(NICOLE, federation=off, bound=Bound(Method.FEDERATION, is_allowed=False, provider_id=off.id))
    found = {one.change: one.method for one in what_would_change_it(waiting)}
    assert found["Switching Northwind SAML on"] is Method.FEDERATION


@pytest.mark.parametrize(
    ("method", "registered"),
    [(Method.ENTRA_ID, "at Entra ID"), (Method.MICROSOFT_ACCOUNT, "for Microsoft accounts")],
)
def test_R3_R60_who_redeemed_at_a_registration_that_is_gone_is_told_of_it(method: Method, registered: str) -> None:
    waiting = replace(
        NICOLE,
        bound=Bound(method, is_allowed=False),
        is_entra_id_installed=False,
        is_microsoft_account_installed=False,
    )
    assert "this installation has no registration there" in decide(waiting).reasons[0].sentence
    found = {one.change: one.method for one in what_would_change_it(waiting)}
    assert found[f"Registering this installation {registered}"] is method


def test_R30_6_R60_a_microsoft_account_that_nobody_can_use_here_is_no_way_in() -> None:
    reason = decide(replace(NICOLE, passcodes=OFF, is_microsoft_account_installed=False)).reasons[-1]
    assert reason.rule == "R30-6"
    assert "has no Microsoft account registration: the guest is told whom to ask" in reason.sentence


def test_R60_a_locked_out_guest_is_told_of_both_remedies() -> None:
    locked_out = replace(NICOLE, bound=BOUND, passcodes=OFF)
    assert [(one.change, one.method) for one in what_would_change_it(locked_out)] == [
        ("Turning the email one-time passcode on", Method.PASSCODE),
        ("Resetting the guest's redemption status", Method.CREATE_MICROSOFT_ACCOUNT),
    ]


def test_R60_what_another_stored_order_would_refuse_is_not_offered() -> None:
    """Save judges all orders of the tenant together (R31), the one for another partner domain among them."""
    elsewhere = Order(fallback=Fallback.PASSCODE, partner_domain="tailspin.example")
    off = "Turning the email one-time passcode off"
    assert off in [one.change for one in what_would_change_it(NICOLE, [Order()])]
    assert off not in [one.change for one in what_would_change_it(NICOLE, [Order(), elsewhere])]


def test_R60_the_rule_that_refuses_has_the_error_of_the_decision() -> None:
    decision = decide(replace(NICOLE, bound=BOUND, passcodes=OFF))
    rows = rows_of(decision)
    assert [(row.reason.rule, row.code) for row in rows] == [("R3", ""), ("R5", "E-OTP-OFF")]
    assert " 2. Is that method still on? [R5] Refused (E-OTP-OFF)" in as_lines(headline(decision), rows)
    assert not [row for row in rows_of(decide(NICOLE)) if row.code or row.is_refusing]


def test_R60_enabling_the_Microsoft_account_is_a_change_too() -> None:
    facts = replace(NICOLE, microsoft_account=YES, is_microsoft_account_enabled=False)
    assert what_would_change_it(facts)[0].change == "Enabling the Microsoft account"


@pytest.mark.parametrize(
    ("passcodes", "is_microsoft_account_enabled", "orders", "said"),
    [
        (PasscodeState.DEFAULT, True, [], None),
        (PasscodeState.ENABLED, False, [], None),
        (OFF, True, [], None),
        (OFF, False, [], "One fallback has to remain"),
        (OFF, True, [Order()], None),
        (OFF, True, [ONLY_PASSCODE], "order of the tenant ends in the email one-time passcode"),
        (OFF, True, [Order(fallback=Fallback.PASSCODE, partner_domain="adatum.example")], "order for adatum.example"),
        (PasscodeState.DEFAULT, False, [Order(fallback=Fallback.MICROSOFT_ACCOUNT)], "which would be disabled"),
        (PasscodeState.DEFAULT, True, [ONLY_PASSCODE, Order(fallback=Fallback.MICROSOFT_ACCOUNT)], None),
    ],
    ids=[
        "R32-both-on",
        "R32-passcode-remains",
        "R32-Microsoft-remains",
        "R32-none-remains",
        "R31-the-default-fallback-has-the-other",
        "R31-the-tenants-fallback-is-off",
        "R31-a-partners-fallback-is-off",
        "R31-the-Microsoft-fallback-is-off",
        "R31-both-fallbacks-are-on",
    ],
)
def test_it_refuses_what_leaves_no_fallback(
    passcodes: PasscodeState, is_microsoft_account_enabled: bool, orders: list[Order], said: str | None
) -> None:
    refusal = fallback_refusal(
        passcodes=passcodes, is_microsoft_account_enabled=is_microsoft_account_enabled, orders=orders
    )
    assert refusal is None if said is None else said in (refusal or "")


def test_R31_a_primary_stands_once_in_an_order() -> None:
    assert order_refusal(Order((Primary.SOCIAL, Primary.SOCIAL))) is not None
    assert order_refusal(Order(())) is None
