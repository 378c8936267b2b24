"""Turns a row into a mail and hands it to the mail server. The only file that sends mail.

Knows the envelope, the headers and what each refusal means for another try. It must never write to the database, log
a recipient or a code, or decide by itself who gets a mail: that is the renderer's, which asks the subject's row.
"""

from __future__ import annotations

import base64
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address as Mailbox
from email.utils import parseaddr
from enum import StrEnum
from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from anymail.backends.base import AnymailBaseBackend
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from anymail.message import AnymailStatus
from django.conf import settings
from django.core.mail import get_connection  # noqa: TID251  # here is where mail is sent
from django.core.mail.backends.base import BaseEmailBackend  # noqa: TID251  # the type of what sends
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from outbox.api_requests import endable
from outbox.conversation import Conversation, LastedTooLong, LeaseLost
from outbox.headers import Mail
from outbox.rules import RECIPIENT_REFUSED, kept_reason
from tenants.colours import brand
from tenants.models import Tenant

_RETRIED_STATUSES: Final = frozenset({401, 403, 404, 408, 425, 429})
"""A provider's 4xx that says nothing about this mail: a wrong key, a wrong URL of the provider, too many at once."""

_LONGEST_RETRY_AFTER: Final = 600

OUR_NAME: Final = "vestibule_mail"
"""Under this word a provider carries our Message-ID along and gives it back with each event. Postmark takes 20
characters; SendGrid sets it beside its own words, so that it may be none of them."""

_CARRY_NOTHING: Final = frozenset({"MailerSend", "Postal"})
"""anymail's names of the providers that carry no word of ours: anymail would refuse to send."""

_INVISIBLE: Final = frozenset("\u200c\u200d\u2068\u2069")
"""Characters of a header that show nothing and are needed: the joiners of Persian, Indic scripts and emoji, and the
isolates round a name that is written from right to left."""

_BACKENDS: Final = {"django.core.mail.backends.smtp.EmailBackend": "outbox.smtp.EmailBackend"}
"""What sends in place of the backend that EMAIL_URL names."""

_REFUSED: Final = frozenset({"invalid", "rejected", "failed"})
"""anymail's statuses of a recipient who does not get the mail."""

LONGEST_PROVIDER_ID: Final = 300
"""Characters of a provider's id that are kept."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a renderer makes of a subject: one mail to one person.

    `to` is an `Address.to_send` (ASCII domain, R70); `from_name` is shown before the installation's own sender
    address; `language` is a tag such as "en" or "de".
    """

    to: str
    subject: str
    text: str
    html: str
    from_name: str
    reply_to: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Nothing:
    """What a renderer makes of a subject that gets no mail.

    "suppressed": this address gets none, ever (a decoy, R19). "dropped": it would come too late (expired, void).
    """

    state: Literal["suppressed", "dropped"]
    reason: str


@dataclass(frozen=True)
class HandedOver:
    """The mail server took responsibility for the mail. A provider names it in its events by `provider_message_id`."""

    provider_message_id: str = ""


@dataclass(frozen=True)
class Withheld:
    """The sender's leave was withdrawn before the mail left: the row is another sender's by now, or too late."""


class Cause(StrEnum):
    """Who or what refused a mail, as far as somebody can do something about it."""

    RECIPIENT = RECIPIENT_REFUSED
    CONTENT = "mail refused"
    LOGIN = "login refused"
    SERVER = "server refused"
    PROVIDER = "mail provider refused"
    SILENCE = "no answer"
    CONNECTION = "no connection"
    MAIL = "mail cannot be written"


@dataclass(frozen=True)
class NotHandedOver:
    """The mail server did not take it. `again_after` is the least wait it asked for; a permanent refusal has none."""

    is_permanent: bool
    cause: Cause
    said: str
    again_after: timedelta = timedelta()

    @property
    def reason(self) -> str:
        """One line, safe to store."""
        return kept_reason(f"{self.cause}: {self.said}")


def render(kind: str, subject_id: UUID) -> Message | Nothing:
    """The subject's mail, made by the function that OUTBOX_RENDERERS names for its kind, in the open scope."""
    renderer: Callable[[UUID], Message | Nothing] = import_string(settings.OUTBOX_RENDERERS[kind])
    return renderer(subject_id)


def check_message(*, tenant: Tenant, to: str, operator: str, now: datetime) -> Message:
    """A mail that says only that mail arrives."""
    words = {
        "tenant": {"name": tenant.name, "domain": tenant.primary_domain, "privacy_url": tenant.privacy_statement_url},
        "colours": brand(tenant.colour),
        "address": to,
        "operator": operator,
        "sent_at": now,
    }
    return Message(
        to=to,
        subject=render_to_string("email/check/subject.txt", words),
        text=render_to_string("email/check/body.txt", words).strip() + "\n",
        html=render_to_string("email/check/body.html", words),
        from_name=tenant.sender_name or tenant.name,
    )


