"""R64: whatever the product writes into the history has words that a person understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guests.models import BatchKind, ConsentKind
from outbox.models import State
from tenants.deeds import DEEDS, words_for

ROOT = Path(__file__).resolve().parents[2]
APPS = ("applications", "config", "guests", "outbox", "passcodes", "providers", "tenants")
WRITTEN = re.compile(r'\baction="([a-z_]+\.[a-z_]+)"')
SETTLED = set(State) - {State.QUEUED, State.LEASED}
MADE = {
    *(f"consent.{kind.value}" for kind in ConsentKind),
    *(f"mail.{state.value}" for state in SETTLED),
    *(f"batch.{kind.value}_done" for kind in BatchKind),
}


@pytest.mark.parametrize("app", APPS)
def test_R64_every_action_that_is_written_has_words(app: str) -> None:
    found = {action for path in (ROOT / app).rglob("*.py") for action in WRITTEN.findall(path.read_text())}
    assert found - set(DEEDS) == set()


def test_R64_every_action_whose_name_is_put_together_has_words() -> None:
    assert set(DEEDS) >= MADE


def test_R64_an_action_of_a_later_version_is_told_by_its_own_name() -> None:
    assert words_for("guest.sent_flowers", is_done=True) == "guest: sent flowers"
