"""The folder in which the local stack's mail lies, one file for each.

Knows the files' form: what SMTP's envelope said stands in front of the message in two headers of ours. A file appears
whole or not at all, since it is written beside the folder and moved in. Must never be used for anything but trying
things out: whoever may read the folder reads everybody's codes.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

FROM, TO = "X-Envelope-From", "X-Envelope-To"
NAME = re.compile(r"^(?P<nanoseconds>\d{20})-[0-9a-f]{8}$")
SUFFIX = ".eml"


@dataclass(frozen=True)
class StoredMail:
    """One mail as it arrived. `name` is its file's name without the suffix, and sorts by the time of arrival."""

    name: str
    message: EmailMessage

    @property
    def arrived_at(self) -> datetime:
        return datetime.fromtimestamp(int(self.name[:20]) / 1_000_000_000, tz=UTC)

    @property
    def sender(self) -> str:
        return str(self.message.get(FROM, ""))

    @property
    def recipients(self) -> list[str]:
        return [str(address) for address in self.message.get_all(TO, [])]

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def answers_go_to(self) -> str:
        return str(self.message.get("Reply-To", ""))

    def part(self, kind: str) -> str | None:
        """The text of the first `plain` or `html` part, or None."""
        found = self.message.get_body(preferencelist=(kind,))
        return str(found.get_content()).replace("\r\n", "\n") if isinstance(found, EmailMessage) else None


def store(folder: Path, content: bytes, *, sender: str, recipients: Sequence[str]) -> str:
    """Write one mail and return its name. When this returns the file is there, under its own name, whole."""
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    for made in (folder, folder / "tmp", folder / "new"):
        made.mkdir(exist_ok=True, mode=0o700)
    envelope = [f"{FROM}: {sender}", *(f"{TO}: {address}" for address in recipients), ""]
    written = folder / "tmp" / name
    written.write_bytes("\r\n".join(envelope).encode() + content)
    os.replace(written, folder / "new" / f"{name}{SUFFIX}")
    return name


def names(folder: Path) -> list[str]:
    """The names of all mails, newest first."""
    found = (path.stem for path in (folder / "new").glob(f"*{SUFFIX}"))
    return sorted((name for name in found if NAME.match(name)), reverse=True)


def read(folder: Path, name: str) -> StoredMail | None:
    """The mail of that name; None when there is none. A name that is none of ours is never opened."""
    if not NAME.match(name):
        return None
    try:
        content = (folder / "new" / f"{name}{SUFFIX}").read_bytes()
    except FileNotFoundError:
        return None
    return StoredMail(name, email.message_from_bytes(content, policy=email.policy.default))


def newest(folder: Path, limit: int) -> list[StoredMail]:
    """The newest mails, at most `limit`."""
    return [mail for name in names(folder)[:limit] if (mail := read(folder, name)) is not None]
