"""One line of the history as a person reads it: what was done, about whom, why it was refused and what mends that.

Knows how deeds.py, the catalogue and a line's own details become sentences. It must never show an id where a word will
do, and never read a row: the line alone tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from tenants.catalogue import CATALOGUE, entry_of
from tenants.deeds import words_for
from tenants.models import ActorKind, AuditEntry, Outcome
from tenants.refusals import Code

_STEPS: Final = {
    "request": "asked for a code",
    "resend": "asked for the code again",
    "try": "entered a code",
    "use": "entered a code",
}
_SWITCHES: Final = {
    "email_passcode.set": "email passcodes",
    "microsoft_account.set": "Microsoft accounts",
    "identity_provider.switched": "an identity provider",
}
_REASONS: Final = {
    "wrong": "The digits were not the ones that were sent.",
    "decoy": "Nobody invited this address, so no code was sent and none could work.",
    "used": "The code had been used before.",
    "void": "The code had been taken back: by a reset, a block, or passcodes being turned off.",
    "expired": "The code was older than it may be.",
    "exhausted": "All tries for this code were used up.",
    "unknown": "That sign-in is gone: it ended more than a day ago.",
    "used or void a moment ago": "The code was used or taken back at the same moment.",
    "no resend left": "The code had been sent again as often as it may be.",
    "resent too early": "The code was asked for again too soon.",
    "malformed": "What was typed was no code.",
}
_SAID_ELSEWHERE: Final = frozenset({"address", "reason", "step", "flow", "before", "after", "name", "email", "mail"})
_NAMED_BY: Final = ("address", "name", "email", "domain", "partner_domain")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OUTSIDE: Final = frozenset({ActorKind.GUEST, ActorKind.STRANGER})


def deed_of(entry: AuditEntry) -> str:
    """What was done, as a verb and its object: "turned email passcodes off"."""
    is_done = entry.outcome == Outcome.SUCCESS
    if entry.action == "passcode.refused":
        return _STEPS.get(str(entry.details.get("step")), words_for(entry.action, is_done=is_done))
    if is_done and entry.action in _SWITCHES and "after" in entry.details:
        is_off = entry.details["after"] in (False, "disabled")
        return f"turned {_SWITCHES[entry.action]} {'off' if is_off else 'on'}"
    return words_for(entry.action, is_done=is_done)


def who_of(entry: AuditEntry) -> str:
    """Who did it: the name, else what kind of person it was."""
    return entry.actor_name or ("Somebody" if entry.actor_kind == ActorKind.STRANGER else _spaced(entry.actor_kind))


def about_of(entry: AuditEntry) -> str:
    """Whom or what it was done to; "" where the line names nobody, or only who did it."""
    named = entry.address or next((str(entry.details[name]) for name in _NAMED_BY if entry.details.get(name)), "")
    return "" if named == entry.actor_name else named


def why_of(entry: AuditEntry) -> str:
    """The operation's reason, else the code's sentence. A success has one only where a mail was not sent or
    is delayed."""
    known = entry_of(entry.code) if entry.outcome != Outcome.SUCCESS else None
    reason = str(entry.details.get("reason") or "")
    said = _REASONS.get(reason, reason) or (known.administrator if known else "")
    if not said:
        return ""
    said = said[0].upper() + said[1:]
    return said if said.endswith((".", "!", "?")) else f"{said}."


def remedy_of(entry: AuditEntry) -> str:
    """What mends it, by the catalogue; "" where there is no code."""
    known = entry_of(entry.code) if entry.outcome != Outcome.SUCCESS else None
    return known.remedy if known else ""


def seen_of(entry: AuditEntry) -> str:
    """What the person in front of the door saw of a refusal; "" where nobody stood there or nothing was refused."""
    known = entry_of(entry.code)
    if known is None or entry.outcome == Outcome.SUCCESS or entry.actor_kind not in _OUTSIDE:
        return ""
    if known.is_kept_from_strangers and entry.action in ("sign_in.begun", "passcode.refused"):
        return f"The same pages as a guest, and no email. Any code: {CATALOGUE[Code.CODE].heading}."
    return known.for_guest


def facts_of(entry: AuditEntry) -> str:
    """What else the line tells, in a few words."""
    return ", ".join(fact for fact in _facts(entry.details) if fact)


def times(count: int) -> str:
    """`once`, `3 times`."""
    return "once" if count == 1 else f"{count} times"


def in_words(details: Mapping[str, Any]) -> str:
    """`{"method": "google", "before": {"status": "x"}}` as "method google, before (status x)"."""
    return ", ".join(f"{name.replace('_', ' ')} {value_in_words(value)}" for name, value in details.items())


def value_in_words(value: Any) -> str:
    """One value of a line's details."""
    if isinstance(value, Mapping):
        return f"({in_words(value)})"
    if isinstance(value, list):
        return ", ".join(value_in_words(one) for one in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in ("", None) else "none"


def _facts(details: Mapping[str, Any]) -> Iterator[str]:
    yield from _changes(details.get("before"), details.get("after"))
    for name, value in details.items():
        if name in _SAID_ELSEWHERE or _is_id(value):
            continue
        if name == "pool":
            yield f"a browser {'' if value == 'known' else 'not '}known here"
        elif name == "decoy":
            yield "no email: nobody invited this address" if value else ""
        elif name == "resends":
            yield f"sent again {times(value)}" if value else ""
        elif name in ("method", "way"):
            yield f"{name} {_spaced(str(value)).lower()}" if value else ""
        elif name == "tries":
            yield f"{value} tries" if value != 1 else ""
        elif value not in ("", None, [], {}):
            yield f"{name.replace('_', ' ')} {value_in_words(value)}"


def _changes(before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in after:
            yield f"{name.replace('_', ' ')} {value_in_words(before.get(name))} → {value_in_words(after[name])}"
    elif after is not None:
        yield f"{value_in_words(before)} → {value_in_words(after)}"
    elif before is not None:
        yield f"before: {value_in_words(before)}"


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 36 and bool(UUID(value))
    except ValueError:
        return False


def _spaced(name: str) -> str:
    """`emailOneTimePasscode` as "Email One Time Passcode"."""
    spaced = _HUMP.sub(" ", name).replace("_", " ")
    return spaced[:1].upper() + spaced[1:]
