"""E-mail addresses and domains in their one canonical form (R70).

This file knows which addresses are taken and how each is written for storing, matching, limiting, mailing and showing.
It must never guess: what it cannot write in exactly one way it refuses, with the sentence that says what to change. It
asks no network and no database, so it says nothing about whether a mailbox exists.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

import idna
from email_validator import EmailNotValidError, validate_email

LONGEST_ADDRESS: Final = 254  # octets, RFC 5321 4.5.3.1.3 with erratum 1690: what fits between < and > on the wire
LONGEST_LOCAL_PART: Final = 64  # octets, RFC 5321 4.5.3.1.1
LONGEST_DOMAIN: Final = 253  # octets, RFC 1035 2.3.4 without the root

# RFC 5322's atext without %, ! and |, which mail systems have used to route or pipe. The dot stands between atoms only.
_ATOM: Final = r"[A-Za-z0-9#$&'*+\-/=?^_`{}~]+"
_LOCAL_PART: Final = re.compile(rf"(?!-){_ATOM}(?:\.{_ATOM})*")
_HOST_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_READS_AS_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TRIMMED: Final = " \t\r\n"
_DOTS_THAT_EAST_ASIAN_KEYBOARDS_TYPE: Final = "\u3002"  # NFKC has already folded U+FF0E and U+FF61


class AddressRefused(ValueError):
    """An address or a domain that cannot be taken. `reason` is one sentence for a person, naming what to change.

    The reason repeats no text that was typed except single visible characters, so it may go into a page or an audit
    entry.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Address:
    """An address in each of the forms that the product uses. Only `canonical()` makes one; its repr is masked.

    Two addresses are the same mailbox owner to us exactly when their `key` is equal.
    """

    key: str = field(repr=False)
    """The identity: lower case, `+tag` kept, domain in A-labels. Stored, unique, compared byte for byte."""
    send_key: str = field(repr=False)
    """What limits on sending are counted by: the key without its `+tag`. Never an identity."""
    to_send: str = field(repr=False)
    """What a mail is addressed to: the local part in the case that was typed, the domain in A-labels. ASCII only."""
    domain: str
    """The domain in A-labels, lower case."""
    masked: str
    """For pages: `n•••e@firstupconsultants.com`. Made from the key: a stored case would tell of a guest (R19)."""

    @property
    def shown_domain(self) -> str:
        """The domain in Unicode, `straße.de` for `xn--strae-oqa.de`. For showing only, with the A-labels beside it."""
        return shown_domain(self.domain)


def canonical(text: str) -> Address:
    """The one canonical form of a typed, imported or asserted address (R70).

    Normalised by NFKC and trimmed; the local part must then be ASCII. `canonical(a.to_send)` equals `a`, and so does
    `canonical()` of the address with its domain written in Unicode. Raises AddressRefused with the reason.
    """
    local, domain = _halves(_folded(text, longest=LONGEST_ADDRESS, of="address"))
    _check_local_part(local)
    domain = _a_labels(domain)
    if len(local) + 1 + len(domain) > LONGEST_ADDRESS:
        raise AddressRefused(f"Use a shorter address: one may have {LONGEST_ADDRESS} characters.")
    to_send = f"{local}@{domain}"
    _check_second_opinion(to_send)
    name = local.lower()
    return Address(
        key=f"{name}@{domain}",
        send_key=f"{_untagged(name)}@{domain}",
        to_send=to_send,
        domain=domain,
        masked=f"{_masked(name)}@{shown_domain(domain)}",
    )


def canonical_domain(text: str) -> str:
    """A domain in A-labels (IDNA 2008) and lower case, for tenants' verified domains and partners' domains (R70, R37a).

    Takes it in any case and script, with at least one dot. Names that only a private network knows (`corp.local`) are
    taken, as nothing is mailed to a domain alone. Raises AddressRefused with the reason.
    """
    folded = _folded(text, longest=LONGEST_DOMAIN, of="domain")
    if "@" in folded or "/" in folded or ":" in folded:
        raise AddressRefused(
            "Enter the domain alone, such as fabrikam.example, without https:// or anything before an @."
        )
    return _a_labels(folded)


def shown_domain(domain: str) -> str:
    """The Unicode form of a domain in A-labels, or the domain itself when it has none. For showing only."""
    if "xn--" not in domain:
        return domain
    return ".".join(idna.ulabel(label) for label in domain.split("."))


