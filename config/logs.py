"""What a log line may not say.

Knows that a link's secret stands in its path, and takes it out of every line before it is written. (SAFETY B4)
"""

from __future__ import annotations

import logging
import re

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
