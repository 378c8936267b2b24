"""The nudge: the one place that publishes to Celery.

Knows how to tell a worker, by the task's name, that a row waits. It must never block a request and never raise: the
row is the truth, and the relay finds it without the nudge. (DESIGN 4, Mail; SAFETY B9.)
"""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import UUID

import kombu.transport.redis  # noqa: F401  # else the first nudge of a process loads it while a guest waits
from celery import current_app

SILENCE = 5.0
"""Seconds without publishing after a failure: a frozen broker costs one request 0.3 s and the others nothing."""

LAST = 9
"""The priority of what comes behind everything else; kombu's transport for Redis has 0 (the usual one) as the first."""

log = logging.getLogger(__name__)

_quiet_until = 0.0


def prepare_to_publish() -> None:
    """Load what publishing needs, without asking the broker: else the first guest of a process waits for imports."""
    current_app.finalize()
    current_app.connection_for_write().transport_cls  # noqa: B018  # looking it up imports the transport
    current_app.amqp.producer_pool  # noqa: B018


def nudge(name: str, *, tenant_id: UUID, row_id: UUID) -> None:
    """Tell a worker to run the task `name` for one row of one tenant. Call it in transaction.on_commit."""
    _publish(name, kwargs={"row_id": str(row_id)}, headers={"tenant": str(tenant_id)})


def nudge_last(name: str, *, tenant_id: UUID, row_id: UUID) -> None:
    """The same for what nobody waits for: a worker takes it up when nothing else is in the queue."""
    _publish(name, kwargs={"row_id": str(row_id)}, headers={"tenant": str(tenant_id)}, priority=LAST)


def begin_again(name: str) -> None:
    """Have a task of beat's run once more, behind what waits. Where the broker is away, beat's next time must do."""
    _publish(name)


def _publish(name: str, **given: Any) -> None:
    global _quiet_until  # one process, one memory of the broker's silence
    if time.monotonic() < _quiet_until:
        return
    try:
        current_app.send_task(name, retry=False, **given)
    except Exception as error:  # noqa: BLE001  # each transport and pool has errors of its own; none is the request's
        _quiet_until = time.monotonic() + SILENCE
        log.warning("The broker did not take a nudge (%s); the relay will send. Silent for %.0f s.", error, SILENCE)
