"""How every refusal that a guest may read (BEHAVIOUR J) becomes a page: the catalogue's words, a status, a button.

Knows the page round the words of tenants/catalogue.py, and the other wordings for some places; it must never decide
which of two somebody may read (refusals.py does), and the words for strangers must be the same for every address (R19).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import MappingProxyType

from tenants.catalogue import CATALOGUE
from tenants.refusals import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One refusal in words. Braces are filled with tenant, inviter, address, provider, code and reference."""

    status: HTTPStatus
    heading: str
    sentences: tuple[str, ...]
    remedy: str = ""
    page: str = ""
    """The title, where it is another than the heading."""
    copy: str = ""
    """A message that the guest may copy, or send to the inviter."""
    button: str = ""
    """What the link back is called."""
    template: str = "refusals/refusal.html"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field: an error beside it, with or without a heading."""

    heading: str
    text: str


def _words(code: Code, status: HTTPStatus, **own: str) -> Words:
    entry = CATALOGUE[code]
    return Words(status=status, heading=entry.heading, sentences=entry.sentences, remedy=entry.ask, **own)


WORDS: Mapping[Code, Words] = MappingProxyType(
    {
        Code.OTP_OFF: _words(
            Code.OTP_OFF, HTTPStatus.FORBIDDEN, page="You can’t sign in with a code", button="Back to sign-in"
        ),
        Code.NOT_INVITED: _words(Code.NOT_INVITED, HTTPStatus.FORBIDDEN, button="Use another address"),
        Code.LINK_GONE: _words(Code.LINK_GONE, HTTPStatus.GONE, template="refusals/link_gone.html"),
        Code.WRONG_ACCOUNT: _words(Code.WRONG_ACCOUNT, HTTPStatus.FORBIDDEN, template="redemption/wrong_account.html"),
        Code.CODE: _words(Code.CODE, HTTPStatus.UNPROCESSABLE_ENTITY, button="Start again"),
        Code.WAIT: _words(
            Code.WAIT,
            HTTPStatus.TOO_MANY_REQUESTS,
            page="Please wait",
            button="Back to sign-in",
            template="refusals/wait.html",
        ),
        Code.BLOCKED: _words(Code.BLOCKED, HTTPStatus.FORBIDDEN),
        Code.DOMAIN: _words(Code.DOMAIN, HTTPStatus.FORBIDDEN, page="Another address is needed"),
        Code.NO_METHOD: _words(Code.NO_METHOD, HTTPStatus.FORBIDDEN),
        Code.PROVIDER: _words(Code.PROVIDER, HTTPStatus.BAD_GATEWAY, button="Try again"),
        Code.DECLINED: _words(
            Code.DECLINED, HTTPStatus.OK, button="Back to the invitation", template="redemption/declined.html"
        ),
        Code.SESSION: _words(
            Code.SESSION, HTTPStatus.FORBIDDEN, button="Sign in again", template="refusals/session_ended.html"
        ),
        Code.INPUT: _words(Code.INPUT, HTTPStatus.UNPROCESSABLE_ENTITY, button="Start again"),
    }
)
"""What anyone may read."""

FOR_KNOWN: Mapping[Code, Words] = MappingProxyType(
    {
        Code.OTP_OFF: Words(
            status=HTTPStatus.FORBIDDEN,
            page="You can’t sign in with a code",
            heading="You can’t sign in with a code any more",
            sentences=(
                "{tenant} has turned email codes off. You joined with a code, so this way in is closed. Your account "
                "and what was shared with you are still there.",
            ),
            remedy="Ask your administrator to reset your redemption status. You’ll get a new invitation and can then "
            "sign in another way.",
            copy="Hello {inviter}, I can no longer sign in to {tenant} because email codes are off ({code}"
            "{reference}). Please reset the redemption status of {address} and invite me again. Thank you.",
        ),
        Code.WAIT: Words(
            status=HTTPStatus.TOO_MANY_REQUESTS,
            page="Please wait",
            heading="Please wait",
            sentences=(
                "Too many codes were asked for or tried. Trying earlier does not make the wait longer.",
                "If it was not you who tried, there is nothing to do. {inviter} cannot shorten the wait.",
            ),
            button="Back to sign-in",
            template="refusals/wait.html",
        ),
    }
)
"""What the holder of a live link or a known browser reads instead."""

OPENED_TOO_OFTEN = (
    "Too many links were opened from here. Trying earlier does not make the wait longer.",
    "An invitation is not used up by this: open its link again then. Who signed in here before needs no link.",
)
"""E-WAIT for whoever opens a link, whom it would not help to read that links still work (R17)."""

RETURNED_TOO_OFTEN = replace(
    WORDS[Code.WAIT],
    sentences=(
        "Too many answers came back from the provider. Trying earlier does not make the wait longer.",
        "Do you have an invitation? Its link still works: open it again then.",
    ),
)
"""E-WAIT for a guest who comes back from a provider."""

LOOKED_TOO_OFTEN = replace(
    WORDS[Code.WAIT],
    sentences=(
        "Too many organizations were looked for from here. Trying earlier does not make the wait longer.",
        "Do you know the organization’s own sign-in address, or have an invitation? Both still work.",
    ),
)
"""E-WAIT on Sign in to an organization (R37d)."""

PAUSED = Words(
    status=HTTPStatus.TOO_MANY_REQUESTS,
    page="Codes for this address are paused",
    heading="Codes for this address are paused",
    sentences=(
        "Too many codes that did not work were tried for it. The pause holds only for browsers that have not signed in "
        "here before.",
        "Do you have an invitation? Its link still works, and so does a browser that you signed in with. Otherwise ask "
        "an administrator of {tenant} to lift the pause.",
    ),
    button="Back to sign-in",
    template="refusals/wait.html",
)
"""E-WAIT without an end (R17: the 100th stranger's failure)."""

OTHER_ACCOUNT = Words(
    status=HTTPStatus.FORBIDDEN,
    page="Another account is needed",
    heading="You’re signed in as somebody else",
    sentences=("{tenant} opens only for the second address. If that is you as well, choose the account that has it.",),
    template="redemption/other_account.html",
)
"""E-WRONG-ACCOUNT at the provider, where no code can vouch (R23)."""

DECLINED_UNINVITED = Words(
    status=HTTPStatus.OK,
    heading="You declined",
    sentences=("Nothing was shared with {tenant}, and nothing changed. You can sign in whenever you like.",),
    template="redemption/declined.html",
)
"""E-DECLINED at the provider, for who came without an invitation's link."""

NOT_VOUCHED_FOR = Words(
    status=HTTPStatus.FORBIDDEN,
    page="One more step",
    heading="One more step",
    sentences=(
        "{provider} does not confirm that the address {tenant} expects is yours. A code sent to that address does: "
        "after it, this account is the one you sign in with.",
    ),
    template="redemption/other_account.html",
)
"""E-WRONG-ACCOUNT, where a code to the expected address makes the first link (R36)."""

NOTHING_BEGUN = Words(
    status=HTTPStatus.FORBIDDEN,
    heading="This sign-in is not open here",
    sentences=("It was begun in another browser or too long ago, or the page that sent you here left something out.",),
    remedy="Begin again where you came in: by your invitation’s link, the application, or the page below.",
    button="Back to sign-in",
)
"""E-SESSION for whoever comes from a provider with nothing that names a tenant (R36)."""

UNKNOWN_ORGANIZATION = Problem(
    "", "We need the domain. It stands after the @ in the address of the person who invited you."
)
"""For Sign in to an organization (R37d)."""
