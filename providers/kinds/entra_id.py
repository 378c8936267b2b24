"""Entra ID: work and school accounts, known by the domains that the tenant lists. It never claims that one exists."""

from providers.kinds.base import Kind, Protocol, by_list
from providers.rules import Knowledge, Method


class EntraId(Kind):
    id = "azureActiveDirectory"
    name = "Entra ID"
    method = Method.ENTRA_ID
    protocol = Protocol.OIDC
    is_built_in = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_list(name=self.name, domain=domain, is_listed=is_listed)
