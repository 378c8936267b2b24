"""What happens to a claimed mail: it is delivered, then settled or tried again later, and forgotten in the end.

It must never send while a transaction is open, nor settle a row that another sender holds by now, unless the mail was
handed over. (DESIGN 4, Mail; SAFETY B8 to B11)
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

from django.db import InterfaceError, OperationalError, connection, transaction

from outbox import delivery
from outbox.delivery import Cause, HandedOver, NotHandedOver, Nothing, Withheld
from outbox.models import Rank, State
from outbox.operations.claiming import Claimed, keep_lease, renew_lease
from outbox.operations.reporting import keep_name
from outbox.rules import MOST_LEASES_LOST, SHORTEST_WAIT, back_off, jittered
from tenants.addresses import Address
from tenants.audit import SYSTEM, Actor, Outcome, record
from tenants.models import Tenant
from tenants.scope import let_go_of_connection, resume_scope

TOO_LATE: Final = "its deadline passed"

SETTLES_WITHIN: Final = 10.0
"""Seconds for which a sender that has handed a mail over asks a database that is away to note it."""

_HELD: Final = "state = 'leased' AND tries = %(tries)s"
_NOT_HANDED_OVER: Final = "state IN ('queued', 'leased', 'failed', 'dropped')"

log = logging.getLogger(__name__)


def deliver(*, claimed: Claimed, on_slow: Callable[[], None] = lambda: None) -> State | None:
    """Make the claimed mail from its subject, send it and settle its row, inside its tenant's scope.

    `on_slow` is called at each renewal of the lease, the first one two seconds after the server was asked.

    Returns the row's state afterwards (QUEUED: it will be tried again), or None when the lease was lost on the way
    and whoever holds it now will settle it. A mail that was accepted but not settled is sent once more, with the same
    content and Message-ID: at least once is what a code needs. A code that would come too late is dropped; where
    another mail would, somebody still waits for it, so it counts as failed.
    """
    if claimed.is_late and claimed.rank == Rank.CODE:
        return settle(claimed=claimed, state=State.DROPPED, reason=claimed.last_reason or TOO_LATE)
    if claimed.leases_lost >= MOST_LEASES_LOST:
        return settle(claimed=claimed, state=State.FAILED, reason=f"{claimed.leases_lost} senders stopped while at it")
    to, began = "", time.monotonic()

    def renew() -> bool:
        on_slow()
        return renew_lease(claimed=claimed)

    try:
        message = delivery.render(claimed.kind, claimed.subject_id)
        if isinstance(message, Nothing):
            return settle(claimed=claimed, state=State(message.state), reason=message.reason)
        to = message.to
        if claimed.is_late:
            return settle(claimed=claimed, state=State.FAILED, reason=claimed.last_reason or TOO_LATE, to=to)
        answer = delivery.hand_over(
            message, message_id=claimed.message_id, may_leave=partial(keep_lease, claimed=claimed), renew=renew
        )
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out and the row is taken up again
    except Exception as error:
        # One tenant's broken mail must not stop the sender, which serves the others too.
        log.exception("%s mail %s cannot be made.", claimed.kind, claimed.id)
        answer = NotHandedOver(False, Cause.MAIL, type(error).__name__)
    if isinstance(answer, HandedOver):
        return _settle_delivered(claimed, answer.provider_message_id, to)
    if isinstance(answer, Withheld):
        return None
    if answer.is_permanent or claimed.is_late:
        return settle(claimed=claimed, state=State.FAILED, reason=answer.reason, to=to)
    took = timedelta(seconds=time.monotonic() - began)
    return retry_later(claimed=claimed, reason=answer.reason, again_after=answer.again_after, took=took)


def _settle_delivered(claimed: Claimed, provider_message_id: str, to: str) -> State | None:
    """Note the delivery, also where the database was away for a moment: the mail would be sent once more."""
    ends_at = time.monotonic() + SETTLES_WITHIN
    while True:
        try:
            return settle(
                claimed=claimed,
                state=State.HANDED_OVER,
                reason="",
                provider_message_id=provider_message_id,
                to=to,
            )
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > ends_at:
                raise
            let_go_of_connection()
            time.sleep(0.5)


def settle(*, claimed: Claimed, state: State, reason: str, provider_message_id: str = "", to: str = "") -> State | None:
    """End the row's way in `state` and write it into the history. None, and nothing written, when the lease is lost.
    A mail that was handed over is so whoever holds its row by now: the other sender withholds it, if it still can.

    `to` is whom the mail was made for, where it was made: the history is searched by it. Where the provider told what
    became of the mail before this, the row stays as it told, and only the provider's name for the mail is kept.
    """
    resume_scope()
    with transaction.atomic():
        at = _update_held(
            claimed,
            _NOT_HANDED_OVER if state == State.HANDED_OVER else _HELD,
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


def retry_later(
    *, claimed: Claimed, reason: str, again_after: timedelta, took: timedelta = timedelta()
) -> State | None:
    """Give the row back until its back-off ends, or longer where the server asked for it; until its deadline at most.

    The back-off began with the try, which `took` so long: a server that hung has held the mail up already. None when
    the lease is lost.
    """
    pause = max(back_off(claimed.tries, is_code=claimed.rank == Rank.CODE) - took, SHORTEST_WAIT)
    wait = jittered(max(pause, again_after), secrets.randbelow(1000) / 1000)
    log.info("%s mail %s: %s. Next try in %.0f s.", claimed.kind, claimed.id, reason, wait.total_seconds())
    resume_scope()
    at = _update_held(
        claimed,
        _HELD,
        "state = 'queued', reason = %(reason)s,"
        " due_at = least(statement_timestamp() + make_interval(secs => %(wait)s), deadline_at)",
        {"reason": reason, "wait": wait.total_seconds()},
    )
    return State.QUEUED if at else None


def _update_held(claimed: Claimed, condition: str, assignments: str, parameters: dict[str, Any]) -> datetime | None:
    """The database's time of the change, or None where the row is not in that condition any more."""
    with connection.cursor() as cursor:
        cursor.execute(  # S608: both are constants of this file
            f"UPDATE outbox_outboundmail SET {assignments} WHERE id = %(id)s AND tenant_id = %(tenant)s"  # noqa: S608
            f" AND {condition} RETURNING statement_timestamp()",
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
