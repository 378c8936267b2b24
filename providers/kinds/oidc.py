"""OpenID Connect: a partner's own provider, which answers for the domains bound to it and for no other."""

from providers.kinds.base import Kind, Protocol, by_binding
from providers.rules import Knowledge, Method


class Oidc(Kind):
    id = "openIdConnect"
    name = "OpenID Connect"
    method = Method.FEDERATION
    protocol = Protocol.OIDC
    is_bound_to_domains = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_binding(domain=domain, is_listed=is_listed)
