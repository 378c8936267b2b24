"""The kinds of providers: what each knows of a domain (R34)."""

from __future__ import annotations

import pytest

from providers.kinds import BY_ID, CONSUMER_DOMAINS, KINDS
from providers.rules import Answer, Method


def test_R34_every_kind_has_its_own_id_and_a_name() -> None:
    assert len(BY_ID) == len(KINDS)
    assert all(kind.name for kind in KINDS)


def test_R34_every_method_that_a_guest_can_be_bound_to_has_a_kind() -> None:
    assert {kind.method for kind in KINDS} == set(Method) - {Method.NONE, Method.CREATE_MICROSOFT_ACCOUNT}


def test_R61_the_built_in_kinds_are_the_three_that_the_tab_shows() -> None:
    assert [kind.id for kind in KINDS if kind.is_built_in] == [
        "azureActiveDirectory",
        "microsoftAccount",
        "emailOneTimePasscode",
    ]


def test_R33_Facebook_is_the_only_kind_that_serves_no_redemption() -> None:
    assert [kind.id for kind in KINDS if not kind.is_for_redemption] == ["facebook"]


@pytest.mark.parametrize(
    ("kind", "domain", "is_listed", "answer"),
    [
        ("azureActiveDirectory", "adatum.example", True, Answer.YES),
        ("azureActiveDirectory", "adatum.example", False, Answer.NO),
        ("microsoftAccount", "outlook.com", False, Answer.YES),
        ("microsoftAccount", "adatum.example", True, Answer.YES),
        ("microsoftAccount", "adatum.example", False, Answer.NO),
        ("google", "gmail.com", False, Answer.YES),
        ("google", "googlemail.com", False, Answer.YES),
        ("google", "adatum.example", True, Answer.NO),
        ("facebook", "facebook.com", True, Answer.UNKNOWN),
        ("openIdConnect", "adatum.example", True, Answer.YES),
        ("openIdConnect", "adatum.example", False, Answer.NO),
        ("saml", "adatum.example", True, Answer.YES),
        ("saml", "adatum.example", False, Answer.NO),
        ("emailOneTimePasscode", "adatum.example", False, Answer.YES),
    ],
)
def test_R34_it_answers_and_says_how_it_knows(kind: str, domain: str, is_listed: bool, answer: Answer) -> None:
    known = BY_ID[kind].has_account(domain=domain, is_listed=is_listed)
    assert known.answer is answer
    assert known.source.endswith(".")


def test_R34_the_consumer_domains_are_in_canonical_form() -> None:
    assert all(domain == domain.lower() and domain.isascii() for domain in CONSUMER_DOMAINS)
    assert {"outlook.com", "hotmail.com", "live.com", "msn.com"} <= set(CONSUMER_DOMAINS)
