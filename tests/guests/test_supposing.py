"""The facts as a change of lists or providers would make them, and left alone where it is about others (R34, R62)."""

from __future__ import annotations

from uuid import UUID

from guests.operations.supposing import with_known_domains, with_provider, without_provider
from providers.models import KnownAccountDomain
from providers.rules import Answer
from tests.rules.test_providers_decision import NICOLE

ENTRA, MICROSOFT = KnownAccountDomain.Kind.ENTRA_ID, KnownAccountDomain.Kind.MICROSOFT_ACCOUNT


def test_R34_a_list_changes_what_is_known_of_its_own_domains_and_kind_only() -> None:
    listed = with_known_domains(ENTRA, added=[NICOLE.domain])(NICOLE)
    assert listed.entra_id.answer is Answer.YES
    assert listed.microsoft_account == NICOLE.microsoft_account
    assert with_known_domains(MICROSOFT, added=[NICOLE.domain])(NICOLE).microsoft_account.answer is Answer.YES
    assert with_known_domains(ENTRA, removed=[NICOLE.domain])(listed).entra_id.answer is not Answer.YES
    assert with_known_domains(ENTRA, added=["a.example"], removed=["b.example"])(listed) is listed


def test_R62_a_provider_of_others_changes_nothing() -> None:
    for change in (with_provider(UUID(int=9)), without_provider(UUID(int=9))):
        assert change(NICOLE) == NICOLE
