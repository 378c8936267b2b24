"""What a page has shown before something is saved (R62).

Knows one mechanism for every such page: the first Save shows what it would mean and stores nothing; the second one
carries a word for what was shown. It must never let a Save through whose effect has grown since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.http import HttpRequest

FIELD = "seen"


@dataclass(frozen=True)
class Sight:
    """The answer that is to be saved, the settings' version, and the numbers that were shown with them."""

    answer: str
    version: str
    counts: Sequence[int]

    @property
    def key(self) -> str:
        """What the form carries: as long for a long answer as for a short one."""
        said = sha256(f"{self.answer}|{self.version}".encode()).hexdigest()[:32]
        return f"{said}.{'.'.join(str(count) for count in self.counts)}"

    def was_shown(self, request: HttpRequest) -> bool:
        """Whether the form's reader has seen this, or something that differs from it by little."""
        said, _, numbers = request.POST.get(FIELD, "").partition(".")
        if said != self.key.partition(".")[0]:
            return False
        before = [int(one) for one in numbers.split(".") if one.isdecimal() and one.isascii() and len(one) < 10]
        return len(before) == len(self.counts) and not any(map(_is_much_more, before, self.counts))


def _is_much_more(before: int, now: int) -> bool:
    """Whether the number grew by more than one and more than a tenth, or from nothing."""
    return now > before and (before == 0 or (now - before) * 10 > max(before, 10))
