"""The one decision: facts to a method, with the reasons (R35). Pure; it never looks anything up and never raises."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from providers.rules import looks
from providers.rules.facts import Bound, Fallback, Method, Order, Primary, SignInFacts
from providers.rules.looks import Look, Reason, Step, Verdict
from providers.rules.names import METHOD_NAMES

SKIPPABLE = frozenset({Method.ENTRA_ID, Method.FEDERATION, Method.GOOGLE, Method.MICROSOFT_ACCOUNT})
"""Methods that are known by the domain alone, so that this one person may still have no account there (R34)."""


class RefusedAs(StrEnum):
    """Why there is no way in, spelled as the error that a person sees (BEHAVIOUR, section J)."""

    PASSCODES_OFF = "E-OTP-OFF"
    NO_METHOD = "E-NO-METHOD"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a guest meets, and why.

    `method` is `none` exactly when `refused_as` is set. `choices` is empty, or holds the methods between which the
    guest has yet to choose, `method` among them. `is_passcode_missed` is true where no account was found while
    passcodes are off: who only typed an address then gets the one page of R5.
    """

    method: Method
    reasons: tuple[Reason, ...]
    provider_id: UUID | None = None
    choices: tuple[Method, ...] = ()
    refused_as: RefusedAs | None = None
    may_skip: bool = False
    is_passcode_missed: bool = False


PRIMARIES: dict[Primary, tuple[Step, ...]] = {
    Primary.ENTRA_ID: (("R30-1", looks.entra_id),),
    Primary.FEDERATION: (("R30-2", looks.federation),),
    Primary.SOCIAL: (("R30-3", looks.google), ("R33", looks.facebook)),
}
FALLBACKS: dict[Fallback, tuple[Step, ...]] = {
    Fallback.DEFAULT: (
        ("R30-4", looks.microsoft_account),
        ("R1", looks.another_account),
        ("R30-5", looks.passcode),
        ("R30-6", looks.create),
    ),
    Fallback.PASSCODE: (("R1", looks.another_account), ("R30-5", looks.passcode)),
    Fallback.MICROSOFT_ACCOUNT: (
        ("R30-4", looks.microsoft_account),
        ("R1", looks.another_account),
        ("R30-6", looks.create),
    ),
}


def decide(facts: SignInFacts) -> Decision:
    """The method for these facts, and every rule that was looked at, in order (R1, R3-R6, R30-R33, R35)."""
    if facts.bound is not None:
        return _stay(facts, facts.bound)
    reasons = [
        Reason("R3", Verdict.NO, "No method is bound: nothing redeemed yet, or reset since."),
        _which(facts.order),
    ]
    found: Look | None = None
    for rule, look in _walk(facts):
        if found is not None:
            reasons.append(Reason(rule, Verdict.NOT_REACHED, f"{found.reason.rule} decided."))
            continue
        seen = look(facts)
        reasons.append(seen.reason)
        if seen.method is not None:
            found = seen
    if found is None or found.method is None:
        reasons.append(Reason("R32", Verdict.REFUSED, "The tenant's settings leave no method for this address."))
        return Decision(
            Method.NONE,
            tuple(reasons),
            refused_as=RefusedAs.NO_METHOD,
            is_passcode_missed=not facts.passcodes.is_on,
        )
    return Decision(
        found.method,
        tuple(reasons),
        provider_id=found.provider_id,
        choices=found.choices,
        may_skip=facts.is_skipping_allowed and found.method in SKIPPABLE,
        is_passcode_missed=found.method is Method.CREATE_MICROSOFT_ACCOUNT and not facts.passcodes.is_on,
    )


def _stay(facts: SignInFacts, bound: Bound) -> Decision:
    """A method once redeemed is kept, whatever was found or configured since; switched off, it is not replaced."""
    kept = f"The guest redeemed ({METHOD_NAMES[bound.method]}) and keeps that until their redemption status is reset"
    is_missed = not facts.passcodes.is_on
    if bound.method is Method.PASSCODE and is_missed:
        reasons = (
            Reason("R3", Verdict.APPLIES, f"{kept}."),
            Reason("R5", Verdict.REFUSED, "Passcodes are off in this tenant. Reset the guest, or turn passcodes on."),
        )
        return Decision(Method.NONE, reasons, refused_as=RefusedAs.PASSCODES_OFF, is_passcode_missed=True)
    if bound.method is not Method.PASSCODE and not bound.is_allowed:
        lost = "that provider is gone or switched off. Reset the guest, or switch it on."
        if bound.method in (Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT):
            lost = "this installation has no registration there. Reset the guest, or have the operator register it."
        reason = Reason("R3", Verdict.REFUSED, f"{kept}, but {lost}")
        return Decision(Method.NONE, (reason,), refused_as=RefusedAs.NO_METHOD, is_passcode_missed=is_missed)
    return Decision(bound.method, (Reason("R3", Verdict.USED, f"{kept}."),), provider_id=bound.provider_id)


def _which(order: Order) -> Reason:
    if order.partner_domain:
        sentence = f"The redemption order for the partner domain {order.partner_domain} applies."
    elif order == Order():
        sentence = "The default redemption order applies."
    else:
        sentence = "The tenant's own redemption order applies."
    return Reason("R31", Verdict.APPLIES, sentence)


def _walk(facts: SignInFacts) -> list[Step]:
    """The rules in the order in which these facts have them looked at; what the order leaves out is told last."""
    asked, fallback = facts.order.primaries, FALLBACKS[facts.order.fallback]
    walk = [step for primary in asked for step in PRIMARIES[primary]]
    walk += [
        (step[0], _left_out(step[0])) for primary in Primary if primary not in asked for step in PRIMARIES[primary]
    ]
    walk += [step if step in fallback else (step[0], _other_fallback(step[0])) for step in FALLBACKS[Fallback.DEFAULT]]
    return walk


def _left_out(rule: str) -> Callable[[SignInFacts], Look]:
    return lambda facts: Look(Reason(rule, Verdict.OFF, "The redemption order leaves it out (R31)."))


def _other_fallback(rule: str) -> Callable[[SignInFacts], Look]:
    return lambda facts: Look(
        Reason(rule, Verdict.OFF, f"The order's fallback is always {facts.order.fallback} (R31).")
    )
