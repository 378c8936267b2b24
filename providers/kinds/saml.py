"""SAML 2.0: a partner's own identity provider, which answers for the domains bound to it and for no other."""

from providers.kinds.base import Kind
from providers.rules import Answer, Knowledge, Method


class Saml(Kind):
    id = "saml"
    name = "SAML 2.0"
    method = Method.FEDERATION
    is_bound_to_domains = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        if is_listed:
            return Knowledge(Answer.YES, f"{domain} is bound to this provider.")
        return Knowledge(Answer.NO, f"{domain} is not bound to this provider.")
