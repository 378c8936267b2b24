"""What Entra ID says about a domain, live: asked, remembered, and left alone while it fails. (R34)"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from providers.fetching import waiting_place
from providers.lookups import CONSUMERS, FAILURES_IN_A_ROW, HOLDS, PAUSE, Directory, directory_at
from providers.rules import Answer
from tests.peers.entra_directory import HOME, EntraDirectory, Mode, running_directory

FAILING = [Mode.BROKEN, Mode.GARBAGE, Mode.REDIRECTING]
"""Failures that take no time."""


class Clock:
    """Seconds that pass when a test says so."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """The directory's clock."""
    return Clock()


@pytest.fixture
def peer() -> Iterator[EntraDirectory]:
    """Microsoft's service. It knows adatum.example."""
    with running_directory({"adatum.example": HOME}) as peer:
        yield peer


@pytest.fixture
def directory(peer: EntraDirectory, clock: Clock) -> Directory:
    """What a fresh process remembers of it: nothing yet."""
    return Directory(peer.authority, clock=clock, most_domains=5)


def answer(directory: Directory, domain: str) -> Answer:
    return directory.home_of(domain).known.answer


def ask_together(directory: Directory, *domains: str) -> list[Answer]:
    """The answers of as many threads as there are domains, in the order in which they came."""
    found: list[Answer] = []
    threads = [threading.Thread(target=lambda one=one: found.append(answer(directory, one))) for one in domains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class TestTheAnswer:
    def test_R34_a_domain_of_an_organisation_is_a_yes_that_names_its_tenant(self, directory: Directory) -> None:
        home = directory.home_of("adatum.example")
        assert (home.known.answer, home.tenant_id) == (Answer.YES, HOME)
        assert home.known.source == (
            f"adatum.example belongs to an Entra ID tenant ({HOME}), as its OpenID configuration says."
        )

    def test_R34_a_domain_of_nobody_is_a_no(self, directory: Directory) -> None:
        home = directory.home_of("nobody.example")
        assert (home.known.answer, home.tenant_id) == (Answer.NO, "")
        assert home.known.source == "Entra ID was asked and knows no tenant for nobody.example."

    def test_R34_personal_accounts_are_no_organisations(self, peer: EntraDirectory, directory: Directory) -> None:
        peer.domains["mail.example"] = CONSUMERS
        home = directory.home_of("mail.example")
        assert (home.known.answer, home.tenant_id) == (Answer.NO, "")

    @pytest.mark.parametrize(
        ("mode", "why"),
        [
            (Mode.BROKEN, "Entra ID answers 500."),
            (Mode.GARBAGE, "127.0.0.1 does not answer with JSON."),
            (Mode.REDIRECTING, "127.0.0.1 sends elsewhere"),
            (Mode.WRONG_ISSUER, "something else than expected (200)."),
            (Mode.ODD_REFUSAL, "something else than expected (400)."),
            (Mode.HANGING, "127.0.0.1 did not answer within 3 seconds."),
            (Mode.DRIPPING, "127.0.0.1 did not answer within 3 seconds."),
        ],
    )
    def test_R34_a_failure_is_unknown_and_says_why(
        self, peer: EntraDirectory, directory: Directory, mode: Mode, why: str
    ) -> None:
        peer.mode = mode
        home = directory.home_of("adatum.example")
        assert (home.known.answer, home.tenant_id) == (Answer.UNKNOWN, "")
        assert home.known.source.startswith("Whether adatum.example has Entra ID accounts is unknown")
        assert why in home.known.source

    @pytest.mark.parametrize("tid", ["common", "{tenantid}", "", "not-a-uuid", f"{HOME}/x", f"../{HOME}", HOME.upper()])
    def test_R34_an_issuer_without_a_tenants_id_is_no_yes(
        self, peer: EntraDirectory, directory: Directory, tid: str
    ) -> None:
        peer.domains["adatum.example"] = tid
        assert answer(directory, "adatum.example") is Answer.UNKNOWN

    def test_R34_nobody_there_is_unknown(self, clock: Clock) -> None:
        with running_directory() as gone:
            authority = gone.authority
        assert answer(Directory(authority, clock=clock), "adatum.example") is Answer.UNKNOWN


class TestTheMemory:
    @pytest.mark.parametrize(
        ("domain", "mode", "kind"),
        [
            ("adatum.example", Mode.NORMAL, Answer.YES),
            ("nobody.example", Mode.NORMAL, Answer.NO),
            ("adatum.example", Mode.ODD_REFUSAL, Answer.UNKNOWN),
        ],
    )
    def test_R34_an_answer_holds_for_its_time_and_no_longer(
        self, peer: EntraDirectory, directory: Directory, clock: Clock, domain: str, mode: Mode, kind: Answer
    ) -> None:
        peer.mode = mode
        for _ in range(5):
            assert answer(directory, domain) is kind
        clock.seconds += HOLDS[kind] - 1
        assert answer(directory, domain) is kind
        assert len(peer.asked) == 1
        clock.seconds += 1
        assert answer(directory, domain) is kind
        assert len(peer.asked) == 2

    def test_R34_what_holds_a_day_and_what_a_minute(self) -> None:
        assert HOLDS == {Answer.YES: 86_400, Answer.NO: 86_400, Answer.UNKNOWN: 60}

    def test_R34_it_is_bounded_and_forgets_what_was_longest_unused(
        self, peer: EntraDirectory, directory: Directory
    ) -> None:
        for number in range(5):
            directory.home_of(f"partner{number}.example")
        directory.home_of("partner0.example")
        directory.home_of("one-more.example")
        peer.asked.clear()
        directory.home_of("partner0.example")
        assert peer.asked == []
        directory.home_of("partner1.example")
        assert peer.asked == ["partner1.example"]

    def test_R34_many_who_ask_at_once_make_one_request(
        self, peer: EntraDirectory, directory: Directory, settings: Any
    ) -> None:
        settings.PROVIDER_CALLS_AT_ONCE = 9
        peer.mode, peer.hangs_for = Mode.HANGING, 0.5
        assert ask_together(directory, *["adatum.example"] * 8) == [Answer.YES] * 8
        assert len(peer.asked) == 1

    def test_R34_a_process_has_one_memory_of_a_service(self) -> None:
        assert directory_at("https://login.example.org") is directory_at("https://login.example.org")
        assert directory_at("https://login.example.org") is not directory_at("https://login.example.net")


class TestThePause:
    @pytest.mark.parametrize("mode", FAILING)
    def test_R34_a_service_that_fails_in_a_row_is_left_alone_for_a_while(
        self, peer: EntraDirectory, directory: Directory, clock: Clock, mode: Mode
    ) -> None:
        peer.mode = mode
        for number in range(FAILURES_IN_A_ROW + 3):
            assert answer(directory, f"partner{number}.example") is Answer.UNKNOWN
        assert len(peer.asked) == FAILURES_IN_A_ROW
        assert "not asked for 30 s" in directory.home_of("another.example").known.source
        peer.mode = Mode.NORMAL
        clock.seconds += PAUSE
        assert answer(directory, "adatum.example") is Answer.YES
        assert answer(directory, "another.example") is Answer.NO

    def test_R34_after_the_pause_one_failure_is_enough(
        self, peer: EntraDirectory, directory: Directory, clock: Clock
    ) -> None:
        peer.mode = Mode.BROKEN
        for _ in range(3):
            for number in range(6):
                directory.home_of(f"partner{number}.example")
            clock.seconds += PAUSE + HOLDS[Answer.UNKNOWN]
        assert len(peer.asked) == FAILURES_IN_A_ROW + 2

    def test_R34_after_the_pause_one_tries_and_the_others_do_not_wait(
        self, peer: EntraDirectory, directory: Directory, clock: Clock, settings: Any
    ) -> None:
        settings.PROVIDER_CALLS_AT_ONCE = 9
        peer.mode = Mode.BROKEN
        for number in range(FAILURES_IN_A_ROW):
            directory.home_of(f"partner{number}.example")
        clock.seconds += PAUSE
        peer.asked.clear()
        peer.mode, peer.hangs_for = Mode.HANGING, 1.0
        found = ask_together(directory, *(f"new{number}.example" for number in range(4)))
        assert sorted(found) == [Answer.NO, Answer.UNKNOWN, Answer.UNKNOWN, Answer.UNKNOWN]
        assert len(peer.asked) == 1

    def test_R34_what_is_remembered_serves_during_the_pause(self, peer: EntraDirectory, directory: Directory) -> None:
        assert answer(directory, "adatum.example") is Answer.YES
        peer.mode = Mode.BROKEN
        for number in range(FAILURES_IN_A_ROW):
            directory.home_of(f"partner{number}.example")
        assert answer(directory, "adatum.example") is Answer.YES

    @pytest.mark.parametrize("mode", [Mode.ODD_REFUSAL, Mode.WRONG_ISSUER])
    def test_R34_odd_domains_cannot_stop_it_for_everybody(
        self, peer: EntraDirectory, directory: Directory, mode: Mode
    ) -> None:
        peer.mode = mode
        for number in range(FAILURES_IN_A_ROW + 1):
            directory.home_of(f"odd{number}.example")
        peer.mode = Mode.NORMAL
        assert answer(directory, "adatum.example") is Answer.YES

    def test_R34_an_answer_in_between_starts_the_count_anew(self, peer: EntraDirectory, directory: Directory) -> None:
        for number in range(FAILURES_IN_A_ROW):
            peer.mode = Mode.BROKEN
            directory.home_of(f"partner{number}.example")
            peer.mode = Mode.NORMAL
            directory.home_of(f"nobody{number}.example")
        assert len(peer.asked) == 2 * FAILURES_IN_A_ROW


def test_R34_without_a_place_to_wait_it_is_unknown_at_once_and_not_remembered(
    peer: EntraDirectory, directory: Directory, settings: Any
) -> None:
    settings.PROVIDER_CALLS_AT_ONCE = 1
    with waiting_place("https://elsewhere.example"):
        assert ask_together(directory, "adatum.example") == [Answer.UNKNOWN]
    assert peer.asked == []
    assert ask_together(directory, "adatum.example") == [Answer.YES]
