"""The decision (R35): each rule of the order of methods, as a table whose ids quote the rule."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from providers.rules import (
    Answer,
    Bound,
    Fallback,
    Knowledge,
    Method,
    Order,
    PasscodeState,
    Primary,
    Provider,
    RefusedAs,
    SignInFacts,
    decide,
)

NO = Knowledge(Answer.NO, "not listed")
YES = Knowledge(Answer.YES, "listed")
UNKNOWN = Knowledge(Answer.UNKNOWN, "the look-up failed after 3 s")
SAML = Provider(UUID(int=1), "saml", "Northwind SAML")
GOOGLE = Provider(UUID(int=2), "google", "Google")
FACEBOOK = Provider(UUID(int=3), "facebook", "Facebook")
ENTRA = Provider(UUID(int=4), "azureActiveDirectory", "Entra ID")
OFF = PasscodeState.DISABLED

NICOLE = SignInFacts(domain="firstupconsultants.com", entra_id=NO, microsoft_account=NO)
"""R1's example: no account anywhere, no federation, passcodes on because nobody said otherwise."""

GMAIL = replace(NICOLE, domain="gmail.com", providers=(GOOGLE,))


def facts(**changed: object) -> SignInFacts:
    return replace(NICOLE, **changed)  # type: ignore[arg-type]  # a table names the fields


def order(*primaries: Primary, fallback: Fallback = Fallback.DEFAULT) -> Order:
    return Order(primaries, fallback)


ALL = (Primary.ENTRA_ID, Primary.FEDERATION, Primary.SOCIAL)
ONLY_PASSCODE = order(*ALL, fallback=Fallback.PASSCODE)
ONLY_MICROSOFT = order(*ALL, fallback=Fallback.MICROSOFT_ACCOUNT)

