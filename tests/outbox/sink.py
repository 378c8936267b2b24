"""A real SMTP server in a thread, whose behaviour is scripted for each mail."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import Enum, auto

from aiosmtpd.smtp import SMTP, Envelope, Session


class Does(Enum):
    """What the server does with one mail."""

    TAKES = auto()
    ASKS_TO_WAIT = auto()
    REFUSES_RECIPIENT = auto()
    REFUSES_CONTENT = auto()
    REFUSES_SENDER = auto()
    HANGS = auto()
    TAKES_AND_HANGS_UP = auto()


@dataclass
class Sink:
    """The mails taken, when each came first, and what to do with the next ones (`script` first, then `usually`).

    `pause` is how many seconds the server thinks about a mail, `slow` how many before it answers a command;
    `refused` are recipients whom it never takes.
    """

    usually: Does = Does.TAKES
    script: list[Does] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    connections: int = 0
    first_at: dict[str, datetime] = field(default_factory=dict)
    pause: float = 0.0
    slow: dict[str, float] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    port: int = 0
    _doing: dict[str, Does] = field(default_factory=dict)

    def copies(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(str(mail["Message-ID"]) for mail in self.taken)

    async def handle_EHLO(  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        self._doing[str(session.peer)] = self.script.pop(0) if self.script else self.usually
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.slow.get("MAIL", 0))
        if self._doing[str(session.peer)] is Does.REFUSES_SENDER:
            return f"550 5.7.1 {address} may not send here"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.slow.get("RCPT", 0))
        does = self._doing[str(session.peer)]
        if does is Does.ASKS_TO_WAIT:
            return f"451 4.7.1 <{address}> greylisted, come back in 300 s"
        if does is Does.REFUSES_RECIPIENT or address in self.refused:
            return f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        does = self._doing[str(session.peer)]
        mail = message_from_bytes(envelope.content, policy=policy.default)
        if does is Does.REFUSES_CONTENT:
            said = part(mail, "plain").split("\n")[0]
            return f"554 5.7.1 looks like spam: {said}"
        if does is Does.HANGS:
            await asyncio.sleep(30)
        await asyncio.sleep(self.pause)
        self.envelopes.append(envelope)
        self.taken.append(mail)
        self.first_at.setdefault(str(mail["Message-ID"]), datetime.now(UTC))
        if does is Does.TAKES_AND_HANGS_UP:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.slow.get("QUIT", 0))
        return "221 Bye"


def part(mail: EmailMessage, kind: str) -> str:
    """The text of the mail's `plain` or `html` part."""
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@contextmanager
def listening(sink: Sink) -> Iterator[Sink]:
    """The server, while the block runs; `sink.port` says where."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(sink, loop=loop), "127.0.0.1", 0))
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="smtp-sink")
    thread.start()
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    """End the conversations that still hang, then the server."""
    server.close()
    hanging = asyncio.all_tasks() - {asyncio.current_task()}
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
