"""WS-Federation: a partner's own provider, asked passively and answering with SAML 2.0 tokens, for its domains."""

from providers.kinds.base import Kind, Protocol, by_binding
from providers.rules import Knowledge, Method


class WsFederation(Kind):
    id = "wsFed"
    name = "WS-Federation"
    method = Method.FEDERATION
    protocol = Protocol.WS_FEDERATION
    is_bound_to_domains = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_binding(domain=domain, is_listed=is_listed)