TABLE = [
    ("R1-nothing-else-leads-to-the-passcode", NICOLE, Method.PASSCODE),
    ("R1-an-Entra-account-needs-no-passcode", facts(entra_id=YES), Method.ENTRA_ID),
    ("R1-a-Microsoft-account-needs-no-passcode", facts(microsoft_account=YES), Method.MICROSOFT_ACCOUNT),
    ("R1-a-federation-needs-no-passcode", facts(federation=SAML), Method.FEDERATION),
    ("R1-the-feature-has-to-be-on", facts(passcodes=OFF), Method.CREATE_MICROSOFT_ACCOUNT),
    ("R4-enabled-serves-a-new-redemption", facts(passcodes=PasscodeState.ENABLED), Method.PASSCODE),
    ("R5-off-prompts-for-a-Microsoft-account", facts(passcodes=OFF), Method.CREATE_MICROSOFT_ACCOUNT),
    ("R6-default-means-on", facts(passcodes=PasscodeState.DEFAULT), Method.PASSCODE),
    ("R30-1-Entra-first", facts(entra_id=YES, federation=SAML), Method.ENTRA_ID),
    ("R30-1-Entra-by-the-tenants-provider", facts(entra_id=YES, providers=(ENTRA,)), Method.ENTRA_ID),
    ("R30-1-before-Google", replace(GMAIL, entra_id=YES), Method.ENTRA_ID),
    ("R30-2-federation-before-Google", replace(GMAIL, federation=SAML), Method.FEDERATION),
    ("R30-2-federation-before-Microsoft", facts(federation=SAML, microsoft_account=YES), Method.FEDERATION),
    ("R30-2-a-federation-switched-off-is-passed", facts(federation=replace(SAML, is_enabled=False)), Method.PASSCODE),
    ("R30-3-gmail.com", GMAIL, Method.GOOGLE),
    ("R30-3-googlemail.com", replace(GMAIL, domain="googlemail.com"), Method.GOOGLE),
    ("R30-3-a-company-at-Google-is-not-Google", facts(providers=(GOOGLE,)), Method.PASSCODE),
    ("R30-3-a-subdomain-is-not-Google", replace(GMAIL, domain="mail.gmail.com"), Method.PASSCODE),
    ("R30-3-only-where-set-up", facts(domain="gmail.com"), Method.PASSCODE),
    ("R30-3-not-when-off", replace(GMAIL, providers=(replace(GOOGLE, is_enabled=False),)), Method.PASSCODE),
    ("R30-3-before-Microsoft", replace(GMAIL, microsoft_account=YES), Method.GOOGLE),
    ("R30-4-existing-Microsoft-before-passcode", facts(microsoft_account=YES), Method.MICROSOFT_ACCOUNT),
    ("R30-5-passcode", NICOLE, Method.PASSCODE),
    ("R30-6-create", facts(passcodes=OFF), Method.CREATE_MICROSOFT_ACCOUNT),
    (
        "R31-federation-put-first",
        facts(entra_id=YES, federation=SAML, order=order(*ALL[1:], ALL[0])),
        Method.FEDERATION,
    ),
    ("R31-social-put-first", replace(GMAIL, federation=SAML, order=order(*ALL[::-1])), Method.GOOGLE),
    ("R31-Entra-left-out-is-off", facts(entra_id=YES, order=order(*ALL[1:])), Method.PASSCODE),
    ("R31-federation-left-out-is-off", facts(federation=SAML, order=order(ALL[0])), Method.PASSCODE),
    ("R31-social-left-out-is-off", replace(GMAIL, order=order(*ALL[:2])), Method.PASSCODE),
    ("R31-all-primaries-may-be-off", facts(entra_id=YES, federation=SAML, order=order()), Method.PASSCODE),
    ("R31-always-passcode", facts(microsoft_account=YES, order=ONLY_PASSCODE), Method.PASSCODE),
    ("R31-always-passcode-after-the-primaries", facts(entra_id=YES, order=ONLY_PASSCODE), Method.ENTRA_ID),
    ("R31-always-Microsoft", facts(order=ONLY_MICROSOFT), Method.CREATE_MICROSOFT_ACCOUNT),
    ("R31-always-Microsoft-existing", facts(microsoft_account=YES, order=ONLY_MICROSOFT), Method.MICROSOFT_ACCOUNT),
    ("R31-always-passcode-but-off-leaves-none", facts(passcodes=OFF, order=ONLY_PASSCODE), Method.NONE),
    (
        "R32-disabled-goes-to-the-passcode",
        facts(microsoft_account=YES, is_microsoft_account_enabled=False),
        Method.PASSCODE,
    ),
    ("R32-both-off-leaves-none", facts(passcodes=OFF, is_microsoft_account_enabled=False), Method.NONE),
    ("R33-Facebook-never", facts(providers=(FACEBOOK,)), Method.PASSCODE),
    ("R34-an-unknown-Entra-is-passed", facts(entra_id=UNKNOWN), Method.PASSCODE),
    ("R34-an-unknown-Microsoft-account-is-passed", facts(microsoft_account=UNKNOWN), Method.PASSCODE),
    ("R34-no-Entra-account-there", facts(entra_id=YES, skipped=frozenset({Method.ENTRA_ID})), Method.PASSCODE),
    (
        "R34-no-account-at-the-federation",
        facts(federation=SAML, skipped=frozenset({Method.FEDERATION})),
        Method.PASSCODE,
    ),
    ("R34-no-Google-account", replace(GMAIL, skipped=frozenset({Method.GOOGLE})), Method.PASSCODE),
    (
        "R34-no-Microsoft-account",
        facts(microsoft_account=YES, skipped=frozenset({Method.MICROSOFT_ACCOUNT})),
        Method.PASSCODE,
    ),
    (
        "R34-skipping-switched-off",
        facts(federation=SAML, skipped=frozenset({Method.FEDERATION}), is_skipping_allowed=False),
        Method.FEDERATION,
    ),
]


