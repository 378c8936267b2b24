"""What an administrator asks the history, as the address of its page says it.

Knows how references, addresses, days and names are typed, and turns them into a Search. It must never guess: what
cannot be read is said in a sentence, and no line is shown beside it as if it had been.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from tenants.addresses import AddressRefused, canonical
from tenants.catalogue import entry_of
from tenants.deeds import DEEDS, GROUPS, Group, actions_of, words_for
from tenants.models import ActorKind, Administrator, Outcome
from tenants.searching import Search, names_beginning
from tenants.story import canonical_reference

OUTCOMES: Final = {Outcome.SUCCESS: "Done", Outcome.REFUSED: "Refused", Outcome.FAILED: "Failed"}
SIGN_IN_GROUPS: Final = (Group.SIGN_INS, Group.CODES)
VISITORS: Final = "visitors"
"""`?by=visitors`: what guests and strangers did, or could not."""
LONGEST: Final = 254
"""Characters of one condition; the longest address has as many."""
MOST_NAMES: Final = 20

_SOURCE: Final = re.compile(r"(?=.*[.:])[0-9a-f.:]{2,45}", re.IGNORECASE)
_ACTION: Final = re.compile(r"[a-z_]+\.[a-z_.]*", re.IGNORECASE)
_YEARS: Final = range(2000, 3000)

Subjects = Callable[[str], tuple[UUID, ...]]


class Unread(ValueError):
    """A condition that cannot be read; the message says which and how it is written."""


@dataclass
class Asked:
    """The conditions of one page, as they were read."""

    values: dict[str, str] = field(default_factory=dict)
    """By the names that they have in the page's address."""
    shown: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The same for people: what it is, and which."""
    search: Search = field(default_factory=Search)
    problems: list[str] = field(default_factory=list)

    def query(self, **changes: object) -> str:
        """The page's query with some conditions changed, or left out where they are None: "?code=E-CODE"."""
        wanted = {**self.values, **changes}
        return "?" + urlencode({name: value for name, value in wanted.items() if value not in (None, "")})


def asked(given: Mapping[str, str], *, groups: Iterable[Group], subjects: Subjects) -> Asked:
    """The page's conditions. `groups`: those that the page is about, all of them for the audit log. `subjects` finds
    the guests of an address; an administrator's finds what they did, too."""
    about = tuple(groups)
    found = Asked()
    conditions: dict[str, Any] = {}
    typed = {name: value.strip() for name, value in given.items() if value.strip()}
    if "q" in typed:
        typed = {**typed, **_by_shape(typed.pop("q"))}
    for name, read in _READERS.items():
        if name in typed:
            try:
                written, label, shown, condition = read(_plain(typed[name]))
            except Unread as unread:
                found.problems.append(str(unread))
                continue
            found.values[name], found.shown[name] = written, (label, shown)
            conditions |= condition
    if "address" in conditions:
        theirs = Administrator.objects.filter(email=conditions["address"]).first()
        conditions["subjects"] = subjects(conditions["address"])
        if theirs is not None:  # of whatever tenant, and whatever roles: the lines are this tenant's alone
            conditions["subjects"] += (theirs.pk,)
            conditions["actors"] = ((str(theirs), theirs.pk),)
    if len(about) < len(GROUPS):
        of_page = [action for group in about for action in actions_of(group)]
        narrowed = tuple(action for action in conditions.get("actions", of_page) if action in of_page)
        conditions["actions"] = narrowed or ("",)  # no line has that action
    found.search = Search(**conditions)
    return found


def _by_shape(term: str) -> dict[str, str]:
    """Which condition a search box's text is: its shape says so."""
    if canonical_reference(term):
        return {"reference": term}
    if term[:2].upper() == "E-":
        return {"code": term}
    if "@" in term:
        return {"address": term}
    if _SOURCE.fullmatch(term):
        return {"source": term}
    return {"action": term} if _ACTION.fullmatch(term) else {"who": term}


def _plain(text: str) -> str:
    if len(text) > LONGEST or not text.isprintable():
        raise Unread(
            f"“{text[:40] if text.isprintable() else '…'}” cannot be looked for: nothing is written like that."
        )
    return text


def _address(text: str) -> tuple[str, str, str, dict[str, Any]]:
    try:
        key = canonical(text).key
    except AddressRefused as refused:
        raise Unread(f"“{text}” is no whole address: {refused} Write it as nicole@example.com.") from None
    return key, "Address", key, {"address": key}


