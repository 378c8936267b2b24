"""How pages and mails write times, codes and quoted text.

Knows notation only (`22 Nov, 19:31 UTC`, `1234 5678`, a quoted message); it must never decide what a person may see.
"""

import re
import textwrap
import unicodedata
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from passcodes.rules import show_code

register = template.Library()

_RIGHT_TO_LEFT = ("R", "AL")
_NO_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
"""Isolates of the name's own: an unbalanced one would end ours."""

LINE = 66
"""Columns of a text mail: room for one more `>` in an answer before a terminal of 80 wraps."""


class TermsBlock(NamedTuple):
    """One block of the terms of use: a heading or a paragraph."""

    is_heading: bool
    text: str


@register.simple_tag(takes_context=True)
def moment(context: template.Context, at: datetime, day: Literal["near", "long"] = "near") -> SafeString:
    """`<time>` for an aware datetime: in UTC as it stands, in the reader's own zone where the script runs.

    `near` leaves the day out on the day itself and abbreviates the month; `long` always gives the day, in full.
    The year stands only where it is another than that of `now` in the context.
    """
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-local="{}">{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        day,
        _written(utc, now=context.get("now"), day=day),
    )


def _written(utc: datetime, *, now: Any, day: str) -> str:
    """The words inside `<time>`; `now` may be missing on a page of last resort, then nothing is left out."""
    today = now.astimezone(UTC) if isinstance(now, datetime) else None
    if day == "near" and today is not None and utc.date() == today.date():
        return f"{utc:%H:%M} UTC"
    month = "F" if day == "long" else "M"
    year = "" if today is not None and utc.year == today.year else " Y"
    return f"{date_format(utc, f'j {month}{year}', use_l10n=False)}, {utc:%H:%M} UTC"


@register.filter
def clock(at: datetime) -> str:
    """`19:58 UTC`, for mails, which nothing localises."""
    return f"{at.astimezone(UTC):%H:%M} UTC"


@register.filter
def full_moment(at: datetime) -> str:
    """`22 November 2026 at 19:28 UTC`, for mails, which may be read years later."""
    return f"{full_day(at.astimezone(UTC))} at {clock(at)}"


@register.filter
def full_day(day: date) -> str:
    """`1 September 2026`."""
    return date_format(day, "j F Y", use_l10n=False)


@register.filter
def spaced_code(code: str) -> str:
    """`12345678` as `1234 5678` (R12)."""
    return show_code(code)


@register.filter
def folded(text: str) -> str:
    """A paragraph of a text mail in lines of at most LINE columns; a longer word, such as a link, stays whole."""
    lines = textwrap.wrap(" ".join(text.split()), LINE, break_long_words=False, break_on_hyphens=False)
    for n, line in enumerate(lines[:-1]):
        if line.count("\u2068") > line.count("\u2069"):  # a line's end would end the isolate (UAX 9, 3.3.1)
            lines[n], lines[n + 1] = f"{line}\u2069", f"\u2068{lines[n + 1]}"
    return "\n".join(lines)


@register.filter
def isolated(text: str) -> str:
    """A name within a sentence of a mail. Where it is written from right to left, it stands between U+2068 and U+2069,
    so that it turns neither the sentence nor its neighbours round (UAX 9, 2.7)."""
    if not any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return text
    return f"\u2068{text.translate(_NO_ISOLATES)}\u2069"


@register.filter
def quoted(text: str) -> str:
    """Somebody's own words in a text mail: its line breaks kept, every line behind a bar (R51)."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        lines += textwrap.wrap(line, LINE - 4, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(f"  | {line}".rstrip() for line in lines)


@register.filter
def terms_blocks(text: str) -> list[TermsBlock]:
    """Plain terms of use as headings and paragraphs.

    Blocks are parted by empty lines. A block of one line that begins with `# ` or with a number and a dot, and does not
    end like a sentence, is a heading; everything else is a paragraph.
    """
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n"))]
    return [_terms_block(block) for block in blocks if block]


def _terms_block(block: str) -> TermsBlock:
    is_heading = "\n" not in block and re.match(r"#+ |\d{1,3}\. ", block) is not None and block[-1] not in ".;:,"
    return TermsBlock(is_heading, block.lstrip("# ") if is_heading else block)
