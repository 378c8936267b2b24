"""Whether somebody works: sends mails, seals the history, hands on the broker's messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from celery import current_app

from config.diagnosis.findings import Line, bad, first_line, good
from outbox.models import OutboundMail
from tenants.scope import every_tenant
from tenants.sealing import tenants_to_seal

LATE_SEAL: Final = timedelta(minutes=2)
LATE_MAIL: Final = timedelta(seconds=30)


def outbox() -> Line:
    """Somebody sends."""
    with every_tenant(reason="whether mails wait is a question about the installation"):
        waiting = OutboundMail.objects.late(LATE_MAIL).count()
    if waiting:
        return bad(
            "outbox",
            f"{waiting} mails are more than {LATE_MAIL.seconds} s late. "
            "Start a worker (celery -A config.celery worker --beat) and manage.py relay.",
        )
    return good("outbox", "no mail is late.")


def history() -> Line:
    """Beat seals (R64)."""
    with every_tenant(reason="whether beat runs is a question about the installation"):
        late = tenants_to_seal(older_than=LATE_SEAL)
    if late:
        return bad(
            "history",
            f"{len(late)} tenants have lines that wait for a seal for more than {LATE_SEAL.seconds // 60} minutes. "
            "Start a worker with beat: celery -A config.celery worker --beat",
        )
    return good("history", "sealed up to two minutes ago.")


def broker() -> Line:
    """Valkey or Redis: a nudge only, so its absence slows mails and stops beat."""
    try:
        with current_app.connection_for_write() as link:
            link.ensure_connection(max_retries=0, timeout=1)
    except Exception as error:  # noqa: BLE001  # each transport has errors of its own, and all of them mean the same here
        return bad(
            "broker",
            f"does not answer ({first_line(error)}). Guests still get codes by manage.py relay. "
            "Start it with script/up, or correct REDIS_URL.",
        )
    return good("broker", "answers.")
