"""Django's SMTP backend, whose conversation can be interrupted and in which each recipient's answer counts.

The server's TLS certificate is verified by the authorities that are trusted here.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp  # noqa: TID251  # the outbox sends by it
from django.utils.functional import cached_property


class _Client(smtplib.SMTP):
    """Tells its backend of itself before it connects."""

    def __init__(self, *args: Any, backend: EmailBackend, **options: Any) -> None:
        backend.client = self
        super().__init__(*args, **options)

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Raises SMTPRecipientsRefused for each recipient that is refused, before anybody gets the mail: smtplib raises
        only when all of them are, and Django drops what it says about the others."""
        code, text = super().rcpt(recip, options)
        if code not in (250, 251):
            with suppress(smtplib.SMTPServerDisconnected):
                self.rset()
            raise smtplib.SMTPRecipientsRefused({recip: (code, text)})
        return code, text


class _ClientOverTLS(_Client, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class EmailBackend(smtp.EmailBackend):
    """One conversation with the mail server."""

    client: smtplib.SMTP | None = None

    @property
    def connection_class(self) -> Any:
        """What Django calls to connect."""
        return partial(_ClientOverTLS if self.use_ssl else _Client, backend=self)

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        """Verifies certificate and host name by the system's authorities and those of TLS_CA_FILE."""
        context = ssl.create_default_context()
        if settings.TLS_CA_FILE:
            context.load_verify_locations(settings.TLS_CA_FILE)
        return context

    def interrupt(self) -> None:
        """End the running wait on the server, from another thread."""
        sock = self.client.sock if self.client is not None else None
        if sock is not None:
            with suppress(OSError):
                # Not the method of a TLS socket: that one would let the other thread go on in plain text.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def ask_mail_server(**options: Any) -> None:
    """Open a connection as for a mail, log in, and close it. Sends nothing. Raises OSError and SMTPException."""
    backend = EmailBackend(**options)
    try:
        backend.open()
    finally:
        backend.close()
