"""What somebody typed into one row of a file of guests, read as the form that invites one would read it (R54).

Knows what a row can get wrong by itself, and says it as `what is wrong: what to do`. It must never ask the database,
nor mend what was typed beyond what the form does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from guests.operations.batches.reading import Format, Record
from guests.rules import (
    LONGEST_MESSAGE,
    LONGEST_NAME,
    NameMistake,
    is_domain_taken,
    message_mistake,
    plain_message,
    read_name,
)
from tenants.addresses import Address, AddressRefused, canonical
from tenants.exporting import as_written
from tenants.models import Tenant
from tenants.origins import origin_of

YES: Final = frozenset({"", "true", "yes", "y", "1", "wahr", "vrai"})
"""Spreadsheets write their own language's word for true. An empty cell is a yes: the portal's form mails by default."""

NO: Final = frozenset({"false", "no", "n", "0", "falsch", "faux"})

LONGEST_REASON: Final = 300
LONGEST_SHOWN: Final = 400
LONGEST_URL: Final = 2000


@dataclass(frozen=True)
class TypedRow:
    """One row. `shown` is the address as mail goes to it, or what was typed where it is none; `reason` then says why.

    A reason may stand beside an address as well. `name` is as the form stores it, or what was typed where it is none.
    """

    number: int
    shown: str
    address: Address | None
    name: str
    redirect_url: str
    message: str
    is_mailed: bool
    reason: str

    @property
    def key(self) -> str:
        return self.address.key if self.address else ""


class RowReader:
    """Reads rows of one file for one tenant, as its lists and origins are now."""

    def __init__(self, form: Format, tenant: Tenant) -> None:
        self.form, self.tenant = form, tenant
        self.origins = {origin_of(registered) for registered in tenant.landing_origins} - {None}
        self.followed: dict[str, str] = {}

    def read(self, record: Record) -> TypedRow:
        """The row with the first thing that is wrong with it, if any."""
        typed = {what: self._cell(record, place) for what, place in self.form.columns.items()}
        shown, (name, no_name) = typed.get("email", ""), _name(typed.get("name", ""))
        message, send = plain_message(typed.get("message", "")), typed.get("send", "").lower()
        shown = shown or (record.cells[0] if record.mistake and record.cells else "")
        url, reason, address = typed.get("redirect_url", ""), record.mistake or self._shape(record), None
        if not reason:
            address, reason = _address(shown)
        if address is not None:
            reason = (
                domain_reason(self.tenant, address.key)
                or self._redirect_reason(url)
                or _send_reason(send)
                or _message_reason(message)
                or no_name
            )
        return TypedRow(
            number=record.number,
            shown=address.to_send if address else shown[:LONGEST_SHOWN],
            address=address,
            name=name,
            redirect_url=url[:LONGEST_URL],
            message=message[: 2 * LONGEST_MESSAGE],
            is_mailed=send not in NO,
            reason=reason[:LONGEST_REASON],
        )

    def _cell(self, record: Record, place: int) -> str:
        return as_written(record.cells[place].strip()) if place < len(record.cells) else ""

    def _shape(self, record: Record) -> str:
        columns = len(self.form.headers)
        if any(cell.strip() for cell in record.cells[columns:]):
            return (
                f"Too many cells: This row has {len(record.cells):,}, the header {columns:,}. Put quotation marks "
                "round a text that has the delimiter in it."
            )
        return ""

    def _redirect_reason(self, url: str) -> str:
        if not url:
            return ""
        if url not in self.followed:
            if len(self.followed) > 1000:
                self.followed.clear()
            self.followed[url] = _url_reason(url, self.origins)
        return self.followed[url]


def domain_reason(tenant: Tenant, key: str) -> str:
    """Why the tenant does not take the domain of an address with this key, "" where it does (R53)."""
    domain = key.rpartition("@")[2]
    if is_domain_taken(domain, allowed=tenant.allowed_domains, denied=tenant.denied_domains):
        return ""
    if tenant.allowed_domains:
        return f"Domain not allowed: {domain} is not on the allow list. Settings has the list."
    return f"Domain not allowed: {domain} is on the deny list. Settings has the list."


def _address(text: str) -> tuple[Address | None, str]:
    if text.lower().startswith("example:"):
        return None, "Not an address: This is the template’s example. Take the row out."
    try:
        return canonical(text), ""
    except AddressRefused as refused:
        return None, f"Not an address: {refused.reason}"


def _url_reason(url: str, origins: Collection[str | None]) -> str:
    origin = origin_of(url)
    if origin is None:
        return "Redirect not a link: Write it in full, beginning with https://, or leave the cell empty for My Apps."
    if origin not in origins:
        return (
            f"Redirect not allowed: {origin[:120]} is not registered for this tenant. Add it under Settings, or leave "
            "the cell empty for My Apps."
        )
    return ""


def _send_reason(send: str) -> str:
    return "" if send in YES or send in NO else "Not true or false: Say with true or false whether to send an email."


def _message_reason(message: str) -> str:
    if len(message) > LONGEST_MESSAGE:
        return f"Message too long: {message_mistake(message)}"
    if "\ufffd" in message or message_mistake(message):
        return "Hidden character: Type the message by hand; a character that does not show came with the copied text."
    return ""


def _name(text: str) -> tuple[str, str]:
    """(the name, what is wrong with it)."""
    read = read_name(text) if text else ""
    if not isinstance(read, NameMistake) and "\ufffd" not in read:
        return read, ""
    typed = " ".join(text.split())[:LONGEST_NAME]
    if read is NameMistake.TOO_LONG:
        return typed, f"Name too long: {LONGEST_NAME} characters is the most."
    if read is NameMistake.MISSING:
        return typed, "Not a name: A name has letters. Leave the cell empty if you don’t know it."
    return typed, "Hidden character: Type the name by hand; a character that does not show came with the copied text."
