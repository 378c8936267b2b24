"""How the portal writes a line of the audit.

Knows notation only: the words are telling.py's, the marks are the style sheet's.
"""

from __future__ import annotations

from datetime import timedelta

from django import template

from tenants.models import AuditEntry, Outcome
from tenants.story import gap_in_words
from tenants.telling import about_of, deed_of, facts_of, remedy_of, why_of

register = template.Library()

MARKS = {Outcome.SUCCESS: "ok", Outcome.REFUSED: "no", Outcome.FAILED: "no"}
WORDS = {Outcome.SUCCESS: "Done", Outcome.REFUSED: "Refused", Outcome.FAILED: "Failed"}


@register.filter
def deed(entry: AuditEntry) -> str:
    """`invitation.sent` as "Sent an invitation"."""
    words = deed_of(entry)
    return words[:1].upper() + words[1:]


@register.filter
def about(entry: AuditEntry) -> str:
    """Whom or what the line is about."""
    return about_of(entry)


@register.filter
def why(entry: AuditEntry) -> str:
    """Why it came to nothing."""
    return why_of(entry)


@register.filter
def remedy(entry: AuditEntry) -> str:
    """What mends it."""
    return remedy_of(entry)


@register.filter
def facts(entry: AuditEntry) -> str:
    """What else the line tells."""
    return facts_of(entry)


@register.filter
def gap(pause: timedelta | None) -> str:
    """How long a story paused: "+1.2 s"."""
    return "" if pause is None else gap_in_words(pause)


@register.filter
def timeline_mark(entry: AuditEntry) -> str:
    """The class of an entry's dot: hollow for who only looked or asked, filled for what was done or refused."""
    return "v-good" if entry.outcome == Outcome.SUCCESS else "v-bad-mark"


@register.filter
def outcome_words(entry: AuditEntry) -> str:
    return WORDS[Outcome(entry.outcome)]


@register.filter
def outcome_mark(entry: AuditEntry) -> str:
    return MARKS[Outcome(entry.outcome)]
