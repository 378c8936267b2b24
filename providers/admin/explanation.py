"""The decision in words, ready for a page (R35, R60). It never decides: the rules do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from providers.rules import (
    METHOD_NAMES,
    QUESTIONS,
    VERDICT_WORDS,
    Setting,
    SignInFacts,
    Verdict,
    decide,
    headline,
    what_would_change_it,
)

NOWHERE: Mapping[Setting, str] = MappingProxyType({})

MARKS = {Verdict.USED: "ok", Verdict.APPLIES: "ok", Verdict.UNKNOWN: "wait", Verdict.REFUSED: "no"}
"""The status's class for a verdict; `off` for the others."""


def explanation_context(facts: SignInFacts, urls: Mapping[Setting, str] = NOWHERE) -> dict[str, object]:
    """What admin/providers/explanation.html shows: the answer, the rules one by one, what would change it.

    `urls` has the pages where the reader may change what they are of.

    For the page that knows guests and can therefore say what `facts.bound` is (R60).
    """
    decision = decide(facts)
    return {
        "headline": headline(decision),
        "rules": [
            {
                "question": QUESTIONS[reason.rule],
                "rule": reason.rule,
                "word": VERDICT_WORDS[reason.verdict],
                "mark": MARKS.get(reason.verdict, "off"),
                "is_match": reason.verdict in (Verdict.USED, Verdict.REFUSED),
                "is_after": reason.verdict is Verdict.NOT_REACHED,
                "sentence": reason.sentence,
            }
            for reason in decision.reasons
        ],
        "alternatives": [
            {"change": one.change, "method": METHOD_NAMES[one.method], "url": urls.get(one.setting, "")}
            for one in what_would_change_it(facts)
        ],
    }
