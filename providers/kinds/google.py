"""Google: asked for its own two mail domains only (R30-3), never for a company's domain that Google hosts.

It must never vouch for an address at a domain that Google does not run mail for, whoever proved it to Google.
"""

from collections.abc import Mapping
from typing import Any

from providers.kinds.openid import CLIENT_ID, CLIENT_SECRET, OpenIdKind, read, said, shown_name
from providers.rules import GOOGLE_DOMAINS, Answer, Asserted, Knowledge, Method
from tenants.addresses import Address

ISSUER = "https://accounts.google.com"


class Google(OpenIdKind):
    id = "google"
    name = "Google"
    method = Method.GOOGLE
    settings = (CLIENT_ID, CLIENT_SECRET)
    note = "Make an OAuth client of the type Web application in the Google Cloud console."

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        if domain in GOOGLE_DOMAINS:
            return Knowledge(Answer.YES, f"{domain} is Google's own mail domain.")
        return Knowledge(Answer.NO, f"Google is asked only for {' and '.join(GOOGLE_DOMAINS)}.")

    def authority(self, settings: Mapping[str, str]) -> str:
        return ISSUER

    def is_issuer(self, issuer: str, settings: Mapping[str, str]) -> bool:
        return issuer in (ISSUER, ISSUER.removeprefix("https://"))

    def asserted(self, claims: Mapping[str, Any], domains: tuple[str, ...]) -> Asserted:
        """One issuer, in whichever of its two spellings the token names it."""
        address = read(claims.get("email"))
        is_verified = address is not None and claims.get("email_verified") is True
        return Asserted(
            issuer=ISSUER,
            subject=claims["sub"],
            claimed=said(claims, "email"),
            verified=_vouched(address, claims.get("hd")) if address and is_verified else (),
            name=shown_name(claims),
        )


def _vouched(address: Address, hosted: Any) -> tuple[str, ...]:
    if address.domain in GOOGLE_DOMAINS:
        # The same mailbox answers at both domains, so either may be the one that was invited.
        mailbox = address.key.rpartition("@")[0]
        return (address.key, *(f"{mailbox}@{domain}" for domain in GOOGLE_DOMAINS if domain != address.domain))
    return (address.key,) if hosted == address.domain else ()
