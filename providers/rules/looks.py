"""Each rule of R30 by itself: what it saw in the facts, and whether it decides. No rule knows of another's place."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from providers.rules.facts import Answer, Fallback, Method, SignInFacts
from providers.rules.names import METHOD_NAMES

GOOGLE_DOMAINS = ("gmail.com", "googlemail.com")
"""The only domains that Google is asked for (R30-3); a company's own domain at Google is not among them."""


class Verdict(StrEnum):
    """What came of one rule."""

    USED = "used"
    NO = "no"
    OFF = "off"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    REFUSED = "refused"
    APPLIES = "applies"
    NOT_REACHED = "notReached"


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that was looked at, its verdict, and how we know, for an administrator."""

    rule: str
    verdict: Verdict
    sentence: str


class Look(NamedTuple):
    """What one rule saw; `method` is set when it is the one that decides."""

    reason: Reason
    method: Method | None = None
    provider_id: UUID | None = None
    choices: tuple[Method, ...] = ()


def entra_id(facts: SignInFacts) -> Look:
    known = facts.entra_id
    if not facts.is_entra_id_installed:
        return Look(Reason("R30-1", Verdict.OFF, "This installation has no Entra ID registration."))
    if known.answer is not Answer.YES:
        verdict = Verdict.UNKNOWN if known.answer is Answer.UNKNOWN else Verdict.NO
        return Look(Reason("R30-1", verdict, known.source))
    if facts.is_skipped(Method.ENTRA_ID):
        return Look(Reason("R30-1", Verdict.SKIPPED, "The guest says that they have no Entra ID account."))
    is_both = (
        facts.microsoft_account.answer is Answer.YES
        and facts.is_microsoft_account_enabled
        and facts.is_microsoft_account_installed
        and facts.order.fallback is not Fallback.PASSCODE
        and not facts.is_skipped(Method.MICROSOFT_ACCOUNT)
    )
    if not is_both:
        return _used("R30-1", facts, Method.ENTRA_ID, known.source)
    both = f"{known.source} It may be a Microsoft account as well:"
    if facts.chosen in (Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT):
        return _used("R30-1", facts, facts.chosen, f"{both} the guest chose {METHOD_NAMES[facts.chosen]}.")
    choices = (Method.ENTRA_ID, Method.MICROSOFT_ACCOUNT)
    return _used("R30-1", facts, Method.ENTRA_ID, f"{both} the guest chooses.")._replace(choices=choices)


def federation(facts: SignInFacts) -> Look:
    provider = facts.federation
    if provider is None:
        return Look(Reason("R30-2", Verdict.NO, f"No federation of the tenant answers for {facts.domain}."))
    if not provider.is_enabled:
        return Look(Reason("R30-2", Verdict.OFF, f"{provider.name} holds {facts.domain}, but it is switched off."))
    if facts.is_skipped(Method.FEDERATION):
        return Look(Reason("R30-2", Verdict.SKIPPED, f"The guest says that they have no account at {provider.name}."))
    reason = Reason("R30-2", Verdict.USED, f"{provider.name} answers for {facts.domain}.")
    return Look(reason, Method.FEDERATION, provider.id)


def google(facts: SignInFacts) -> Look:
    provider = facts.provider_of("google")
    if provider is None:
        return Look(Reason("R30-3", Verdict.NO, "The tenant has not set up Google."))
    if facts.domain not in GOOGLE_DOMAINS:
        return Look(Reason("R30-3", Verdict.NO, f"Google is asked only for {' and '.join(GOOGLE_DOMAINS)}."))
    if facts.is_skipped(Method.GOOGLE):
        return Look(Reason("R30-3", Verdict.SKIPPED, "The guest says that they have no Google account."))
    return _used("R30-3", facts, Method.GOOGLE, f"{facts.domain} is Google's, and the tenant has set up Google.")


def facebook(facts: SignInFacts) -> Look:
    if facts.provider_of("facebook") is None:
        return Look(Reason("R33", Verdict.NO, "The tenant has not set up Facebook, which would serve sign-up only."))
    return Look(Reason("R33", Verdict.NO, "Facebook is set up, but serves self-service sign-up only."))


def microsoft_account(facts: SignInFacts) -> Look:
    known = facts.microsoft_account
    if not facts.is_microsoft_account_enabled:
        return Look(Reason("R30-4", Verdict.OFF, "The tenant has disabled the Microsoft account (R32)."))
    if not facts.is_microsoft_account_installed:
        return Look(Reason("R30-4", Verdict.OFF, "This installation has no Microsoft account registration."))
    if known.answer is not Answer.YES:
        verdict = Verdict.UNKNOWN if known.answer is Answer.UNKNOWN else Verdict.NO
        return Look(Reason("R30-4", verdict, known.source))
    if facts.is_skipped(Method.MICROSOFT_ACCOUNT):
        return Look(Reason("R30-4", Verdict.SKIPPED, "The guest says that they have no Microsoft account."))
    return _used("R30-4", facts, Method.MICROSOFT_ACCOUNT, known.source)


def another_account(facts: SignInFacts) -> Look:
    return Look(Reason("R1", Verdict.NO, "Another method or a password: none is kept here, for anybody."))


def passcode(facts: SignInFacts) -> Look:
    if not facts.passcodes.is_on:
        return Look(Reason("R30-5", Verdict.OFF, "Email one-time passcode is off (disabled)."))
    return _used("R30-5", facts, Method.PASSCODE, f"Email one-time passcode is on ({facts.passcodes}).")


def create(facts: SignInFacts) -> Look:
    if not facts.is_microsoft_account_enabled:
        return Look(Reason("R30-6", Verdict.OFF, "The tenant has disabled the Microsoft account (R32)."))
    sentence = "Nothing else is left: the guest is asked to create a Microsoft account with the invited address."
    if not facts.is_microsoft_account_installed:
        sentence = (
            "Nothing else is left but a Microsoft account, and this installation has no Microsoft account "
            "registration: the guest is told whom to ask."
        )
    return _used("R30-6", facts, Method.CREATE_MICROSOFT_ACCOUNT, sentence)


def _used(rule: str, facts: SignInFacts, method: Method, sentence: str) -> Look:
    provider = facts.provider_of(method)
    return Look(Reason(rule, Verdict.USED, sentence), method, provider.id if provider else None)


Step = tuple[str, Callable[[SignInFacts], Look]]
"""A rule's number and the function that looks at it."""
