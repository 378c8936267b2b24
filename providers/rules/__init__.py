"""The rules of signing in, pure: what may be known, the decision, its words. Nothing here touches a database."""

from providers.rules.asserted import Asserted
from providers.rules.decision import SKIPPABLE, Decision, RefusedAs, decide
from providers.rules.explanation import (
    METHOD_LABELS,
    QUESTIONS,
    VERDICT_WORDS,
    Alternative,
    Row,
    Setting,
    as_json,
    as_lines,
    headline,
    reason_as_json,
    rows_of,
    what_would_change_it,
)
from providers.rules.facts import (
    Answer,
    Bound,
    Fallback,
    Knowledge,
    Method,
    Order,
    PasscodeState,
    Primary,
    Provider,
    SignInFacts,
)
from providers.rules.fallbacks import fallback_refusal, order_refusal
from providers.rules.looks import GOOGLE_DOMAINS, Reason, Verdict
from providers.rules.names import METHOD_NAMES

__all__ = [
    "GOOGLE_DOMAINS",
    "METHOD_LABELS",
    "METHOD_NAMES",
    "QUESTIONS",
    "SKIPPABLE",
    "VERDICT_WORDS",
    "Alternative",
    "Answer",
    "Asserted",
    "Bound",
    "Decision",
    "Fallback",
    "Knowledge",
    "Method",
    "Order",
    "PasscodeState",
    "Primary",
    "Provider",
    "Reason",
    "RefusedAs",
    "Row",
    "Setting",
    "SignInFacts",
    "Verdict",
    "as_json",
    "as_lines",
    "decide",
    "fallback_refusal",
    "headline",
    "order_refusal",
    "reason_as_json",
    "rows_of",
    "what_would_change_it",
]
