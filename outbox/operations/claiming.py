"""Which sender holds a mail: a row is claimed by one of them, and its lease is renewed while they are at it.

Knows the statements that let many senders share one table without losing a row or sending it twice at once.

A lease is `due_at` moved on; its token is the number of tries, which each claim raises. All times are the database's,
so that senders whose clocks differ agree. (DESIGN 4, Mail; SAFETY B8 to B11)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from outbox.models import OutboundMail, Rank
from outbox.rules import HEAD_START, LASTS, LEASE, PACE_FORGIVES
from tenants.scope import current_tenant_id, let_go_of_connection, resume_scope

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claimed:
    """A row that this sender holds for LEASE from the claim on. `tries` is the lease's token."""

    id: UUID
    tenant_id: UUID
    kind: str
    subject_id: UUID
    rank: int
    message_id: str
    tries: int
    leases_lost: int
    last_reason: str
    is_late: bool


_TAKEN: Final = """
    SET state = 'leased', due_at = statement_timestamp() + make_interval(secs => %(lease)s), tries = mail.tries + 1,
        leases_lost = mail.leases_lost + CASE WHEN mail.state = 'leased' THEN 1 ELSE 0 END
"""
_RETURNED: Final = """
    RETURNING mail.id, mail.tenant_id, mail.kind, mail.subject_id, mail.rank, mail.message_id, mail.tries,
              mail.leases_lost, mail.reason, mail.deadline_at <= statement_timestamp()
"""

_BULK: Final = f"rank = {Rank.BULK.value} AND state IN ('queued', 'leased')"

# One row, whoever else looks at the same time. Not `id IN (SELECT … LIMIT 1 … SKIP LOCKED)`: that took many (it may
# run the subquery once per row).
_CLAIM_NEXT: Final = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM outbox_outboundmail
        WHERE state IN ('queued', 'leased') AND due_at <= statement_timestamp() AND rank < {Rank.BULK.value}
        ORDER BY rank, due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox_outboundmail AS mail {_TAKEN} FROM due WHERE mail.id = due.id {_RETURNED}
"""  # noqa: S608  # constants of this file

# Bulk mails whose turn has come before: they took their place in their tenant's rate then, and do not queue up again
# behind what is late. An index of their own has no other mails.
_CLAIM_AGAIN: Final = f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM outbox_outboundmail
        WHERE {_BULK} AND tries > 0 AND due_at <= statement_timestamp()
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox_outboundmail AS mail {_TAKEN} FROM due WHERE mail.id = due.id {_RETURNED}
"""  # noqa: S608  # constants of this file

# Of the tenant that has waited longest for its rate, the mail that has: its turn has come. Each tenant's first is
# looked up in the index, a few microseconds each, so that mails which wait for their tenant's rate are not read. A
# tenant whose row another transaction holds is passed over: nothing here waits. A mail that is dead by now costs no
# time. From its turn on, a mail lasts as long as any other.
_CLAIM_BULK: Final = f"""
    WITH paced AS MATERIALIZED (
        SELECT tenant.id FROM tenants_tenant AS tenant
        WHERE (tenant.bulk_paced_at IS NULL OR tenant.bulk_paced_at <= statement_timestamp())
          AND (SELECT mail.due_at FROM outbox_outboundmail AS mail
               WHERE {_BULK} AND tries = 0 AND mail.tenant_id = tenant.id AND mail.due_at <= statement_timestamp()
               ORDER BY mail.due_at LIMIT 1) IS NOT NULL
        ORDER BY tenant.bulk_paced_at NULLS FIRST LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ), due AS MATERIALIZED (
        SELECT id, tenant_id, deadline_at FROM outbox_outboundmail
        WHERE {_BULK} AND tries = 0 AND tenant_id = (SELECT id FROM paced) AND due_at <= statement_timestamp()
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ), pace AS (
        UPDATE tenants_tenant AS tenant SET bulk_paced_at =
            greatest(tenant.bulk_paced_at, statement_timestamp() - make_interval(secs => %(forgiven)s))
            + make_interval(secs => 3600.0 / greatest(tenant.bulk_mails_per_hour, 1))
        FROM due WHERE tenant.id = due.tenant_id AND due.deadline_at > statement_timestamp()
    )
    UPDATE outbox_outboundmail AS mail {_TAKEN},
        deadline_at = least(mail.deadline_at, statement_timestamp() + make_interval(secs => %(lasts)s))
    FROM due WHERE mail.id = due.id {_RETURNED}
"""  # noqa: S608  # constants of this file

# A fresh row before it falls due to the relay, but no row that waits for another try: a message that the broker
# delivers again must not shorten the wait.
_CLAIM_ONE: Final = f"""
    UPDATE outbox_outboundmail AS mail {_TAKEN}
    WHERE id = %(id)s AND tenant_id = %(tenant)s AND state IN ('queued', 'leased')
      AND due_at <= statement_timestamp() + make_interval(secs => CASE WHEN tries = 0 THEN %(head_start)s ELSE 0 END)
    {_RETURNED}
"""


def claim_mail(*, mail_id: UUID) -> Claimed | None:
    """Take the named row of the open tenant; None when another sender holds it, it is settled, or it must wait."""
    return _claimed(
        _CLAIM_ONE, {"id": mail_id, "tenant": current_tenant_id(), "head_start": HEAD_START.total_seconds()}
    )


def claim_next() -> Claimed | None:
    """Take the most urgent row that is due, inside every_tenant(); None when nothing is due.

    Bulk mails are taken when nothing else is due: those that wait for another try, then each tenant's next at its
    hourly rate, however many are late (R17).
    """
    rate = {"forgiven": PACE_FORGIVES.total_seconds(), "lasts": LASTS.total_seconds()}
    return _claimed(_CLAIM_NEXT, {}) or _claimed(_CLAIM_AGAIN, {}) or _claimed(_CLAIM_BULK, rate)


def _claimed(statement: str, parameters: dict[str, Any]) -> Claimed | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"lease": LEASE.total_seconds(), **parameters})
        row = cursor.fetchone()
    return Claimed(*row) if row else None


def keep_lease(*, claimed: Claimed) -> bool:
    """Begin the lease anew, before the mail leaves. False when the row is no longer ours or too late by now."""
    resume_scope()
    return _renewed(claimed, "deadline_at > statement_timestamp()")


def renew_lease(*, claimed: Claimed) -> bool:
    """Begin the lease anew while the conversation with the mail server goes on. False when another sender has the row.

    Gives the connection back: a slow server must not keep it. A database that is away ends no conversation, since the
    next renewal may reach it.
    """
    try:
        resume_scope()
        if _renewed(claimed):
            return True
        # Settled already is a mail of which the provider told us before it answered.
        return not OutboundMail.objects.waiting().filter(id=claimed.id).exists()
    except (OperationalError, InterfaceError) as error:
        log.warning("The lease of %s mail %s was not renewed (%s).", claimed.kind, claimed.id, type(error).__name__)
        return True
    finally:
        let_go_of_connection()


def _renewed(claimed: Claimed, condition: str = "true") -> bool:
    with connection.cursor() as cursor:
        cursor.execute(  # S608: the conditions are constants of this file
            "UPDATE outbox_outboundmail SET due_at = statement_timestamp() + make_interval(secs => %s)"  # noqa: S608
            f" WHERE id = %s AND tenant_id = %s AND state = 'leased' AND tries = %s AND {condition}",
            [LEASE.total_seconds(), claimed.id, claimed.tenant_id, claimed.tries],
        )
        return bool(cursor.rowcount)