def _folded(text: str, *, longest: int, of: str) -> str:
    if not isinstance(text, str):
        raise AddressRefused(f"Send the {of} as text.")
    # NFKC may make one character eighteen: what is far too long is not worth folding.
    if len(text) > 2 * longest:
        raise AddressRefused(f"Use a shorter {of}: one may have {longest} characters.")
    folded = unicodedata.normalize("NFKC", text).strip(_TRIMMED)
    if not folded:
        raise AddressRefused(
            "Enter an email address, such as nicole@example.com."
            if of == "address"
            else "Enter a domain, such as fabrikam.example."
        )
    for character in folded:
        if unicodedata.category(character)[0] == "C":
            raise AddressRefused(
                f"Type the {of} by hand: a hidden character (U+{ord(character):04X}) came with the copied text."
            )
        if unicodedata.category(character)[0] == "Z":
            raise AddressRefused(f"Take the spaces out of the {of}.")
    return folded


def _halves(folded: str) -> tuple[str, str]:
    if '"' in folded:
        raise AddressRefused("Use an address without quotation marks.")
    if "<" in folded or ">" in folded:
        raise AddressRefused("Enter the address alone, without a name and angle brackets.")
    if "," in folded or ";" in folded:
        raise AddressRefused("Enter one address only, without commas and semicolons.")
    if "(" in folded or ")" in folded:
        raise AddressRefused("Use an address without parentheses.")
    local, at, domain = folded.partition("@")
    if not at:
        raise AddressRefused("Enter the whole address, with an @ in it, such as nicole@example.com.")
    if "@" in domain:
        raise AddressRefused("Enter one address with one @ in it.")
    if not local:
        raise AddressRefused("Enter what stands before the @ as well, such as nicole@example.com.")
    if not domain:
        raise AddressRefused("Enter what stands after the @ as well, such as nicole@example.com.")
    return local, domain


def _check_local_part(local: str) -> None:
    for character in local:
        if not character.isascii():
            raise AddressRefused(
                "Use an address that has only digits, signs and letters without accents before the @; "
                f"{_named(character)} cannot be delivered everywhere."
            )
    if "=?" in local or "?=" in local:
        raise AddressRefused("Use an address without =? and ?=, which mail programs read as encoded text.")
    if len(local) > LONGEST_LOCAL_PART:
        raise AddressRefused(f"Use an address with at most {LONGEST_LOCAL_PART} characters before the @.")
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise AddressRefused("Check the dots before the @: one may stand neither first, nor last, nor beside another.")
    if local.startswith("-"):
        raise AddressRefused("Use an address that does not begin with a hyphen.")
    if not _LOCAL_PART.fullmatch(local):
        odd = next(character for character in local if not re.fullmatch(rf"{_ATOM}|\.", character))
        raise AddressRefused(f"Use an address without {_named(odd)} before the @.")


def _a_labels(domain: str) -> str:
    if domain.startswith("["):
        raise AddressRefused("Use an address at a named domain, not at a number in brackets.")
    try:
        mapped = idna.uts46_remap(domain, std3_rules=True)
        labels = [_a_label(label) for label in mapped.replace(_DOTS_THAT_EAST_ASIAN_KEYBOARDS_TYPE, ".").split(".")]
    except idna.IDNAError:
        raise AddressRefused("Check the domain: it holds a character that no domain may have.") from None
    if len(labels) < 2:
        raise AddressRefused("Enter the whole domain, with a dot in it, such as example.com.")
    # A last label that reads as a number makes the whole an IP address to every URL parser.
    if _READS_AS_NUMBER.fullmatch(labels[-1]):
        raise AddressRefused("Use a named domain, such as example.com, not a number.")
    joined = ".".join(labels)
    if len(joined) > LONGEST_DOMAIN:
        raise AddressRefused(f"Use a shorter domain: one may have {LONGEST_DOMAIN} characters.")
    return joined


def _a_label(label: str) -> str:
    if not label:
        raise AddressRefused("Check the dots in the domain: one may stand neither first, nor last, nor beside another.")
    encoded = idna.alabel(label).decode("ascii")
    if not _HOST_LABEL.fullmatch(encoded):
        raise AddressRefused(
            "Check the domain: between its dots stand letters, digits and hyphens, up to 63, no hyphen outside."
        )
    # Joiners are legal in some scripts but invisible, so the domain could not be told from the one without them.
    if any(unicodedata.category(character)[0] == "C" for character in idna.ulabel(encoded)):
        raise AddressRefused("Use a domain without hidden characters.")
    return encoded


def _check_second_opinion(to_send: str) -> None:
    try:
        opinion = validate_email(to_send, allow_smtputf8=False, strict=True, check_deliverability=False)
    except EmailNotValidError:
        raise AddressRefused("Check the address: no mail can be delivered to one like this.") from None
    if (opinion.ascii_email or "").lower() != to_send.lower():
        raise AddressRefused("Check the address: mail programs would read it in different ways.")


def _untagged(name: str) -> str:
    return name.partition("+")[0] or name


def _masked(name: str) -> str:
    return "•••" if len(name) == 1 else f"{name[0]}•••{name[-1]}"


def _named(character: str) -> str:
    return f"“{character}”" if character.isprintable() else f"U+{ord(character):04X}"
