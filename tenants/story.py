"""The story of a request, by the reference that a person quotes, and of somebody's last attempts (BEHAVIOUR J).

Knows how a reference is written, which lines belong together and in which order they are told. Reads only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db.models import Q

from tenants.deeds import Group, actions_of
from tenants.models import AuditEntry, Tenant
from tenants.searching import Search, newest
from tenants.telling import about_of, deed_of, facts_of, remedy_of, seen_of, who_of, why_of

MOST_LINES: Final = 500
ATTEMPT_ENDS_AFTER: Final = timedelta(minutes=30)
"""A pause as long as a code lives (R11): what comes after it is another attempt."""
ATTEMPTS: Final = 5
"""How many of an address's last attempts are told."""

Mailed = tuple[str, UUID]
"""A kind of mail, and the invitation that it is about."""

_MAILS: Final[Mapping[str, str]] = {
    "guest.invited": "invitation",
    "guest.invited_again": "invitation",
    "guest.reset": "invitation",
    "invitation.resent": "invitation",
    "invitation.reminded": "invitation",
    "invitation.asked_again": "invitation_request",
}
"""Deeds about an invitation that are followed by a mail of this kind."""

_COPIES: Final = {"invitation_copy": "invitation"}
"""A kind of mail that is queued together with another kind."""

_DIGITS: Final = re.compile(r"[0-9A-F]{12}")
_MOST_OF_AN_ADDRESS: Final = 200


def canonical_reference(text: str) -> str | None:
    """`7F3A-91C2-0D4E` however it was typed or read out; None for what is no reference."""
    digits = re.sub(r"[\s\-–]", "", text).upper()
    if not _DIGITS.fullmatch(digits):
        return None
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


@dataclass(frozen=True)
class Step:
    """One line of a story in sentences; an empty one says nothing."""

    entry: AuditEntry
    gap: timedelta | None
    """Since the step before; None for the first."""
    is_asked_for: bool
    """Whether it is of the request that was asked for, or came before or after it."""

    @property
    def sentence(self) -> str:
        about = about_of(self.entry)
        return f"{who_of(self.entry)} {deed_of(self.entry)}{f': {about}' if about else ''}."

    @property
    def facts(self) -> str:
        return facts_of(self.entry)

    @property
    def seen(self) -> str:
        return seen_of(self.entry)

    @property
    def why(self) -> str:
        return why_of(self.entry)

    @property
    def remedy(self) -> str:
        return remedy_of(self.entry)


@dataclass(frozen=True)
class Story:
    """Steps of one tenant, oldest first."""

    tenant: Tenant
    steps: list[Step]


def stories_of(reference: str) -> list[Story]:
    """The request's lines with what its codes and mails came to, a story for each tenant.

    In the open scope or, inside every_tenant(), of all.
    """
    asked = lines_of(reference)
    whole = {entry.id: entry for entry in (*asked, *_came_of(asked))}
    ordered = sorted(whole.values(), key=lambda entry: (str(entry.tenant_id), entry.id))
    return [
        Story(tenant, list(_steps(lines, reference)))
        for tenant, lines in groupby(ordered, key=lambda entry: entry.tenant)
    ]


def attempts_of(address: str, subjects: tuple[UUID, ...]) -> list[Story]:
    """The last attempts to come in by this address or as one of these guests, the newest first. In a tenant's scope."""
    actions = (*actions_of(Group.SIGN_INS), *actions_of(Group.CODES))
    search = Search(address=address, subjects=subjects, actions=actions)
    found = newest(search, before=None, at_most=_MOST_OF_AN_ADDRESS).entries
    mails = _came_of(found)
    lines = sorted({entry.id: entry for entry in (*found, *mails)}.values(), key=lambda entry: entry.id)
    attempts: list[list[AuditEntry]] = []
    for entry in lines:
        if not attempts or entry.at - attempts[-1][-1].at > ATTEMPT_ENDS_AFTER:
            attempts.append([])
        attempts[-1].append(entry)
    return [Story(attempt[0].tenant, list(_steps(attempt, ""))) for attempt in reversed(attempts[-ATTEMPTS:])]


def lines_of(reference: str) -> list[AuditEntry]:
    """The history's lines of that request, oldest first, in the open scope or, inside every_tenant(), of all."""
    # Naming the tenants lets PostgreSQL look into the index of (tenant, correlation) once for each.
    found = AuditEntry.objects.filter(correlation=reference, tenant__in=Tenant.objects.all())
    return list(found.select_related("tenant").order_by("id")[:MOST_LINES])


def _came_of(lines: Sequence[AuditEntry]) -> list[AuditEntry]:
    """What else happened to the codes and to the mails that these lines tell of: a worker sends them later."""
    codes = {entry.subject_id for entry in lines if entry.subject_kind == "passcode" and entry.subject_id}
    sending = [entry for entry in lines if _mailed_by(entry)]
    wanted = Q(subject_id__in=codes)
    if sending:
        mailed = {mailed for entry in sending if (mailed := _mailed_by(entry))}
        guests = {entry.subject_id for entry in sending if entry.subject_id}
        later = Q(subject_id__in={one for _, one in mailed}, action__in=actions_of(Group.MAIL))
        later |= Q(subject_id__in=guests, action__in=list(_MAILS))
        wanted |= later & Q(id__gt=min(entry.id for entry in sending))
    elif not codes:
        return []
    found = AuditEntry.objects.filter(wanted, tenant__in={entry.tenant_id for entry in lines})
    told = {entry.id: entry for entry in (*sending, *found.select_related("tenant").order_by("id")[:MOST_LINES])}
    return list(_of_these(sorted(told.values(), key=lambda entry: entry.id), codes, {entry.id for entry in sending}))


def _of_these(lines: Iterable[AuditEntry], codes: Set[UUID | None], sending: Set[int]) -> Iterator[AuditEntry]:
    """Without the mails of the same invitation that another request sent."""
    last: dict[Mailed, int] = {}
    for entry in lines:
        if entry.subject_id in codes:
            yield entry
        elif mailed := _mailed_by(entry):
            last[mailed] = entry.id
        elif entry.subject_id and last.get((_COPIES.get(entry.subject_kind, entry.subject_kind), entry.subject_id)) in (
            sending
        ):
            yield entry


def _mailed_by(entry: AuditEntry) -> Mailed | None:
    """What the deed of this line sent a mail about."""
    kind, invitation = _MAILS.get(entry.action), entry.details.get("invitation")
    return (kind, UUID(invitation)) if kind and invitation else None


def _steps(lines: Iterable[AuditEntry], reference: str) -> Iterator[Step]:
    before: AuditEntry | None = None
    for entry in lines:
        gap = entry.at - before.at if before is not None else None
        yield Step(entry, gap, is_asked_for=not reference or entry.correlation == reference)
        before = entry


def gap_in_words(gap: timedelta) -> str:
    """How long a story paused: "+1.2 s", "+4 min", "+2 h"."""
    seconds = max(0.0, gap.total_seconds())
    if seconds < 60:
        return f"+{seconds:.1f} s"
    if seconds < 3600:
        return f"+{seconds / 60:.0f} min"
    return f"+{seconds / 3600:.0f} h" if seconds < 48 * 3600 else f"+{seconds / 86400:.0f} days"
