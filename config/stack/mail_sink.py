"""The local stack's SMTP server: takes every mail and sends none on.

Knows SMTP, by aiosmtpd; where a mail is put is mail_folder's. Answers 250 only once the file is there, so that what a
client was told is true even when this process is killed in the next instant.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from config.stack import mail_folder
from config.stack.addresses import LOOPBACK, listen


class Keep:
    """aiosmtpd's handler: one file for each mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content or "").encode()
        name = mail_folder.store(
            self.folder, content, sender=envelope.mail_from or "", recipients=[str(to) for to in envelope.rcpt_tos]
        )
        return f"250 kept as {name}"


def url(listening: socket.socket) -> str:
    """EMAIL_URL for it."""
    return f"smtp://{LOOPBACK}:{listening.getsockname()[1]}"


async def _serve(listening: socket.socket, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keep(folder), enable_SMTPUTF8=True), sock=listening)
    async with server:
        await server.serve_forever()


@contextmanager
def running_sink(folder: Path) -> Iterator[str]:
    """A sink in a thread of this process, for tests. Yields its EMAIL_URL."""
    with closing(listen(LOOPBACK, 0)) as listening:
        loop = asyncio.new_event_loop()
        serving = loop.create_task(_serve(listening, folder))
        thread = threading.Thread(target=loop.run_until_complete, args=(asyncio.wait([serving]),))
        thread.start()
        try:
            yield url(listening)
        finally:
            loop.call_soon_threadsafe(serving.cancel)
            thread.join()
            loop.close()


if __name__ == "__main__":
    # python -m config.stack.mail_sink <descriptor of the bound socket> <folder>
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2])))
