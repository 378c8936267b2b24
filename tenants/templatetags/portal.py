"""How the portal writes a line of the audit.

Knows notation only: a dotted action as words, its outcome as a mark, its details in a sentence's length.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import template

from tenants.models import AuditEntry, Outcome

register = template.Library()

MARKS = {Outcome.SUCCESS: "ok", Outcome.REFUSED: "no", Outcome.FAILED: "no"}
WORDS = {Outcome.SUCCESS: "Done", Outcome.REFUSED: "Refused", Outcome.FAILED: "Failed"}

DEEDS = {"invitation.opened": "Link opened (a mail scanner may have)"}
"""Actions that their own name says too little about."""


@register.filter
def deed(entry: AuditEntry) -> str:
    """`invitation.sent` as "Invitation sent", or as DEEDS words it."""
    return DEEDS.get(entry.action) or entry.action.replace(".", " ").replace("_", " ").capitalize()


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


@register.filter
def in_words(details: Mapping[str, Any]) -> str:
    """`{"method": "google", "before": {"status": "x"}}` as "method google, before (status x)"."""
    return ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in details.items())


def without_ids(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details that a person can read: ids stand on the entry's own page."""
    return {name: value for name, value in details.items() if not _is_id(value)}


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 36 and bool(UUID(value))
    except ValueError:
        return False


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({in_words(value)})"
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value) or "none"
    return str(value) if value not in ("", None) else "none"
