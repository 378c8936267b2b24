"""Whether somebody works: sends mails, seals the history, hands on the broker's messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings

from config.diagnosis.causes import chain, network_cause
from config.diagnosis.findings import Line, bad, good, warning
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
            f"{waiting} mails have been waiting for more than {LATE_MAIL.seconds} s. Start a worker "
            "(celery -A config.celery worker --beat) and manage.py relay. Where they run, the mail server takes no "
            "mail: the line mail, or manage.py check_mail, says why.",
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
    where = _broker_address()
    try:
        with current_app.connection_for_write() as link:
            link.ensure_connection(max_retries=0, timeout=1)
    except Exception as error:  # noqa: BLE001  # each transport has errors of its own, and all of them mean the same here
        cause = network_cause(error, where=where, variable="REDIS_URL") or _refused_login(error)
        return bad(
            "broker", f"{cause or f'{where} does not do what it should.'} Until then mails go by manage.py relay."
        )
    tls = settings.CELERY_BROKER_USE_SSL
    if tls and (tls["ssl_cert_reqs"] != "required" or not tls["ssl_check_hostname"]):
        return warning("broker", "answers, but REDIS_URL says not to verify its certificate: take ssl_… out of it.")
    return good("broker", "answers by TLS, and its certificate is right." if tls else "answers.")


def _refused_login(error: Exception) -> str | None:
    """What a broker says of our name and password."""
    for one in chain(error):
        if isinstance(one, redis.exceptions.AuthenticationError):
            return "refuses the name or the password. Correct them in REDIS_URL, as redis://:password@host:6379/0."
        if isinstance(one, redis.exceptions.ResponseError) and "DB index" in str(one):
            return "has no database of that number. Correct the number at the end of REDIS_URL."
    return None


def _broker_address() -> str:
    """Host and port, or the socket's path; never a name or password."""
    parts = urlsplit(settings.CELERY_BROKER_URL)
    return parts.path if parts.scheme == "redis+socket" else f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
