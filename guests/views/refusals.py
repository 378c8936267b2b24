"""The one place that says no to guests: a refusal becomes a page, or the error beside a field.

Knows which of wording.py's sentences a reader gets. It must never tell a stranger more than the code does (R19): names
and addresses come in by `Known`, which only the holder of a live link or a known browser is given.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from guests.views.pages import page
from guests.views.wording import FOR_KNOWN, PAUSED, WORDS, Problem, Words
from tenants.audit import noted_reference
from tenants.models import Tenant
from tenants.refusals import Code, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What only the holder of a live link or a known browser (R17) may read."""

    address: str
    """The guest's address in full."""
    inviter: str
    """The name of the sponsor who invited."""
    inviter_address: str = ""


def refuse(
    request: HttpRequest,
    refusal: Refusal,
    *,
    known: Known | None = None,
    back_url: str = "",
    provider: str = "",
    words: Words | None = None,
    **context: object,
) -> HttpResponse:
    """The page, and the status, of a refusal.

    `known`: the reader may see whose guest they are. `back_url`: where the page's link leads ("" for none).
    `provider`: who did not answer. `words`: another wording for this place. `context`: what the refusal's own template
    names besides.
    """
    words = words or _chosen(refusal, known)
    tenant: Tenant | None = getattr(request, "tenant", None)
    noted = noted_reference()
    filled = {
        "tenant": tenant.name if tenant else "The organization",
        "inviter": known.inviter if known and known.inviter else "the person who invited you",
        "address": known.address if known else "",
        "provider": provider or "The provider",
        "code": refusal.code.value,
        "reference": f", reference {noted}" if noted else "",
    }
    heading, remedy, copy = (_sentence(text.format_map(filled)) for text in (words.heading, words.remedy, words.copy))
    response = page(
        request,
        words.template,
        status=words.status,
        **{
            "page": words.page.format_map(filled) or heading,
            "heading": heading,
            "sentences": [_sentence(text.format_map(filled)) for text in words.sentences],
            "remedy": remedy,
            "copy": copy if known and known.inviter else "",
            "write_to": _mailto(known, copy) if words.copy else "",
            "write_name": filled["inviter"],
            "button_url": back_url,
            "button_name": words.button or "Back to sign-in",
            "code": refusal.code.value,
            # A link that is nobody's leaves no line: a reference would tell it from one that was somebody's.
            "reference": "" if refusal.code is Code.LINK_GONE else noted,
            "until": refusal.until,
            "provider": filled["provider"],
        }
        | context,
    )
    if refusal.until is not None:
        left = (refusal.until - timezone.now()).total_seconds()  # a view is a door
        response.headers["Retry-After"] = str(max(1, math.ceil(left)))
    return response


def problem(refusal: Refusal) -> Problem:
    """A refusal as an error beside a field: E-CODE on the Enter code page."""
    words = WORDS[refusal.code]
    return Problem(f"{words.heading}.", " ".join(words.sentences))


def malformed_code(typed: str) -> Problem:
    """What to say of an entry that is no code, and therefore no try (R14)."""
    signs = [
        sign
        for sign in unicodedata.normalize("NFKC", typed)
        if not sign.isspace() and unicodedata.category(sign) != "Pd"
    ]
    if not signs:
        return Problem("Enter the code.", "It has 8 digits and stands in the email.")
    if not all(sign.isdecimal() for sign in signs):
        return Problem("A code has 8 digits.", "You entered something else as well.")
    return Problem("A code has 8 digits.", f"You entered {len(signs)}.")


def _chosen(refusal: Refusal, known: Known | None) -> Words:
    if refusal.code is Code.WAIT and refusal.until is None and known is None:
        return PAUSED
    return FOR_KNOWN.get(refusal.code, WORDS[refusal.code]) if known else WORDS[refusal.code]


def _sentence(text: str) -> str:
    """Begins with a capital, also where a filled-in word comes first."""
    return text[:1].upper() + text[1:]


def _mailto(known: Known | None, body: str) -> str:
    """A link that begins a mail to the inviter, its text already in it; "" without an address."""
    if known is None or not known.inviter_address:
        return ""
    subject = quote("Please reset my redemption status")
    return f"mailto:{quote(known.inviter_address, safe='@')}?subject={subject}&body={quote(body)}"
