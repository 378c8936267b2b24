"""An explanation of a sign-in in words, ready for a page (R35, R60). It never decides: the rules do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from providers.rules import METHOD_NAMES, VERDICT_WORDS, Alternative, Row, Setting, Verdict

NOWHERE: Mapping[Setting, str] = MappingProxyType({})

MARKS = {Verdict.USED: "ok", Verdict.APPLIES: "ok", Verdict.UNKNOWN: "wait", Verdict.REFUSED: "no"}
"""The status's class for a verdict; `off` for the others."""


def explanation_context(
    *,
    headline: str,
    rows: Sequence[Row],
    alternatives: Iterable[Alternative],
    urls: Mapping[Setting, str] = NOWHERE,
) -> dict[str, object]:
    """What admin/providers/explanation.html shows: the answer, the rules one by one, what would change it.

    `urls` has the pages where the reader may change what they are of. For the page that knows guests (R60).
    """
    is_refused = any(row.is_refusing for row in rows)
    return {
        "headline": headline,
        "rules": [
            {
                "question": row.question,
                "rule": row.reason.rule,
                "word": VERDICT_WORDS[row.reason.verdict],
                "mark": MARKS.get(row.reason.verdict, "off"),
                "is_match": row.is_refusing or (row.reason.verdict is Verdict.USED and not is_refused),
                "is_after": row.reason.verdict is Verdict.NOT_REACHED,
                "sentence": row.reason.sentence,
                "code": row.code,
            }
            for row in rows
        ],
        "alternatives": [
            {
                "change": one.change,
                "method": METHOD_NAMES[one.method] if one.method else "",
                "url": urls.get(one.setting, ""),
            }
            for one in alternatives
        ],
    }
