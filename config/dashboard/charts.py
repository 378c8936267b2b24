"""Pictures of numbers, as the templates below admin/dashboard write them into SVG.

Knows geometry only: widths in percent, so that text never grows with them, heights in pixels. It must never know what
is being counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format, number_format

MOST = 10_000
"""How far is counted while somebody waits."""

LABEL = 16
"""Letters of a bar's name that have room before it on the narrowest page; the table has the whole name."""

BAR_STEP, STEP_STEP = 32, 52
"""Pixels from one bar to the next, and from one step of a funnel to the next."""

WIDEST_BAR, ROOM_FOR_A_LETTER, SHORT = 42.0, 2.6, 3
"""Percent; the rest is for the name before it and the number after it, if that has three letters at most."""

NARROWEST = 0.7
"""Percent: whatever is there is seen."""

FLOOR, TALLEST = 88, 80
"""Where columns stand, and how high the highest is, in pixels from above."""

GAP = 1
"""Pixels between two parts of a column."""


def shown(count: int) -> str:
    """A number for people."""
    return number_format(count, force_grouping=True)


def at_most(count: int) -> str:
    """The same for a number that was counted no further than one beyond MOST: `10,000+`."""
    return shown(min(count, MOST)) + ("+" if count > MOST else "")


def share(part: int, whole: int) -> str:
    """`67 %`."""
    return f"{round(100 * part / whole)}\N{NO-BREAK SPACE}%" if whole else "–"


@dataclass(frozen=True)
class Count:
    """A number with its name, and the list behind it where there is one."""

    name: str
    count: int
    url: str = ""

    @property
    def shown(self) -> str:
        return shown(self.count)

    @property
    def link(self) -> str:
        """Nothing leads to an empty list."""
        return self.url if self.count else ""


@dataclass(frozen=True)
class Bar:
    """A count drawn from left to right, beside its name."""

    count: Count
    width: str
    top: int

    @property
    def label(self) -> str:
        name = self.count.name
        return name if len(name) <= LABEL else f"{name[: LABEL - 1].rstrip()}…"


@dataclass(frozen=True)
class Bars:
    """Bars below each other; the longest is as wide as there is room."""

    bars: tuple[Bar, ...]

    @property
    def height(self) -> int:
        return BAR_STEP * len(self.bars)

    @property
    def told(self) -> str:
        """What the picture shows, in a sentence."""
        return ", ".join(f"{bar.count.name} {bar.count.shown}" for bar in self.bars) + "."


def bars(counts: Sequence[Count]) -> Bars:
    most = max((one.count for one in counts), default=0) or 1
    widest = WIDEST_BAR - ROOM_FOR_A_LETTER * max(len(shown(most)) - SHORT, 0)
    widths = [max(widest * one.count / most, NARROWEST if one.count else 0) for one in counts]
    return Bars(tuple(Bar(one, f"{widths[at]:.1f}%", BAR_STEP * at) for at, one in enumerate(counts)))


@dataclass(frozen=True)
class Step:
    """One step of a funnel: who came so far, of those at its beginning, and who was lost since the step before."""

    count: Count
    of_first: str
    width: str
    top: int
    lost: Count | None


@dataclass(frozen=True)
class Funnel:
    """Steps below each other, each against the first."""

    steps: tuple[Step, ...]

    @property
    def height(self) -> int:
        return STEP_STEP * len(self.steps)

    @property
    def told(self) -> str:
        return ", ".join(f"{step.count.name} {step.count.shown}" for step in self.steps) + "."


def funnel(counts: Sequence[Count], lost: Sequence[Count]) -> Funnel:
    """`lost` has one entry for each count but the first."""
    first = counts[0].count
    gone: list[Count | None] = [None, *lost]
    return Funnel(
        tuple(
            Step(one, share(one.count, first), f"{100 * one.count / (first or 1):.1f}%", STEP_STEP * at, gone[at])
            for at, one in enumerate(counts)
        )
    )


@dataclass(frozen=True)
class Column:
    """One day: what went well stands on the floor, what did not upon it."""

    day: date
    good: Count
    bad: Count
    x: str
    width: str
    good_top: int
    good_height: int
    bad_top: int
    bad_height: int

    @property
    def name(self) -> str:
        """`22 Nov`."""
        return date_format(self.day, "j M")


@dataclass(frozen=True)
class Columns:
    """Days beside each other; the highest is as high as there is room."""

    columns: tuple[Column, ...]
    told: str

    @property
    def newest_first(self) -> tuple[Column, ...]:
        """The days on which something happened."""
        return tuple(one for one in reversed(self.columns) if one.good.count or one.bad.count)


def columns(days: Sequence[tuple[date, Count, Count]], told: str) -> Columns:
    """A column for each (day, good, bad)."""
    highest = max((good.count + bad.count for _, good, bad in days), default=0) or 1
    pitch = 100 / (len(days) or 1)
    drawn = []
    for at, (day, good, bad) in enumerate(days):
        good_height, bad_height = _height(good.count, highest), _height(bad.count, highest)
        gap = GAP if good_height and bad_height else 0
        drawn.append(
            Column(
                day=day,
                good=good,
                bad=bad,
                x=f"{pitch * at:.2f}%",
                width=f"{pitch * 0.72:.2f}%",
                good_top=FLOOR - good_height,
                good_height=good_height,
                bad_top=FLOOR - good_height - gap - bad_height,
                bad_height=bad_height,
            )
        )
    return Columns(tuple(drawn), told)


def _height(count: int, highest: int) -> int:
    """Whatever happened is seen."""
    return max(1, round(TALLEST * count / highest)) if count else 0
