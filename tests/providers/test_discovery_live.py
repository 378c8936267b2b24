"""Facts that come from Entra ID and from what this installation has seen, beside the tenant's lists. (R34, R36)"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.discovery import gather_facts, verified_at_home
from providers.lookups import CONSUMERS
from providers.models import KnownAccountDomain
from providers.operations import add_known_account_domain
from providers.operations.travelling import remember_microsoft_account
from providers.rules import Answer, Method, SignInFacts, Verdict, as_json, decide, what_would_change_it
from tenants.addresses import canonical
from tenants.audit import Actor
from tests.peers.entra_directory import HOME, OTHER_HOME, EntraDirectory, Mode

ADELE = "adele@adatum.example"


@pytest.fixture
def gathered(now: datetime) -> Any:
    """Gathers facts for an address as it is typed."""

    def gather(typed: str = ADELE, **said: Any) -> SignInFacts:
        return gather_facts(address=canonical(typed), now=now, **{"bound": None, **said})

    return gather


def first_reason(facts: SignInFacts) -> tuple[Verdict, str]:
    """The verdict and the sentence of R30-1."""
    return next((one.verdict, one.sentence) for one in decide(facts).reasons if one.rule == "R30-1")


@pytest.mark.usefixtures("in_fabrikam")
class TestLive:
    def test_R34_a_domain_with_Entra_ID_is_sent_there(self, entra_directory: EntraDirectory, gathered: Any) -> None:
        facts = gathered()
        assert decide(facts).method is Method.ENTRA_ID
        assert first_reason(facts)[0] is Verdict.USED
        assert HOME in first_reason(facts)[1]

    def test_R34_one_without_is_not(self, entra_directory: EntraDirectory, gathered: Any) -> None:
        facts = gathered("ines@nobody.example")
        assert decide(facts).method is Method.PASSCODE
        assert first_reason(facts) == (Verdict.NO, "Entra ID was asked and knows no tenant for nobody.example.")

    @pytest.mark.parametrize("mode", [Mode.BROKEN, Mode.GARBAGE, Mode.WRONG_ISSUER])
    def test_R34_when_it_fails_the_walk_goes_on_and_the_reasons_say_so(
        self, entra_directory: EntraDirectory, gathered: Any, mode: Mode
    ) -> None:
        entra_directory.mode = mode
        facts = gathered()
        assert decide(facts).method is Method.PASSCODE
        verdict, sentence = first_reason(facts)
        assert verdict is Verdict.UNKNOWN
        assert "is unknown, the look-up failed" in sentence
        assert sentence in str(as_json(decide(facts)))

    def test_R34_the_database_is_asked_once_and_the_network_once(
        self, entra_directory: EntraDirectory, gathered: Any
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            gathered(is_link_held=True)
            gathered("someone.else@adatum.example", is_link_held=True)
        assert (len(queries), entra_directory.asked) == (2, ["adatum.example"])

    def test_R34_a_listed_domain_needs_no_look_up(
        self, entra_directory: EntraDirectory, operator: Actor, now: datetime, gathered: Any
    ) -> None:
        add_known_account_domain(
            domain="adatum.example", kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
        )
        facts = gathered()
        assert decide(facts).method is Method.ENTRA_ID
        assert "the tenant's list" in first_reason(facts)[1]
        assert entra_directory.asked == []

    @pytest.mark.parametrize("domain", ["outlook.com", "hotmail.co.uk", "gmail.com", "googlemail.com"])
    def test_R34_domains_that_give_mailboxes_to_everybody_are_not_looked_up(
        self, entra_directory: EntraDirectory, gathered: Any, domain: str
    ) -> None:
        entra_directory.domains[domain] = HOME
        assert gathered(f"nicole@{domain}").entra_id.answer is Answer.NO
        assert entra_directory.asked == []

    def test_R34_lists_alone_are_asked_where_the_operator_says_so(
        self, entra_directory: EntraDirectory, operator: Actor, now: datetime, gathered: Any, settings: Any
    ) -> None:
        settings.DISCOVERY = "lists"
        assert gathered().entra_id.answer is Answer.NO
        add_known_account_domain(
            domain="adatum.example", kind=KnownAccountDomain.Kind.ENTRA_ID, actor=operator, now=now
        )
        assert decide(gathered()).method is Method.ENTRA_ID
        assert entra_directory.asked == []

    def test_R3_a_guest_who_stays_is_not_looked_up_by_their_link(
        self, entra_directory: EntraDirectory, gathered: Any
    ) -> None:
        assert decide(gathered(bound=Method.PASSCODE, is_link_held=True)).method is Method.PASSCODE
        assert entra_directory.asked == []

    def test_R19_whoever_only_types_an_address_waits_for_the_same_look_up(
        self, entra_directory: EntraDirectory, gathered: Any
    ) -> None:
        gathered(bound=Method.PASSCODE)
        assert entra_directory.asked == ["adatum.example"]


@pytest.mark.usefixtures("in_fabrikam")
class TestWithoutARegistration:
    def test_R34_nothing_is_looked_up_and_the_reason_says_why(
        self, entra_directory: EntraDirectory, gathered: Any, settings: Any
    ) -> None:
        settings.ENTRA_CLIENT_ID = ""
        facts = gathered()
        assert first_reason(facts) == (Verdict.OFF, "This installation has no Entra ID registration.")
        assert decide(facts).method is Method.PASSCODE
        assert entra_directory.asked == []

    def test_R30_4_a_Microsoft_account_is_not_asked_for(self, gathered: Any) -> None:
        decision = decide(gathered("nicole@outlook.com"))
        assert decision.method is Method.PASSCODE
        reason = next(one for one in decision.reasons if one.rule == "R30-4")
        assert reason.verdict is Verdict.OFF
        assert reason.sentence == "This installation has no Microsoft account registration."

    def test_R60_registering_is_named_as_what_would_change_it(self, gathered: Any) -> None:
        changes = [(one.change, one.method) for one in what_would_change_it(gathered("nicole@outlook.com"))]
        assert ("Registering this installation for Microsoft accounts", Method.MICROSOFT_ACCOUNT) in changes


@pytest.mark.usefixtures("registered", "in_fabrikam")
class TestSeenMicrosoftAccounts:
    def test_R34_one_that_signed_in_here_is_known_to_the_links_holder(self, gathered: Any) -> None:
        remember_microsoft_account(address_key=ADELE)
        facts = gathered("Adele@Adatum.Example", is_link_held=True)
        assert facts.microsoft_account.answer is Answer.YES
        assert facts.microsoft_account.source == "This installation has seen a Microsoft account with this address."
        assert decide(facts).method is Method.MICROSOFT_ACCOUNT

    def test_R19_to_nobody_else(self, gathered: Any) -> None:
        before = gathered()
        remember_microsoft_account(address_key=ADELE)
        assert gathered() == before

    def test_R34_another_address_of_the_domain_has_none(self, gathered: Any) -> None:
        remember_microsoft_account(address_key=ADELE)
        assert gathered("ines@adatum.example", is_link_held=True).microsoft_account.answer is Answer.NO


class TestVerifiedAtHome:
    def test_R36_an_address_is_verified_where_its_domain_names_the_tenant(
        self, entra_directory: EntraDirectory
    ) -> None:
        claimed = ("Adele@Adatum.Example", "adele@firstupconsultants.com", ADELE, "adele@nobody.example", "adele", "")
        assert verified_at_home(claimed=claimed, home=HOME) == (ADELE,)
        assert verified_at_home(claimed=claimed, home=OTHER_HOME.upper()) == ("adele@firstupconsultants.com",)
        assert verified_at_home(claimed=claimed, home=str(uuid.uuid4())) == ()
        assert verified_at_home(claimed=claimed, home="") == ()

    def test_R36_whatever_discovery_asks_elsewhere(self, entra_directory: EntraDirectory, settings: Any) -> None:
        settings.DISCOVERY = "lists"
        assert verified_at_home(claimed=(ADELE,), home=HOME) == (ADELE,)

    def test_R36_personal_accounts_are_nobodys_home(self, entra_directory: EntraDirectory) -> None:
        entra_directory.domains |= {"adatum.example": CONSUMERS, "outlook.com": HOME}
        assert verified_at_home(claimed=(ADELE,), home=CONSUMERS) == ()
        assert verified_at_home(claimed=("adele@outlook.com",), home=HOME) == ()

    @pytest.mark.parametrize("mode", [Mode.BROKEN, Mode.GARBAGE, Mode.WRONG_ISSUER, Mode.REDIRECTING])
    def test_R36_what_cannot_be_found_out_is_not_verified(self, entra_directory: EntraDirectory, mode: Mode) -> None:
        entra_directory.mode = mode
        assert verified_at_home(claimed=(ADELE,), home=HOME) == ()

    def test_R36_a_token_full_of_addresses_does_not_make_us_ask_around(self, entra_directory: EntraDirectory) -> None:
        claimed = tuple(f"adele@partner{number}.example" for number in range(100))
        assert verified_at_home(claimed=(*claimed, ADELE), home=HOME) == ()
        assert len(entra_directory.asked) <= 8
