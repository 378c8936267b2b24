"""Whether the mail server lets us in, and whether a mail provider tells what became of mails."""

from __future__ import annotations

import smtplib
from typing import Final

from django.conf import settings

from config.diagnosis.findings import Line, bad, first_line, good, note
from outbox.kinds import reporting

PATIENCE: Final = 5
"""Seconds to wait for the mail server."""


def mail() -> Line:
    """The mail server lets us in. Nothing is sent."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return note("mail", f"{settings.EMAIL_BACKEND} cannot be asked without sending. Try: manage.py check_mail")
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=PATIENCE) as server:
            if settings.EMAIL_USE_TLS:
                server.starttls()
            if settings.EMAIL_HOST_USER:
                server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return bad("mail", f"{where} does not let us in ({first_line(error)}). Correct EMAIL_URL.")
    return good("mail", f"{where} lets us in. Send a test: manage.py check_mail")


def mail_events() -> Line:
    """Whether pages can say delivered and bounced, or handed over at most (R18)."""
    found = reporting()
    if found.reader is not None:
        return good(
            "mail events", f"{found.provider} posts them to {settings.PUBLIC_URL}/mail/events/{found.provider}/."
        )
    if found.missing:
        return note("mail events", f"none are taken from {found.provider}: {found.missing.removesuffix('.')}.")
    return note("mail events", "none: a mail server says no more than that it took a mail.")