def message_id_for(mail_id: UUID) -> str:
    """The Message-ID of a row: the same at each try, so that a mailbox can tell a repetition (SAFETY B8)."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{mail_id}@{f'[IPv6:{host}]' if ':' in host else host}>"


def hand_over(
    message: Message,
    *,
    message_id: str,
    may_leave: Callable[[], bool],
    renew: Callable[[], bool] = lambda: True,
) -> HandedOver | NotHandedOver | Withheld:
    """Send one mail over one connection of its own.

    `may_leave` is asked once the server has greeted us, which can take long: the last moment to hold a mail back.
    `renew` keeps the row while the conversation goes on (outbox/conversation.py). Both are called in this thread.
    Each wait on the server ends after EMAIL_TIMEOUT seconds, the conversation after 45.
    """
    connection = get_connection(_BACKENDS.get(settings.EMAIL_BACKEND, settings.EMAIL_BACKEND))
    conversation = Conversation(renew=renew, interrupt=getattr(connection, "interrupt", lambda: None))
    try:
        mail = _built(message, message_id, connection)
        conversation.step(connection.open)
        if isinstance(connection, AnymailRequestsBackend):
            conversation.interrupt = endable(connection.session).interrupt
        if not may_leave():
            return Withheld()
        conversation.step(mail.send)
    except LeaseLost:
        return Withheld()
    except (OSError, ValueError, AnymailError) as error:
        return _refusal(error)
    finally:
        conversation.say_goodbye(connection.close)
    return _taken(mail, message.to)


def _taken(mail: Mail, to: str) -> HandedOver | NotHandedOver:
    """What anymail says that became of each recipient, and what the provider calls the mail; a mail server has taken it
    for everybody."""
    status: AnymailStatus | None = getattr(mail, "anymail_status", None)
    if status is None:
        return HandedOver()
    refused = sorted(_REFUSED & {one.status for one in status.recipients.values()})
    if refused:
        return NotHandedOver(refused != ["failed"], Cause.RECIPIENT, f"the provider calls it {refused[-1]}")
    return HandedOver(_provider_message_id(status, to))


def _provider_message_id(status: AnymailStatus, to: str) -> str:
    named = status.recipients.get(to)
    found = named.message_id if named is not None else status.message_id
    return found[:LONGEST_PROVIDER_ID] if isinstance(found, str) else ""


def _built(message: Message, message_id: str, connection: BaseEmailBackend) -> Mail:
    # Django would write a Unicode domain by IDNA 2003, where straße.de is strasse.de: another domain (R70).
    if not message.to.isascii():
        raise ValueError("an address with a domain that is not in A-labels")
    name, address = _one_line(message.from_name), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    mail = Mail(
        subject=_one_line(message.subject),
        body=message.text,
        from_email=str(Mailbox(name, addr_spec=address)),
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={
            "Message-ID": message_id,
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday replies to a code
            "X-Auto-Response-Suppress": "All",  # the same for Exchange
            "Content-Language": message.language,
        },
        connection=connection,
    )
    mail.sender = (name, address)
    mail.attach_alternative(message.html, "text/html")
    if isinstance(connection, AnymailBaseBackend) and connection.esp_name not in _CARRY_NOTHING:
        # Its events may come before its own name for the mail is in the row, or without our Message-ID (R18).
        mail.metadata = {OUR_NAME: message_id.strip("<>")}  # type: ignore[attr-defined]  # anymail reads it
    return mail


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() or c in _INVISIBLE else " " for c in text).split())


def _refusal(error: Exception) -> NotHandedOver:
    """What an error of the mail server or its library means for another try.

    Permanent is only what is said about this mail: a recipient or a content refused with 5xx, a header that cannot be
    written. A server that refuses us (the login, the sender, the certificate) refuses every mail, and an operator may
    mend it while the mails wait.
    """
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, text = min(error.recipients.values())
            return NotHandedOver(code >= 500, Cause.RECIPIENT, _answer(code, text))
        case smtplib.SMTPDataError():
            return NotHandedOver(error.smtp_code >= 500, Cause.CONTENT, _answer(error.smtp_code, error.smtp_error))
        case smtplib.SMTPResponseException():
            cause = Cause.LOGIN if isinstance(error, smtplib.SMTPAuthenticationError) else Cause.SERVER
            return NotHandedOver(False, cause, _answer(error.smtp_code, error.smtp_error))
        case AnymailRecipientsRefused():
            return NotHandedOver(True, Cause.RECIPIENT, "the provider refused it")
        case AnymailAPIError():
            status = error.status_code or 0
            is_permanent = 400 <= status < 500 and status not in _RETRIED_STATUSES
            return NotHandedOver(
                is_permanent, Cause.PROVIDER, f"it answered {status or 'nothing'}", _retry_after(error)
            )
        case LastedTooLong():
            return NotHandedOver(False, Cause.SILENCE, str(error))
        case TimeoutError() | smtplib.SMTPServerDisconnected(__context__=TimeoutError()):
            return NotHandedOver(False, Cause.SILENCE, f"within {settings.EMAIL_TIMEOUT} s")
        case OSError():
            # Before ValueError: a certificate that does not verify is both, and no fault of this mail.
            return NotHandedOver(False, Cause.CONNECTION, str(error) or type(error).__name__)
        case _:
            return NotHandedOver(True, Cause.MAIL, str(error))


def _answer(code: int, text: bytes | str) -> str:
    """The server's code and words, without our password: some servers repeat the login that they refuse."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    name, password = settings.EMAIL_HOST_USER or "", settings.EMAIL_HOST_PASSWORD or ""
    for sent in (password, f"\0{name}\0{password}") if password else ():
        said = said.replace(base64.b64encode(sent.encode()).decode(), "…").replace(sent, "…")
    return f"{code} {said}"


def _retry_after(error: AnymailAPIError) -> timedelta:
    """What the provider asked for in Retry-After, in seconds only (RFC 9110 10.2.3), 10 minutes at most."""
    response = error.response if isinstance(error, AnymailRequestsAPIError) else None
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    return timedelta(seconds=min(int(asked), _LONGEST_RETRY_AFTER)) if asked.isdecimal() else timedelta()
