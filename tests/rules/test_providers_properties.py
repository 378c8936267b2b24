"""What holds of the decision for every combination of facts there is (R35)."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from providers.rules import (
    QUESTIONS,
    SKIPPABLE,
    Answer,
    Bound,
    Fallback,
    Knowledge,
    Method,
    Order,
    PasscodeState,
    Primary,
    Provider,
    SignInFacts,
    Verdict,
    as_json,
    as_lines,
    decide,
    fallback_refusal,
    headline,
    rows_of,
    what_would_change_it,
)

BINDABLE = [one for one in Method if one not in (Method.NONE, Method.CREATE_MICROSOFT_ACCOUNT)]
knowledge = st.builds(Knowledge, st.sampled_from(Answer), st.just("because"))
federations = st.builds(Provider, st.just(UUID(int=1)), st.just("saml"), st.just("Northwind"), st.booleans())
providers = st.lists(
    st.builds(
        Provider,
        st.integers(2, 9).map(lambda number: UUID(int=number)),
        st.sampled_from(["google", "facebook", "azureActiveDirectory", "microsoftAccount"]),
        st.just("One"),
        st.booleans(),
    ),
    max_size=4,
).map(tuple)
orders = st.builds(
    Order,
    st.lists(st.sampled_from(Primary), unique=True).map(tuple),
    st.sampled_from(Fallback),
    st.sampled_from(["", "gmail.com"]),
)
everything = st.builds(
    SignInFacts,
    domain=st.sampled_from(["gmail.com", "googlemail.com", "outlook.com", "firstupconsultants.com"]),
    entra_id=knowledge,
    microsoft_account=knowledge,
    passcodes=st.sampled_from(PasscodeState),
    is_microsoft_account_enabled=st.booleans(),
    is_skipping_allowed=st.booleans(),
    order=orders,
    federation=st.none() | federations,
    providers=providers,
    bound=st.none() | st.builds(Bound, st.sampled_from(BINDABLE), st.booleans(), st.none() | st.just(UUID(int=1))),
    skipped=st.frozensets(st.sampled_from(sorted(SKIPPABLE))),
    chosen=st.none() | st.sampled_from(Method),
)


@given(everything)
def test_R35_it_always_decides_exactly_once_and_always_says_why(facts: SignInFacts) -> None:
    decision = decide(facts)
    verdicts = [one.verdict for one in decision.reasons]
    assert all(one.rule in QUESTIONS and one.sentence for one in decision.reasons)
    assert verdicts.count(Verdict.USED) + verdicts.count(Verdict.REFUSED) == 1
    assert (decision.method is Method.NONE) == (decision.refused_as is not None) == (Verdict.REFUSED in verdicts)


@given(everything)
def test_R33_it_never_redeems_with_Facebook(facts: SignInFacts) -> None:
    if facts.bound is None:
        assert decide(facts).method is not Method.FACEBOOK


@given(everything)
def test_R5_it_never_takes_a_passcode_that_is_off(facts: SignInFacts) -> None:
    if not facts.passcodes.is_on:
        assert decide(facts).method is not Method.PASSCODE


@given(everything)
def test_R32_it_never_redeems_with_a_disabled_Microsoft_account(facts: SignInFacts) -> None:
    if facts.bound is None and not facts.is_microsoft_account_enabled:
        decision = decide(facts)
        assert {decision.method, *decision.choices}.isdisjoint(
            {Method.MICROSOFT_ACCOUNT, Method.CREATE_MICROSOFT_ACCOUNT}
        )


@given(everything)
def test_R3_it_never_leads_a_bound_guest_to_another_method(facts: SignInFacts) -> None:
    if facts.bound is not None:
        assert decide(facts).method in (facts.bound.method, Method.NONE)


@given(everything)
def test_R32_settings_that_may_be_stored_always_leave_a_way_in(facts: SignInFacts) -> None:
    refusal = fallback_refusal(
        passcodes=facts.passcodes,
        is_microsoft_account_enabled=facts.is_microsoft_account_enabled,
        orders=[facts.order],
    )
    if refusal is None and facts.bound is None:
        assert decide(facts).method is not Method.NONE


@given(everything)
def test_R34_saying_no_to_everything_that_is_offered_ends(facts: SignInFacts) -> None:
    skipped = facts.skipped
    for _ in SKIPPABLE:
        decision = decide(facts)
        if not decision.may_skip:
            break
        skipped |= {decision.method}
        facts = SignInFacts(**{**{name: getattr(facts, name) for name in facts.__slots__}, "skipped": skipped})
    assert not decide(facts).may_skip


@given(everything)
def test_R60_it_can_be_told_in_words_and_in_JSON(facts: SignInFacts) -> None:
    decision = decide(facts)
    assert as_json(decision)["method"] == decision.method.value
    assert len(as_lines(headline(decision), rows_of(decision))) == 2 + 2 * len(decision.reasons)
    # The same method again is a change only where another provider would answer: the named one, or one after a reset.
    is_named = decision.provider_id or facts.bound
    assert all(one.method != decision.method or is_named for one in what_would_change_it(facts))
