"""What lines of history say about guests and mails, carried over into their rows and figures, set by set.

Knows one statement for each thing that is read out of a stretch of lines. It must never read a line twice: the caller
moves on in the same transaction. Each is a few set-based statements, so that a stretch costs the same however many
guests a tenant has; only leakproof comparisons stand where an index is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection

from guests.operations.figures import (
    BOUNCED,
    DELIVERED,
    FAILED,
    HANDED_OVER,
    REFUSED,
    SIGNED_IN,
    STEEPNESS,
    TOOK,
)
from guests.operations.flows import ACTION as BEGUN
from guests.operations.opening import OPENED
from outbox.models import Rank
from tenants.audit import ActorKind, Outcome
from tenants.refusals import Code

CHANGES_NO_STEP: Final = (BEGUN, OPENED, "guest.signed_in", "guest.signed_out", "guest.returned")
"""What is written most about guests, and moves none of them to another step by itself."""


@dataclass(frozen=True)
class Stretch:
    """Lines of one tenant: from the one behind `after` up to `until`."""

    tenant_id: UUID
    after: int
    until: int


# What happened before a guest's last reset tells of a way in that is over, and may be read after it (R40). Lines have
# the time of the server that wrote them, so it is not asked of who was never reset, nor of who came in again since.
_STILL: Final = """
(g.device_epoch = 0 OR g.redemption_status = 'Accepted' OR {happened_at} >= g.redemption_status_changed_at)
"""

# Guests are locked in the order of their ids: who resets many of them at once does the same. A guest who was reset in
# the moment of waiting for them is asked about anew.
_MARK: Final = """
, found AS MATERIALIZED (
    SELECT g.id, min(seen.at) AS at, min(seen.happened_at) AS happened_at
      FROM seen JOIN guests_guest g ON g.tenant_id = %(tenant)s AND {joined}
     WHERE g.{column} IS NULL AND {still_seen} GROUP BY g.id
), theirs AS MATERIALIZED (
    SELECT g.id, found.at FROM found JOIN guests_guest g ON g.tenant_id = %(tenant)s AND g.id = found.id
     WHERE g.{column} IS NULL AND {still_found} ORDER BY g.id FOR NO KEY UPDATE OF g
)
UPDATE guests_guest g SET {column} = theirs.at FROM theirs WHERE g.tenant_id = %(tenant)s AND g.id = theirs.id
RETURNING (g.created_at AT TIME ZONE 'UTC')::date
"""


def _mark(column: str, joined: str) -> str:
    """The statement's end that sets `column` where it is empty, from the lines in `seen`."""
    return _MARK.format(
        column=column,
        joined=joined,
        still_seen=_STILL.format(happened_at="seen.happened_at"),
        still_found=_STILL.format(happened_at="found.happened_at"),
    )


_OPENINGS: Final = """
WITH seen AS MATERIALIZED (
    SELECT subject_id, at, happened_at FROM tenants_auditentry
     WHERE tenant_id = %(tenant)s AND id > %(after)s AND id <= %(until)s AND action = %(action)s AND code <> %(gone)s
       AND subject_id IS NOT NULL
)""" + _mark("link_opened_at", "g.id = seen.subject_id")  # noqa: S608  # constants of this file

_CODES: Final = """
WITH seen AS MATERIALIZED (
    SELECT coalesce(nullif(address, ''), details->>'address') AS address, at, happened_at FROM tenants_auditentry
     WHERE tenant_id = %(tenant)s AND id > %(after)s AND id <= %(until)s AND action = 'passcode.requested'
       AND outcome = 'success' AND (details->>'decoy') = 'false'
)""" + _mark("code_sent_at", "g.address_key = seen.address AND g.deleted_at IS NULL")  # noqa: S608  # as above

