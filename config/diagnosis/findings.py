"""What doctor prints: a line for a need, how it is met, and the fix where it is not. It asks nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a need is met."""

    GOOD = "ok"
    NOTE = "note"
    WARNING = "warn"
    BAD = "FAIL"


@dataclass(frozen=True)
class Line:
    """What was found, in a sentence, with the fix in it when it is bad."""

    state: State
    what: str
    said: str


def good(what: str, said: str) -> Line:
    return Line(State.GOOD, what, said)


def note(what: str, said: str) -> Line:
    return Line(State.NOTE, what, said)


def warning(what: str, said: str) -> Line:
    """Works today, and is better mended: it does not fail the command."""
    return Line(State.WARNING, what, said)


def bad(what: str, said: str) -> Line:
    return Line(State.BAD, what, said)


def first_line(error: Exception) -> str:
    """The first line of what the error says, or its type's name."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
