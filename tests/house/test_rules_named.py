"""That `pytest -k` finds a test for each rule of the methods, the ways in and the portal, wherever it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
SOURCES = {path: path.read_text() for path in TESTS.rglob("test_*.py") if not path.name.endswith("_named.py")}
RULES = [
    *(f"R{number}" for number in (1, 2, 3, 4, 5, 6, 22, 23, 24, 30, 31, 32, 33, 34, 35, 36, 38, 39)),
    *(f"R{number}" for number in (40, 41, 42, 43, 50, 51, 52, 53, 54, 55, 60, 61, 62, 63, 64, 65)),
    *("R37a", "R37b", "R37c", "R37d", "R39a"),
]


@pytest.mark.parametrize("rule", RULES)
def test_J_each_rule_is_in_the_name_of_a_test_or_of_one_of_its_cases(rule: str) -> None:
    named = re.compile(rf'(?:def test_\w*?(?<![a-zA-Z0-9])|["\'])(?:R\d+\w?[_-])*?{rule}[_-]')
    assert [path.name for path, text in SOURCES.items() if named.search(text)]