@pytest.mark.parametrize(("known", "method"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_it_finds_the_method(known: SignInFacts, method: Method) -> None:
    assert decide(known).method is method


class TestR30_1_AlsoAMicrosoftAccount:
    BOTH = facts(entra_id=YES, microsoft_account=YES)

    def test_R30_1_the_guest_chooses(self) -> None:
        assert decide(self.BOTH).choices == (Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT)

    @pytest.mark.parametrize("chosen", [Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT])
    def test_R30_1_what_they_chose_is_used(self, chosen: Method) -> None:
        decision = decide(replace(self.BOTH, chosen=chosen))
        assert (decision.method, decision.choices) == (chosen, ())

    def test_R30_1_nothing_else_can_be_chosen(self) -> None:
        assert decide(replace(self.BOTH, chosen=Method.PASSCODE)).choices != ()

    @pytest.mark.parametrize(
        "changed",
        [
            {"is_microsoft_account_enabled": False},
            {"order": ONLY_PASSCODE},
            {"skipped": frozenset({Method.MICROSOFT_ACCOUNT})},
        ],
        ids=["R32-disabled", "R31-always-passcode", "R34-no-account-there"],
    )
    def test_R30_1_there_is_no_choice_where_the_Microsoft_account_is_out(self, changed: dict[str, object]) -> None:
        decision = decide(replace(self.BOTH, **changed))  # type: ignore[arg-type]
        assert (decision.method, decision.choices) == (Method.ENTRA_ID, ())

    def test_R30_1_without_the_work_account_the_personal_one_remains(self) -> None:
        decision = decide(replace(self.BOTH, skipped=frozenset({Method.ENTRA_ID})))
        assert (decision.method, decision.choices) == (Method.MICROSOFT_ACCOUNT, ())


class TestR3_TheMethodSticks:
    EVERYTHING = replace(GMAIL, entra_id=YES, microsoft_account=YES, federation=SAML)

    @pytest.mark.parametrize(
        "method",
        [
            Method.PASSCODE,
            Method.ENTRA_ID,
            Method.FEDERATION,
            Method.GOOGLE,
            Method.FACEBOOK,
            Method.MICROSOFT_ACCOUNT,
        ],
    )
    def test_R3_it_keeps_what_was_redeemed_with(self, method: Method) -> None:
        bound = Bound(method, is_allowed=True, provider_id=SAML.id)
        decision = decide(replace(self.EVERYTHING, bound=bound))
        assert (decision.method, decision.provider_id) == (method, SAML.id)
        assert [one.rule for one in decision.reasons] == ["R3"]

    def test_R4_turning_passcodes_on_moves_nobody(self) -> None:
        bound = Bound(Method.MICROSOFT_ACCOUNT, is_allowed=True)
        assert decide(facts(bound=bound)).method is Method.MICROSOFT_ACCOUNT

    def test_R31_an_order_moves_nobody(self) -> None:
        bound = Bound(Method.ENTRA_ID, is_allowed=True)
        assert decide(facts(bound=bound, order=order(fallback=Fallback.PASSCODE))).method is Method.ENTRA_ID

    def test_R32_disabling_the_Microsoft_account_moves_nobody(self) -> None:
        bound = Bound(Method.MICROSOFT_ACCOUNT, is_allowed=True)
        decision = decide(facts(bound=bound, is_microsoft_account_enabled=False))
        assert decision.method is Method.MICROSOFT_ACCOUNT

    def test_R5_a_passcode_guest_is_refused_when_off_and_gets_no_other_method(self) -> None:
        bound = Bound(Method.PASSCODE, is_allowed=True)
        decision = decide(replace(self.EVERYTHING, bound=bound, passcodes=OFF))
        assert (decision.method, decision.refused_as) == (Method.NONE, RefusedAs.PASSCODES_OFF)
        assert "Reset the guest" in decision.reasons[-1].sentence

    def test_R5_turning_it_on_again_restores_them(self) -> None:
        bound = Bound(Method.PASSCODE, is_allowed=True)
        assert decide(facts(bound=bound, passcodes=PasscodeState.ENABLED)).method is Method.PASSCODE

    def test_R3_a_provider_that_is_gone_waits_for_a_reset(self) -> None:
        decision = decide(facts(bound=Bound(Method.FEDERATION, is_allowed=False, provider_id=SAML.id)))
        assert (decision.method, decision.refused_as) == (Method.NONE, RefusedAs.NO_METHOD)

    @pytest.mark.parametrize("method", [Method.NONE, Method.CREATE_MICROSOFT_ACCOUNT])
    def test_R3_nobody_is_bound_to_an_outcome(self, method: Method) -> None:
        with pytest.raises(ValueError, match="nobody redeems"):
            Bound(method, is_allowed=True)


class TestR34_IHaveNoAccountThere:
    @pytest.mark.parametrize(
        ("known", "may_skip"),
        [
            (facts(entra_id=YES), True),
            (facts(federation=SAML), True),
            (GMAIL, True),
            (facts(microsoft_account=YES), True),
            (facts(microsoft_account=YES, is_skipping_allowed=False), False),
            (NICOLE, False),
            (facts(passcodes=OFF), False),
            (facts(federation=SAML, bound=Bound(Method.FEDERATION, is_allowed=True)), False),
        ],
    )
    def test_R34_it_is_offered_only_where_a_domain_was_all_that_was_known(
        self, known: SignInFacts, may_skip: bool
    ) -> None:
        assert decide(known).may_skip is may_skip


class TestR5_WhoTypedAnAddress:
    """One page for a passcode guest and a stranger of the same domain (R5, R19)."""

    @pytest.mark.parametrize(
        ("known", "missed"),
        [
            (facts(passcodes=OFF), True),
            (facts(passcodes=OFF, bound=Bound(Method.PASSCODE, is_allowed=True)), True),
            (facts(passcodes=OFF, bound=Bound(Method.FEDERATION, is_allowed=False)), True),
            (facts(passcodes=OFF, order=ONLY_PASSCODE), True),
            (facts(passcodes=OFF, order=ONLY_MICROSOFT), True),
            (facts(passcodes=OFF, entra_id=YES), False),
            (facts(order=ONLY_MICROSOFT), False),
            (NICOLE, False),
        ],
    )
    def test_R5_passcodes_are_missed_alike(self, known: SignInFacts, missed: bool) -> None:
        assert decide(known).is_passcode_missed is missed
