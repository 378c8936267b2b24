"""What an administrator reads when an operation says no (BEHAVIOUR J).

Knows one sentence for each code, the reason that the operation gave and the time that a wait ends. It is never shown
to a guest: guests have sentences of their own, which tell strangers less.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.refusals import Code, Refusal

SENTENCES = {
    Code.OTP_OFF: "Email passcodes are off in this tenant. Turn them on, or reset the guest’s redemption status.",
    Code.NOT_INVITED: "Nobody invited this address. Invite it first.",
    Code.LINK_GONE: "This invitation is no longer open. Invite the guest again.",
    Code.WRONG_ACCOUNT: "The address belongs to somebody else.",
    Code.CODE: "The code did not work.",
    Code.WAIT: "The limit for now is used up.",
    Code.BLOCKED: "Sign-in is blocked for this guest. Unblock them first.",
    Code.DOMAIN: "Guests from this domain are not allowed here. Change the list of domains in the tenant’s settings.",
    Code.NO_METHOD: "No method is left for this address. Change the redemption order or turn passcodes on.",
    Code.PROVIDER: "The identity provider did not answer.",
    Code.DECLINED: "The guest declined.",
    Code.SESSION: "The guest’s session has ended.",
    Code.INPUT: "This cannot be used.",
}


def utc(moment: datetime) -> str:
    """22 Nov, 19:31 UTC."""
    return f"{formats.date_format(moment, 'j M, H:i')} UTC"


def for_administrator(refusal: Refusal) -> str:
    """The operation's own reason, else the code's sentence; then when it can be tried again."""
    sentence = refusal.reason or SENTENCES[refusal.code]
    if not sentence.endswith((".", "!", "?")):
        sentence += "."
    if refusal.until is not None:
        sentence += f" Try again from {utc(refusal.until)}."
    return sentence


def shown_time(moment: datetime | None, written: str = "j M, H:i", none: str = "–") -> SafeString:
    """`<time>` in UTC, for a list whose heading says so; `written` is Django's date format."""
    if moment is None:
        return format_html("{}", none)
    at = moment.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), formats.date_format(at, written))