_TOUCHED: Final = """
WITH about AS MATERIALIZED (
    SELECT DISTINCT subject_id FROM tenants_auditentry
     WHERE tenant_id = %(tenant)s AND id > %(after)s AND id <= %(until)s AND subject_kind = 'guest'
       AND subject_id IS NOT NULL AND outcome = 'success' AND action <> ALL(%(not)s)
)
SELECT DISTINCT (g.created_at AT TIME ZONE 'UTC')::date
  FROM about JOIN guests_guest g ON g.tenant_id = %(tenant)s AND g.id = about.subject_id
"""

_ADD: Final = """
INSERT INTO guests_dailyfigure AS kept (tenant_id, day, name, value)
SELECT %(tenant)s, day, name, count(*) FROM told WHERE name IS NOT NULL GROUP BY day, name
ON CONFLICT (tenant_id, day, name) DO UPDATE SET value = kept.value + excluded.value
"""

_LINES: Final = f"""
WITH told AS MATERIALIZED (
    SELECT (at AT TIME ZONE 'UTC')::date AS day,
           CASE WHEN action = ANY(%(mails)s) THEN action
                WHEN action = 'guest.signed_in' AND outcome = %(success)s THEN %(signed_in)s
                WHEN outcome = %(refused)s AND actor_kind = ANY(%(comers)s) AND code = ANY(%(codes)s)
                THEN %(refused_as)s || code END AS name
      FROM tenants_auditentry WHERE tenant_id = %(tenant)s AND id > %(after)s AND id <= %(until)s
) {_ADD}"""  # noqa: S608  # constants of this file

# Bulk mail waits for its turn on purpose.
_TIMES: Final = f"""
WITH handed AS MATERIALIZED (
    SELECT (at AT TIME ZONE 'UTC')::date AS day, (details->>'mail')::uuid AS mail FROM tenants_auditentry
     WHERE tenant_id = %(tenant)s AND id > %(after)s AND id <= %(until)s AND action = %(handed_over)s
), times AS (
    SELECT handed.day, greatest(1, 1000 * extract(epoch FROM m.handed_over_at - m.created_at)) AS milliseconds
      FROM handed JOIN outbox_outboundmail m ON m.tenant_id = %(tenant)s AND m.id = handed.mail
     WHERE m.handed_over_at IS NOT NULL AND m.rank < %(bulk)s
), told AS (
    SELECT day, %(took)s || lpad(floor(ln(milliseconds) / ln(%(steepness)s))::text, 3, '0') AS name FROM times
) {_ADD}"""  # noqa: S608  # constants of this file


def mark_steps(stretch: Stretch) -> set[date]:
    """Set on guests when their link was first opened and a code first sent; the days on which they were invited."""
    opened = _days(_OPENINGS, stretch, action=OPENED, gone=Code.LINK_GONE.value)
    return opened | _days(_CODES, stretch)


def days_touched(stretch: Stretch) -> set[date]:
    """The days on which the guests were invited whom the lines say something new about."""
    return _days(_TOUCHED, stretch, **{"not": list(CHANGES_NO_STEP)})


def add_figures(stretch: Stretch) -> None:
    """Add the stretch's refusals, sign-ins, mails and times to the figures of their days."""
    _run(
        _LINES,
        stretch,
        mails=[HANDED_OVER, DELIVERED, BOUNCED, FAILED],
        success=Outcome.SUCCESS.value,
        refused=Outcome.REFUSED.value,
        signed_in=SIGNED_IN,
        comers=[ActorKind.GUEST.value, ActorKind.STRANGER.value],
        codes=[code.value for code in Code],
        refused_as=REFUSED,
    )
    _run(_TIMES, stretch, handed_over=HANDED_OVER, took=TOOK, steepness=STEEPNESS, bulk=Rank.BULK.value)


def _days(statement: str, stretch: Stretch, **more: Any) -> set[date]:
    return {row[0] for row in _run(statement, stretch, **more)}


def _run(statement: str, stretch: Stretch, **more: Any) -> Sequence[tuple[date, ...]]:
    given: dict[str, Any] = {"tenant": stretch.tenant_id, "after": stretch.after, "until": stretch.until}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**given, **more})
        return cursor.fetchall() if cursor.description else []
