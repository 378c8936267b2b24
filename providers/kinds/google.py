"""Google: asked for its own two mail domains only (R30-3), never for a company's domain that Google hosts."""

from providers.kinds.base import Kind, Protocol
from providers.rules import GOOGLE_DOMAINS, Answer, Knowledge, Method


class Google(Kind):
    id = "google"
    name = "Google"
    method = Method.GOOGLE
    protocol = Protocol.OIDC

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        if domain in GOOGLE_DOMAINS:
            return Knowledge(Answer.YES, f"{domain} is Google's own mail domain.")
        return Knowledge(Answer.NO, f"Google is asked only for {' and '.join(GOOGLE_DOMAINS)}.")