def _reference(text: str) -> tuple[str, str, str, dict[str, Any]]:
    reference = canonical_reference(text)
    if reference is None:
        raise Unread(f"“{text}” is no reference: it has twelve digits from 0 to 9 and A to F, such as 7F3A-91C2-0D4E.")
    return reference, "Reference", reference, {"reference": reference}


def _code(text: str) -> tuple[str, str, str, dict[str, Any]]:
    if entry_of(text) is None:
        raise Unread(f"There is no error code “{text}”. The page Error codes lists them.")
    return text.upper(), "Error code", text.upper(), {"code": text.upper()}


def _who(text: str) -> tuple[str, str, str, dict[str, Any]]:
    """A name, or how it begins. The index tells capitals apart, so the text is looked for as it was typed, in small
    letters as guests' addresses are, and with a capital for each word as people's names are."""
    spellings = dict.fromkeys((text, text.lower(), text.title()))
    names = [name for one in spellings for name in names_beginning(one, at_most=MOST_NAMES + 1)]
    if len(names) > MOST_NAMES:
        raise Unread(f"More than {MOST_NAMES} names begin with “{text}”. Write more of it.")
    return text, "Who", text, {"who": (text,) if text in names or not names else tuple(names)}


def _by(text: str) -> tuple[str, str, str, dict[str, Any]]:
    if text != VISITORS:
        raise Unread(f"“{text}” is nobody whom the log tells apart. Write visitors for guests and strangers.")
    return text, "By", "Guests and strangers", {"kinds": (ActorKind.GUEST, ActorKind.STRANGER)}


def _group(text: str) -> tuple[str, str, str, dict[str, Any]]:
    try:
        group = Group(text)
    except ValueError:
        raise Unread(f"The log has no part called “{text}”.") from None
    return text, "What", GROUPS[group], {"actions": tuple(actions_of(group))}


def _action(text: str) -> tuple[str, str, str, dict[str, Any]]:
    """One action, several with commas between them, or how their names begin."""
    names = [name for part in text.lower().split(",") if (name := part.strip())]
    actions = dict.fromkeys(action for name in names for action in _actions_of(name))
    words = " or ".join(words_for(name, is_done=True) if name in DEEDS else f"{name}…" for name in names)
    return ",".join(names), "What", words[:1].upper() + words[1:], {"actions": tuple(actions) or ("",)}


def _actions_of(name: str) -> tuple[str, ...]:
    return (name,) if name in DEEDS else tuple(action for action in DEEDS if action.startswith(name)) or (name,)


def _outcome(text: str) -> tuple[str, str, str, dict[str, Any]]:
    if text not in Outcome.values:
        raise Unread(f"“{text}” is no outcome. Choose Done, Refused or Failed.")
    return text, "Outcome", OUTCOMES[Outcome(text)], {"outcome": text}


def _source(text: str) -> tuple[str, str, str, dict[str, Any]]:
    return text, "Network begins with", text, {"source": text}


def _since(text: str) -> tuple[str, str, str, dict[str, Any]]:
    moment, is_day = _moment(text)
    return text, "From", _shown(moment, is_day), {"since": moment}


def _until(text: str) -> tuple[str, str, str, dict[str, Any]]:
    moment, is_day = _moment(text)
    return text, "To", _shown(moment, is_day), {"until": moment + timedelta(days=1) if is_day else moment}


def _on(text: str) -> tuple[str, str, str, dict[str, Any]]:
    moment, _ = _moment(text)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return text, "On", _shown(day, True), {"since": day, "until": day + timedelta(days=1)}


def _moment(text: str) -> tuple[datetime, bool]:
    """The time, in UTC, and whether only its day was given."""
    try:
        is_day = len(text) == 10 and bool(date.fromisoformat(text))
        read = datetime.fromisoformat(text)
        at = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unread(f"“{text}” is no day. Write it as 2026-11-22, in UTC.") from None
    if at.year not in _YEARS:
        raise Unread(f"“{text}” is too far away. Write a day as 2026-11-22, in UTC.")
    return at, is_day


def _shown(moment: datetime, is_day: bool) -> str:
    return f"{moment:%-d %b %Y}" if is_day else f"{moment:%-d %b %Y, %H:%M} UTC"


_READERS: Final = {
    "address": _address,
    "reference": _reference,
    "code": _code,
    "who": _who,
    "by": _by,
    "group": _group,
    "action": _action,
    "outcome": _outcome,
    "source": _source,
    "since": _since,
    "until": _until,
    "on": _on,
}
