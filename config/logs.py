"""What is logged, and what a log line may not say.

A link's secret stands in its path: it is taken out of every line before the line is written. (SAFETY B4)
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import Any, Final

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

TICKET = re.compile(r"(/redeem/)[^\s/?#'\"]+")


class HideTickets(logging.Filter):
    """Write /redeem/… instead of the ticket, in the message and in a traceback's text."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = TICKET.sub(r"\1…", record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = TICKET.sub(r"\1…", record.exc_text)
        return True


class HideProbes(logging.Filter):
    """Drop Django's line for each 503 of /readyz, which is asked every second or two and says in its answer why."""

    def filter(self, record: logging.LogRecord) -> bool:
        is_unready = getattr(record, "status_code", 0) == HTTPStatus.SERVICE_UNAVAILABLE
        return not (is_unready and getattr(getattr(record, "request", None), "path", "") == "/readyz")


def logging_rules(level: str) -> dict[str, Any]:
    """Django's LOGGING: lines of `level` and above to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "secrets": {"()": HideTickets},
            "probes": {"()": HideProbes},
            "database_away": {"()": "config.postgresql.faults.HideAway"},
        },
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secrets"]}},
        "root": {"handlers": ["stderr"], "level": level},
        # Refused guests are expected: what happened to them stands in the audit. Only what broke is logged.
        "loggers": {
            "django.request": {"level": "ERROR", "filters": ["database_away", "probes"]},
            "django.security": {"level": "ERROR"},
            "psycopg.pool": {"level": "ERROR"},
            "axes": {"level": "WARNING"},  # below it, every sign-in is four lines with an address
            "saml2": {"level": "CRITICAL"},  # it logs whole assertions, and raises what it logs
            "xmlschema": {"level": "WARNING"},
        },
    }
