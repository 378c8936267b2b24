"""R64: whatever the product writes into the history has words that a person understands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
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


NAMED_ALREADY = {
    "guests/operations/batches/inviting.py",  # details are put together before: the address is among them
    # Who did it is whom it is about, and the line names them as that.
    "guests/operations/consenting.py",
    "guests/operations/returning.py",
    "guests/operations/signing_in.py",
    "tenants/visits.py",
}


def lines_about_people() -> Iterator[tuple[str, ast.Call]]:
    """Every call that writes a line about a guest or an administrator, and its file."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "audit.line", "record"):
                    told = {one.arg: ast.unparse(one.value) for one in node.keywords}
                    if told.get("subject_kind") in ("'guest'", "'administrator'"):
                        yield str(path.relative_to(ROOT)), node


def test_R64_a_line_about_a_person_names_them() -> None:
    unnamed = []
    for path, call in lines_about_people():
        told = {one.arg: ast.unparse(one.value) for one in call.keywords}
        if "address" not in told and "'address'" not in told.get("details", "") and path not in NAMED_ALREADY:
            unnamed.append(f"{path}:{call.lineno}")
    assert unnamed == []
    assert {path for path, _ in lines_about_people()} >= NAMED_ALREADY


def test_R64_an_action_of_a_later_version_is_told_by_its_own_name() -> None:
    assert words_for("guest.sent_flowers", is_done=True) == "guest: sent flowers"
