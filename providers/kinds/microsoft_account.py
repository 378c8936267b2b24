"""Microsoft account: personal accounts, known by Microsoft's consumer domains and by the tenant's list.

It must never let an organisation's account in: those are Entra ID's, whose addresses are believed on other grounds.
"""

from collections.abc import Mapping
from typing import Any

from providers.kinds.base import by_list
from providers.kinds.openid import ClaimsRefused, OpenIdKind, read, said, shown_name
from providers.rules import Answer, Asserted, Knowledge, Method

CONSUMER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The one Entra tenant that all personal Microsoft accounts belong to; it is the same everywhere."""

CONSUMER_DOMAINS = (
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "passport.com",
    "windowslive.com",
    "hotmail.co.uk",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "live.co.uk",
    "live.de",
    "live.fr",
    "live.nl",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
)
"""Domains at which Microsoft itself gives out mailboxes: an address there is a Microsoft account."""


class MicrosoftAccount(OpenIdKind):
    id = "microsoftAccount"
    name = "Microsoft account"
    method = Method.MICROSOFT_ACCOUNT
    is_built_in = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        if domain in CONSUMER_DOMAINS:
            return Knowledge(Answer.YES, f"{domain} is one of Microsoft's own consumer domains.")
        return by_list(name="Microsoft", domain=domain, is_listed=is_listed)

    def authority(self, settings: Mapping[str, str]) -> str:
        return f"{settings['authority']}/consumers/v2.0"

    def issuer(self, settings: Mapping[str, str]) -> str:
        return f"{settings['authority']}/{CONSUMER_TENANT}/v2.0"

    def asserted(self, claims: Mapping[str, Any], domains: tuple[str, ...]) -> Asserted:
        """Microsoft makes the owner of a personal account prove its address, so the e-mail claim is verified."""
        if claims.get("tid") != CONSUMER_TENANT:
            raise ClaimsRefused("The account belongs to an organisation; it is no personal Microsoft account.")
        address = read(claims.get("email"))
        return Asserted(
            issuer=claims["iss"],
            subject=claims["sub"],
            claimed=said(claims, "email", "preferred_username"),
            verified=(address.key,) if address else (),
            name=shown_name(claims),
        )
