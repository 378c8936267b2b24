"""Microsoft account: personal accounts, known by Microsoft's consumer domains and by the tenant's list."""

from providers.kinds.base import Kind, Protocol, by_list
from providers.rules import Answer, Knowledge, Method

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


class MicrosoftAccount(Kind):
    id = "microsoftAccount"
    name = "Microsoft account"
    method = Method.MICROSOFT_ACCOUNT
    protocol = Protocol.OIDC
    is_built_in = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        if domain in CONSUMER_DOMAINS:
            return Knowledge(Answer.YES, f"{domain} is one of Microsoft's own consumer domains.")
        return by_list(name="Microsoft", domain=domain, is_listed=is_listed)
