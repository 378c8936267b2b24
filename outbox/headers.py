"""Headers in other scripts than ours: encoded words that every mail program can read (RFC 2047)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives  # noqa: TID251  # outbox/delivery.py sends it

_BYTES_IN_A_WORD: Final = 39
"""52 characters in base64, 64 with the word's frame: beside the longest name of a header within a line's 76
(RFC 2047 2)."""


class Mail(EmailMultiAlternatives):
    """A mail whose subject and sender name are encoded here: Django makes words of 76 characters and longer ones."""

    sender: tuple[str, str] = ("", "")
    """Name and address, as in `from_email`."""

    def message(self, *args: Any, **options: Any) -> Any:
        """As Django builds it, with those two headers replaced where they need encoding."""
        built: Message = super().message(*args, **options)
        name, address = self.sender
        for header, text, rest in (("Subject", str(self.subject), []), ("From", name, [f"<{address}>"])):
            if _needs_encoding(text):
                built.replace_header(header, _Folded([*_words(text), *rest]))  # type: ignore[arg-type]  # as a Header
        return built


class _Folded:
    """A header's value, one part for each line; the generator of email.policy.compat32 asks it as it asks a Header."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts

    def encode(self, *, linesep: str = "\n", **options: object) -> str:
        return f"{linesep} ".join(self._parts)

    def __str__(self) -> str:
        return " ".join(self._parts)


def _needs_encoding(text: str) -> bool:
    """Also what only looks encoded: a mail program would show something else than was typed."""
    return not text.isascii() or "=?" in text


def _words(text: str) -> Iterator[str]:
    """The text in encoded words, none of which ends within a character."""
    piece = b""
    for character in text:
        added = character.encode()
        if len(piece) + len(added) > _BYTES_IN_A_WORD:
            yield f"=?utf-8?b?{b64encode(piece).decode()}?="
            piece = b""
        piece += added
    yield f"=?utf-8?b?{b64encode(piece).decode()}?="
