"""The decision in words, ready for a page (R35, R60). It never decides: the rules do."""

from __future__ import annotations

from providers.rules import (
    METHOD_NAMES,
    QUESTIONS,
    VERDICT_WORDS,
    SignInFacts,
    Verdict,
    decide,
    headline,
    what_would_change_it,
)

MARKS = {Verdict.USED: "ok", Verdict.APPLIES: "ok", Verdict.UNKNOWN: "wait", Verdict.REFUSED: "no"}
"""The status's class for a verdict; `off` for the others."""


def explanation_context(facts: SignInFacts) -> dict[str, object]:
    """What admin/providers/explanation.html shows: the answer, the rules one by one, what would change it.

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
            {"change": one.change, "method": METHOD_NAMES[one.method]} for one in what_would_change_it(facts)
        ],
    }
