"""How an uploaded CSV file is written: its encoding, its delimiter, which column holds what.

Knows what programs write and what columns are called, Entra's and plain ones (R54). It must never take a file that it
does not understand: a sentence says what to change instead.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Final

from guests.operations.batches.reading import TOO_LONG, TOO_MANY_CELLS, Format, Place, Unreadable, records

DELIMITERS: Final = (",", ";", "\t")

MOST_COLUMNS: Final = 100
"""Of one file: its result repeats them all in each row."""

VERSION: Final = "version:v1.0"
"""The first row of Entra's template."""

TEMPLATE: Final = (
    "Email address to invite [inviteeEmail] Required",
    "Redirection url [inviteRedirectURL] Required",
    "Send invitation message (true or false) [sendEmail]",
    "Customized invitation message [customizedMessageBody]",
)
"""The second row of Entra's template."""

PLAIN_HEADER: Final = "email,redirect url,send email,message,name"

_IN_BRACKETS: Final = re.compile(r"\[\s*(\w+)\s*\]")
_NOT_WORDS: Final = re.compile(r"[\W_]+")

NAMES: Final[Mapping[str, frozenset[str]]] = {
    "email": frozenset(
        {
            "address",
            "email",
            "emailaddress",
            "emailaddresstoinvite",
            "guestemail",
            "invitedemail",
            "inviteduseremailaddress",
            "inviteeemail",
            "mail",
        }
    ),
    "redirect_url": frozenset({"inviteredirecturl", "landingpage", "redirect", "redirectionurl", "redirecturl", "url"}),
    "send": frozenset({"mailed", "send", "sendemail", "sendinvitation", "sendinvitationmessage", "sendmail"}),
    "message": frozenset(
        {
            "customizedinvitationmessage",
            "customizedmessage",
            "customizedmessagebody",
            "custommessage",
            "invitationmessage",
            "message",
        }
    ),
    "name": frozenset({"displayname", "fullname", "guestname", "inviteduserdisplayname", "name"}),
}
"""What a column may be called, by what it holds: letters and digits only, in lower case."""

LABELS: Final = {
    "email": "the email",
    "redirect_url": "the redirect URL",
    "send": "whether to send an email",
    "message": "the message",
    "name": "the name",
}

SIGNATURES: Final = (
    (b"PK\x03\x04", "an Excel workbook or another archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\x1f\x8b", "a packed file"),
)


def recognise(first: bytes) -> tuple[Format, Place]:
    """The format, from the file's first piece, and where its rows begin. Raises Unreadable."""
    encoding, begin = _encoding(first)
    found = [_with_header(first, Format(encoding, delimiter), begin) for delimiter in DELIMITERS]
    form, place, title = max(found, key=lambda one: ("email" in one[0].columns, len(one[0].columns)))
    if len(form.headers) > MOST_COLUMNS:
        raise Unreadable(
            f"The header has {len(form.headers):,} columns; {MOST_COLUMNS} is the most. Take out those that are not "
            "needed."
        )
    if "email" in form.columns:
        return form, place
    if not title:
        raise Unreadable(f"The file is empty. Write a header row, {PLAIN_HEADER}, and under it a row for each guest.")
    if title.lower().startswith("version:") and title.lower() != VERSION:
        raise Unreadable(
            f"The file begins with {title[:40]}. Write {VERSION}, as in Entra’s template, or leave it out."
        )
    if "@" in title:
        raise Unreadable(
            f"The first row holds an address, not the names of columns. Put a row above it: {PLAIN_HEADER}"
        )
    raise Unreadable(f"No column is called email. Name the columns in the first row: {PLAIN_HEADER}")


def _encoding(first: bytes) -> tuple[str, int]:
    """The encoding's name, and the length of the mark that says it."""
    for signature, kind in SIGNATURES:
        if first.startswith(signature):
            raise Unreadable(f"This is {kind}, not a CSV file. In Excel, save the sheet as “CSV UTF-8”.")
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8", len(codecs.BOM_UTF8)
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if first.startswith(mark):
            return name, len(mark)
    sample = first[:64].partition(b"\n")[0]  # a NUL in a later row is that row's mistake
    if len(sample) > 3 and not any(sample[1::2]):
        return "utf-16-le", 0
    if len(sample) > 3 and not any(sample[0::2]):
        return "utf-16-be", 0
    if b"\0" in sample:
        raise Unreadable("This is not a CSV file: its first row is not text. In Excel, save the sheet as “CSV UTF-8”.")
    return "utf-8", 0


def _with_header(first: bytes, form: Format, begin: int) -> tuple[Format, Place, str]:
    """The format with its columns, if this delimiter finds any; where the rows begin; the first row's first cell."""
    place, title = Place(begin, 0), ""
    # A line break behind it: the piece may end amid a character, which matters to nobody who stops before it.
    for record in records([first[begin:], "\n".encode(form.encoding)], form, place):
        place = record.end
        if record.is_empty:
            continue
        if record.mistake in (TOO_LONG, TOO_MANY_CELLS):
            raise Unreadable(
                f"Line {record.number:,} is too long for the names of columns. Put a row above it: {PLAIN_HEADER}"
            )
        cell = record.cells[0].strip() if record.cells else ""
        if not title and cell.lower() in {"sep=", f"sep={form.delimiter}".strip()}:
            continue
        title = title or cell
        if cell.lower() == VERSION:
            continue
        headers = tuple(one.strip() for one in record.cells)
        return Format(form.encoding, form.delimiter, headers, _columns(headers)), place, title
    return form, place, title


def _columns(headers: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, header in enumerate(headers):
        bracketed = _IN_BRACKETS.search(header)
        word = _NOT_WORDS.sub("", (bracketed[1] if bracketed else header).lower())
        for what, names in NAMES.items():
            if word in names:
                if what in found:
                    both = f"“{headers[found[what]][:60]}” and “{header[:60]}”"
                    raise Unreadable(f"Two columns hold {LABELS[what]}: {both}. Take one out.")
                found[what] = place
    return found
