"""The error catalogue: every code that a person may see, in words for both sides of the door (BEHAVIOUR J).

Knows for each code what a guest reads, what an administrator reads, what mends it, and the numbers that Entra ID gives
the same case. It must never decide who reads what: the guests' pages do (R19), and the words for strangers are the same
for every address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tenants.refusals import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One code. Braces in a guest's words are filled with tenant, inviter and provider by the page that shows them."""

    heading: str
    sentences: tuple[str, ...]
    ask: str = ""
    """What a guest may do, beyond what the page's button does."""
    administrator: str
    """What it means, for who runs the tenant."""
    remedy: str
    """What an administrator does about it."""
    aadsts: tuple[int, ...] = ()
    """Entra ID's numbers for the same case or the nearest to it, for who comes from there."""
    is_kept_from_strangers: bool = False
    """Whether who has proven nothing meets E-CODE instead (R19)."""

    @property
    def for_guest(self) -> str:
        """What the guest saw, in one line, with the braces read out."""
        plain = {"tenant": "the tenant", "inviter": "the person who invited you", "provider": "the provider"}
        said = [sentence.format_map(plain) for sentence in (f"{self.heading}.", *self.sentences)]
        return " ".join(sentence[:1].upper() + sentence[1:] for sentence in said)

    @property
    def numbers(self) -> str:
        return ", ".join(f"AADSTS{number}" for number in self.aadsts)


CATALOGUE: Mapping[Code, Entry] = MappingProxyType(
    {
        Code.OTP_OFF: Entry(
            heading="You can’t sign in with a code here",
            sentences=("{tenant} has turned email codes off.",),
            ask="Did you sign in with a code before? Ask your administrator to reset your redemption status: you’ll "
            "get a new invitation and can then sign in another way. Were you never invited? Ask your contact at "
            "{tenant} for an invitation.",
            administrator="Email passcodes are off in this tenant.",
            remedy="Turn them on, or reset the guest’s redemption status.",
            aadsts=(50020,),
        ),
        Code.NOT_INVITED: Entry(
            heading="You’re not a guest of {tenant} yet",
            sentences=("It is clear who you are, but nobody at {tenant} has invited this address.",),
            ask="Ask your contact at {tenant} to invite the address that you signed in with, or sign in with the "
            "one that was invited.",
            administrator="Nobody invited this address.",
            remedy="Invite it first.",
            aadsts=(50020, 50034, 51004),
            is_kept_from_strangers=True,
        ),
        Code.LINK_GONE: Entry(
            heading="This link no longer works",
            sentences=("It has expired, was replaced by a newer one, was withdrawn or is incomplete.",),
            administrator="This invitation is no longer open.",
            remedy="Invite the guest again.",
        ),
        Code.WRONG_ACCOUNT: Entry(
            heading="You’re signed in as somebody else",
            sentences=(
                "The invitation opens only for the person it names. If that is you under another address, switch.",
            ),
            administrator="The address belongs to somebody else.",
            remedy="The guest signs in with the invited account, or add the other address to theirs.",
            aadsts=(90072,),
        ),
        Code.CODE: Entry(
            heading="That code did not work",
            sentences=("It may be mistyped, already used or too old. Check the newest email, or have it sent again.",),
            administrator="The code did not work.",
            remedy="The guest asks for a new code on the same page.",
            aadsts=(50126,),
        ),
        Code.WAIT: Entry(
            heading="Please wait",
            sentences=(
                "Too many codes were asked for or tried, for this address or from here. Trying earlier does not make "
                "the wait longer.",
                "Do you have an invitation? Its link still works. If it was not you who tried, there is nothing to do.",
            ),
            administrator="The limit for now is used up.",
            remedy="Wait until it ends. A pause after 100 wrong codes is lifted on the guest’s page.",
            aadsts=(50053,),
        ),
        Code.BLOCKED: Entry(
            heading="Your sign-in is blocked",
            sentences=("An administrator of {tenant} has blocked sign-in for your account. Nothing was deleted.",),
            ask="Ask {inviter} or your administrator to unblock it.",
            administrator="Sign-in is blocked for this guest.",
            remedy="Unblock them first.",
            aadsts=(50057,),
            is_kept_from_strangers=True,
        ),
        Code.DOMAIN: Entry(
            heading="{tenant} does not take guests from this domain",
            sentences=("What stands after the @ decides. Nothing is wrong with your account.",),
            ask="Ask {inviter} which address you may use.",
            administrator="Guests from this domain are not allowed here.",
            remedy="Change the list of domains in the tenant’s settings.",
            aadsts=(500213,),
        ),
        Code.NO_METHOD: Entry(
            heading="There is no way in for this address yet",
            sentences=("{tenant} has to allow one. Your invitation stays open.",),
            ask="{inviter} can ask for it.",
            administrator="No method is left for this address.",
            remedy="Change the redemption order or turn passcodes on.",
            aadsts=(50020,),
            is_kept_from_strangers=True,
        ),
        Code.PROVIDER: Entry(
            heading="{provider} did not answer",
            sentences=("Nothing is wrong with your account. Try again in a few minutes.",),
            ask="If it happens again, tell your contact at {tenant}. An administrator there finds the reason in the "
            "history, by the reference below.",
            administrator="The identity provider did not answer.",
            remedy="Test the connection on the provider’s page.",
            aadsts=(90055, 500208, 90033),
        ),
        Code.DECLINED: Entry(
            heading="You declined",
            sentences=(
                "Nothing was shared with {tenant}, and nothing changed. The invitation stays open if you change your "
                "mind.",
            ),
            administrator="The guest declined.",
            remedy="Nothing: the invitation stays open, and its link leads back.",
            aadsts=(65004,),
        ),
        Code.SESSION: Entry(
            heading="Please sign in again",
            sentences=("A session with {tenant} lasts 24 hours at most, and yours has ended.",),
            administrator="The guest’s session has ended.",
            remedy="The guest signs in again.",
            aadsts=(50132, 70043),
        ),
        Code.INPUT: Entry(
            heading="We could not use that",
            sentences=("Something in what was sent is missing or cannot be read. Nothing was changed.",),
            ask="Go back, correct it and send it again.",
            administrator="This cannot be used.",
            remedy="Correct what the reason names.",
        ),
    }
)


_BY_NAME: Mapping[str, Entry] = MappingProxyType({code.value: entry for code, entry in CATALOGUE.items()})


def entry_of(code: str) -> Entry | None:
    """What the catalogue says of a code, however it is written; None for what is no code of ours."""
    return _BY_NAME.get(code.strip().upper())
