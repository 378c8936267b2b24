"""A decision put into words and into JSON, for the portal, the command and the API alike (R35, R60)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from providers.rules.decision import Decision, RefusedAs, decide
from providers.rules.facts import Answer, Bound, Knowledge, Method, Order, PasscodeState, Provider, SignInFacts
from providers.rules.fallbacks import fallback_refusal
from providers.rules.looks import Reason, Verdict
from providers.rules.names import METHOD_NAMES

METHOD_LABELS = METHOD_NAMES | {Method.PASSCODE: "Email passcode", Method.FEDERATION: "Partner’s provider"}
"""The same in a column's width, as the portal's lists and charts have them."""

QUESTIONS = {
    "R1": "Another method or password?",
    "R3": "Already redeemed with a method?",
    "R5": "Is that method still on?",
    "R30-1": "Entra ID account for the address?",
    "R30-2": "Federation for the domain?",
    "R30-3": "Google?",
    "R30-4": "Existing Microsoft account?",
    "R30-5": "Email one-time passcode?",
    "R30-6": "Create a Microsoft account",
    "R31": "Which redemption order?",
    "R32": "Is a method left?",
    "R33": "Facebook?",
}
"""What each rule asks, as the heading of its line."""

VERDICT_WORDS = {
    Verdict.USED: "Yes, used",
    Verdict.NO: "No",
    Verdict.OFF: "Off",
    Verdict.UNKNOWN: "Unknown",
    Verdict.SKIPPED: "No account, says the guest",
    Verdict.REFUSED: "Refused",
    Verdict.APPLIES: "Applies",
    Verdict.NOT_REACHED: "Not reached",
}
"""Verdicts as an administrator reads them."""

SUPPOSED_PROVIDER = Provider(UUID(int=0), "saml", "A federation for the domain")


class Setting(StrEnum):
    """What an alternative changes, so that a page can lead there."""

    PASSCODES = "passcodes"
    MICROSOFT_ACCOUNT = "microsoftAccount"
    FEDERATION = "federation"
    KNOWN_DOMAINS = "knownDomains"
    INSTALLATION = "installation"
    REDEMPTION = "redemption"
    BLOCK = "block"
    GUEST_DOMAINS = "guestDomains"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A change that would lead to this method (R60); None where something else would still stand in the way."""

    change: str
    method: Method | None
    setting: Setting


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of an explanation with what it asks; `code` is the error that a person meets by it, "" for none."""

    question: str
    reason: Reason
    code: str = ""

    @property
    def is_refusing(self) -> bool:
        return self.reason.verdict is Verdict.REFUSED


def headline(decision: Decision) -> str:
    """The outcome in a few words: a method's name, or the error and what it means."""
    if decision.refused_as is RefusedAs.PASSCODES_OFF:
        return "Cannot sign in: passcodes are off (E-OTP-OFF)"
    if decision.refused_as is RefusedAs.NO_METHOD:
        return "Cannot sign in: no method is left (E-NO-METHOD)"
    if decision.choices:
        return "The guest chooses: " + " or ".join(METHOD_NAMES[one] for one in decision.choices)
    return METHOD_NAMES[decision.method]


def reason_as_json(reason: Reason) -> dict[str, str]:
    """One reason as strings only: what a redemption stores (R35)."""
    return {"rule": reason.rule, "verdict": reason.verdict.value, "sentence": reason.sentence}


def as_json(decision: Decision) -> dict[str, object]:
    """The decision out of JSON's own types, with Graph's spelling of methods and lowerCamel keys."""
    return {
        "method": decision.method.value,
        "providerId": str(decision.provider_id) if decision.provider_id else None,
        "choices": [one.value for one in decision.choices],
        "error": decision.refused_as.value if decision.refused_as else None,
        "maySkip": decision.may_skip,
        "reasons": [reason_as_json(one) for one in decision.reasons],
    }


def rows_of(decision: Decision) -> tuple[Row, ...]:
    """The rules that were looked at, as rows."""
    error = decision.refused_as.value if decision.refused_as else ""
    return tuple(
        Row(QUESTIONS[one.rule], one, error if one.verdict is Verdict.REFUSED else "") for one in decision.reasons
    )


