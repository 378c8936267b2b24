"""Whether the mail server lets us in, and whether a mail provider tells what became of mails."""

from __future__ import annotations

import re
import smtplib
from email.utils import parseaddr
from typing import Final

from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config.diagnosis.causes import network_cause
from config.diagnosis.findings import Line, bad, good, note, warning
from outbox.kinds import reporting
from outbox.smtp import ask_mail_server

PATIENCE: Final = 5
"""Seconds to wait for the mail server."""


def mail() -> Line:
    """The mail server lets us in, or the mail provider's library has what it needs. Nothing is sent."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return _provider()
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT or ('465' if settings.EMAIL_USE_SSL else '25')}"
    try:
        ask_mail_server(timeout=PATIENCE)
    except (OSError, smtplib.SMTPException) as error:
        return bad("mail", _cause(error, where))
    name = "" if settings.EMAIL_HOST_USER and settings.EMAIL_HOST_PASSWORD else " without a login"
    return good("mail", f"{where} lets us in{name}. Send a test: manage.py check_mail")


def sender() -> Line:
    """The address that mails are from has a domain: mail servers refuse others."""
    local, _, domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")
    if not local or not domain:
        return bad("sender", "DEFAULT_FROM_EMAIL is no whole address. Write it as no-reply@guests.example.org.")
    if "." not in domain and not settings.LOCAL_STACK:
        return warning("sender", f"DEFAULT_FROM_EMAIL ends with {domain}, which is no domain that mail servers know.")
    return good("sender", f"mails are from {local}@{domain}.")


def _provider() -> Line:
    backend = settings.EMAIL_BACKEND.removesuffix(".EmailBackend").rpartition(".")[2]
    try:
        import_string(settings.EMAIL_BACKEND)()
    except ImportError:
        return bad(
            "mail", f"the library that anymail needs for {backend} is not here. Install it, or change EMAIL_URL."
        )
    except (AnymailConfigurationError, ImproperlyConfigured) as error:
        wanted = re.findall(r"\bANYMAIL_[A-Z_]+", str(error))
        fix = f"Set {wanted[0]}." if wanted else "Set its ANYMAIL_… variables."
        return bad("mail", f"{backend} cannot be used without its key. {fix}")
    return note("mail", f"{backend} cannot be asked without sending. Try: manage.py check_mail")


def _cause(error: Exception, where: str) -> str:
    """Why the server does not let us in. Its own words are left out, as some servers repeat what they were sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return (
            f"{where} refuses the name or the password ({error.smtp_code}). Correct them in EMAIL_URL; "
            "/ ? # @ : % in them are written as %2F %3F %23 %40 %3A %25."
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{where} offers no TLS, or no login. Correct the scheme: smtp+tls:// for 587, smtp+ssl:// for 465."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"{where} hangs up. Does it speak TLS from the start? Then write smtp+ssl:// into EMAIL_URL."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{where} refuses us ({error.smtp_code}). Ask whoever runs it why."
    found = network_cause(error, where=where, variable="EMAIL_URL")
    return found or f"{where} cannot be reached ({type(error).__name__}). Correct host and port in EMAIL_URL."


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
