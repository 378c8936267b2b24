"""What an administrator reads when an operation says no (BEHAVIOUR J).

Knows how the catalogue's sentence for a code, the reason that the operation gave and the time that a wait ends stand
together. It is never shown to a guest: guests have sentences of their own, which tell strangers less.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.catalogue import CATALOGUE
from tenants.refusals import Refusal

SENTENCES = {code: f"{entry.administrator} {entry.remedy}" for code, entry in CATALOGUE.items()}


def utc(moment: datetime) -> str:
    """22 Nov, 19:31 UTC."""
    return f"{formats.date_format(moment, 'j M, H:i')} UTC"


def for_administrator(refusal: Refusal) -> str:
    """The operation's own reason, else the code's sentence; then when it can be tried again."""
    sentence = refusal.reason or SENTENCES[refusal.code]
    if not sentence.endswith((".", "!", "?")):
        sentence += "."
    if refusal.until is not None:
        sentence += f" Try again from {utc(refusal.until)}."
    return sentence


def shown_time(moment: datetime | None, written: str = "j M, H:i", none: str = "–") -> SafeString:
    """`<time>` in UTC, for a list whose heading says so; `written` is Django's date format."""
    if moment is None:
        return format_html("{}", none)
    at = moment.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), formats.date_format(at, written))
