"""What happens to a mail in the outbox: it is claimed by one sender, delivered, settled, forgotten.

Knows the statements that let many senders share one table without losing a row or sending it twice at once. It must
never send while a transaction is open, nor settle a row whose lease another sender holds by now.

A lease is `due_at` moved on; its token is the number of tries, which each claim raises. All times are the database's,
so that senders whose clocks differ agree. (DESIGN 4, Mail; SAFETY B8 to B11)
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import InterfaceError, OperationalError, connection, transaction

from outbox import delivery
from outbox.delivery import Cause, HandedOver, NotHandedOver, Nothing, Withheld
from outbox.models import Rank, State
from outbox.operations.reporting import keep_name
from outbox.rules import HEAD_START, LASTS, LEASE, MOST_LEASES_LOST, PACE_FORGIVES, back_off, jittered
from tenants.addresses import Address
from tenants.audit import SYSTEM, Actor, Outcome, record
from tenants.models import Tenant
from tenants.scope import current_tenant_id

TOO_LATE: Final = "its deadline passed"

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
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_outboundmail SET due_at = statement_timestamp() + make_interval(secs => %s)"
            " WHERE id = %s AND tenant_id = %s AND state = 'leased' AND tries = %s"
            " AND deadline_at > statement_timestamp()",
            [LEASE.total_seconds(), claimed.id, claimed.tenant_id, claimed.tries],
        )
        return bool(cursor.rowcount)


def deliver(*, claimed: Claimed) -> State | None:
    """Make the claimed mail from its subject, send it and settle its row, inside its tenant's scope.

    Returns the row's state afterwards (QUEUED: it will be tried again), or None when the lease was lost on the way
    and whoever holds it now will settle it. A mail that was accepted but not settled is sent once more, with the same
    content and Message-ID: at least once is what a code needs. A code that would come too late is dropped; where
    another mail would, somebody still waits for it, so it counts as failed.
    """
    if claimed.is_late and claimed.rank == Rank.CODE:
        return settle(claimed=claimed, state=State.DROPPED, reason=claimed.last_reason or TOO_LATE)
    if claimed.leases_lost >= MOST_LEASES_LOST:
        return settle(claimed=claimed, state=State.FAILED, reason=f"{claimed.leases_lost} senders stopped while at it")
    to = ""
    try:
        message = delivery.render(claimed.kind, claimed.subject_id)
        if isinstance(message, Nothing):
            return settle(claimed=claimed, state=State(message.state), reason=message.reason)
        to = message.to
        if claimed.is_late:
            return settle(claimed=claimed, state=State.FAILED, reason=claimed.last_reason or TOO_LATE, to=to)
        answer = delivery.hand_over(
            message, message_id=claimed.message_id, may_leave=partial(keep_lease, claimed=claimed)
        )
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out and the row is taken up again
    except Exception as error:
        # One tenant's broken mail must not stop the sender, which serves the others too.
        log.exception("%s mail %s cannot be made.", claimed.kind, claimed.id)
        answer = NotHandedOver(False, Cause.MAIL, type(error).__name__)
    if isinstance(answer, HandedOver):
        return settle(
            claimed=claimed,
            state=State.HANDED_OVER,
            reason="",
            provider_message_id=answer.provider_message_id,
            to=to,
        )
    if isinstance(answer, Withheld):
        return None
    if answer.is_permanent or claimed.is_late:
        return settle(claimed=claimed, state=State.FAILED, reason=answer.reason, to=to)
    return retry_later(claimed=claimed, reason=answer.reason, again_after=answer.again_after)


def settle(*, claimed: Claimed, state: State, reason: str, provider_message_id: str = "", to: str = "") -> State | None:
    """End the row's way in `state` and write it into the history. None, and nothing written, when the lease is lost.

    `to` is whom the mail was made for, where it was made: the history is searched by it. Where the provider told what
    became of the mail before this, the row stays as it told, and only the provider's name for the mail is kept.
    """
    with transaction.atomic():
        at = _update_held(
            claimed,
            "state = %(state)s, reason = %(reason)s, settled_at = statement_timestamp(),"
            " provider_message_id = %(provider)s,"
            " handed_over_at = CASE WHEN %(state)s = 'handed_over' THEN statement_timestamp() END",
            {"state": state, "reason": reason, "provider": provider_message_id},
        )
        if at is None:
            told = keep_name(mail_id=claimed.id, tries=claimed.tries, provider_message_id=provider_message_id)
            if told is not None:
                return told
            log.warning("%s mail %s was %s by a sender that had lost its lease.", claimed.kind, claimed.id, state)
            return None
        record(
            actor=SYSTEM,
            action=f"mail.{state}",
            at=at,
            subject_kind=claimed.kind,
            subject_id=claimed.subject_id,
            outcome=Outcome.FAILED if state == State.FAILED else Outcome.SUCCESS,
            details={"mail": str(claimed.id), "tries": claimed.tries, "reason": reason},
            address=to,
        )
    return state


def retry_later(*, claimed: Claimed, reason: str, again_after: timedelta) -> State | None:
    """Give the row back until its back-off ends, or longer where the server asked for it; until its deadline at most.

    None when the lease is lost.
    """
    wait = jittered(max(back_off(claimed.tries), again_after), secrets.randbelow(1000) / 1000)
    log.info("%s mail %s: %s. Next try in %.0f s.", claimed.kind, claimed.id, reason, wait.total_seconds())
    at = _update_held(
        claimed,
        "state = 'queued', reason = %(reason)s,"
        " due_at = least(statement_timestamp() + make_interval(secs => %(wait)s), deadline_at)",
        {"reason": reason, "wait": wait.total_seconds()},
    )
    return State.QUEUED if at else None


def _update_held(claimed: Claimed, assignments: str, parameters: dict[str, Any]) -> datetime | None:
    """The database's time of the change, or None when this sender does not hold the row any more."""
    with connection.cursor() as cursor:
        cursor.execute(  # S608: the assignments are constants of this file
            f"UPDATE outbox_outboundmail SET {assignments} WHERE id = %(id)s AND tenant_id = %(tenant)s"  # noqa: S608
            " AND state = 'leased' AND tries = %(tries)s RETURNING statement_timestamp()",
            {**parameters, "id": claimed.id, "tenant": claimed.tenant_id, "tries": claimed.tries},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def send_check(
    *, tenant: Tenant, address: Address, actor: Actor, now: datetime
) -> HandedOver | NotHandedOver | Withheld:
    """Send one test mail at once, without a row: whoever asks waits for the mail server's answer."""
    message = delivery.check_message(tenant=tenant, to=address.to_send, operator=actor.name, now=now)
    answer = delivery.hand_over(message, message_id=delivery.message_id_for(uuid4()), may_leave=lambda: True)
    record(
        actor=actor,
        action="mail.checked",
        at=now,
        outcome=Outcome.FAILED if isinstance(answer, NotHandedOver) else Outcome.SUCCESS,
        details={"address": address.key, "reason": answer.reason if isinstance(answer, NotHandedOver) else ""},
    )
    return answer


def forget_settled(*, before: datetime, at_most: int) -> int:
    """Delete up to `at_most` rows that were settled before that time, inside every_tenant(); how many there were.

    One short transaction: the caller repeats it until fewer come back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH old AS MATERIALIZED (SELECT id FROM outbox_outboundmail WHERE settled_at < %s"
            " ORDER BY settled_at LIMIT %s FOR UPDATE SKIP LOCKED)"
            " DELETE FROM outbox_outboundmail AS mail USING old WHERE mail.id = old.id",
            [before, at_most],
        )
        return int(cursor.rowcount)
