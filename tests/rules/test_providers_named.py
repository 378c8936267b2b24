"""That `pytest -k` finds a test for each rule of how the method is decided."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
SOURCES = [*TESTS.glob("rules/test_providers*.py"), *TESTS.glob("providers/test_*.py")]
RULES = [*(f"R{n}" for n in (1, 3, 4, 5, 6, 31, 32, 33, 34, 35)), *(f"R30-{n}" for n in range(1, 7))]


@pytest.mark.parametrize("rule", RULES)
def test_R35_each_rule_has_a_test_that_names_it(rule: str) -> None:
    quoted = re.compile(rf'(def test_|class Test|\("|^ *"){rule.replace("-", "[-_]")}[-_]', re.MULTILINE)
    assert any(quoted.search(source.read_text()) for source in SOURCES)