def as_lines(outcome: str, rows: Iterable[Row]) -> list[str]:
    """An explanation as lines of plain text: the outcome, then rule by rule what is asked, the answer, how we know.

    The error that a person meets by a rule follows its answer."""
    lines = [outcome, ""]
    for number, row in enumerate(rows, 1):
        reason = row.reason
        code = f" ({row.code})" if row.code else ""
        lines.append(f"{number:>2}. {row.question} [{reason.rule}] {VERDICT_WORDS[reason.verdict]}{code}")
        lines.append(f"    {reason.sentence}")
    return lines


def what_would_change_it(facts: SignInFacts, orders: Iterable[Order] = ()) -> tuple[Alternative, ...]:
    """Single changes after which the same person would meet another method, each found by deciding again (R60).

    A change that the settings would refuse is not offered; `orders` are all that the tenant stores (R31, R32).
    """
    stored = (*orders, facts.order)
    now = decide(facts)
    is_on = facts.passcodes.is_on
    turned = PasscodeState.DISABLED if is_on else PasscodeState.ENABLED
    word = "Disabling" if facts.is_microsoft_account_enabled else "Enabling"
    listed = Knowledge(Answer.YES, "")
    supposed = [
        (
            Setting.PASSCODES,
            f"Turning the email one-time passcode {'off' if is_on else 'on'}",
            replace(facts, passcodes=turned),
        ),
        (
            Setting.MICROSOFT_ACCOUNT,
            f"{word} the Microsoft account",
            replace(facts, is_microsoft_account_enabled=not facts.is_microsoft_account_enabled),
        ),
        *((Setting.FEDERATION, change, other) for change, other in _federated(facts)),
        (
            Setting.INSTALLATION,
            "Registering this installation at Entra ID",
            replace(facts, is_entra_id_installed=True, bound=_let_in(facts.bound, Method.ENTRA_ID)),
        ),
        (
            Setting.INSTALLATION,
            "Registering this installation for Microsoft accounts",
            replace(facts, is_microsoft_account_installed=True, bound=_let_in(facts.bound, Method.MICROSOFT_ACCOUNT)),
        ),
        (
            Setting.KNOWN_DOMAINS,
            f"Listing {facts.domain} as a domain with Entra ID accounts",
            replace(facts, entra_id=listed),
        ),
        (Setting.REDEMPTION, "Resetting the guest's redemption status", replace(facts, bound=None)),
    ]
    found = [(setting, change, decide(other)) for setting, change, other in supposed if _is_storable(other, stored)]
    return tuple(
        Alternative(change, other.method, setting)
        for setting, change, other in found
        if (other.method, other.provider_id) != (now.method, now.provider_id)
    )


def _federated(facts: SignInFacts) -> list[tuple[str, SignInFacts]]:
    """A federation where the domain has none, or its own switched on; a domain has one provider at most."""
    if facts.federation is None:
        return [(f"A federation for {facts.domain}", replace(facts, federation=SUPPOSED_PROVIDER))]
    if facts.federation.is_enabled:
        return []
    switched_on = replace(facts.federation, is_enabled=True)
    is_bound_to_it = facts.bound is not None and facts.bound.provider_id == switched_on.id
    bound = _let_in(facts.bound, Method.FEDERATION) if is_bound_to_it else facts.bound
    return [(f"Switching {switched_on.name} on", replace(facts, federation=switched_on, bound=bound))]


def _let_in(bound: Bound | None, method: Method) -> Bound | None:
    """The binding as it would be with this method's provider there."""
    return replace(bound, is_allowed=True) if bound is not None and bound.method is method else bound


def _is_storable(facts: SignInFacts, orders: Iterable[Order]) -> bool:
    refusal = fallback_refusal(
        passcodes=facts.passcodes,
        is_microsoft_account_enabled=facts.is_microsoft_account_enabled,
        orders=orders,
    )
    return refusal is None
