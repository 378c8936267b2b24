"""WS-Federation: a partner's own provider, asked passively and answering with SAML 2.0 tokens, for its domains."""

from collections.abc import Mapping

from providers.kinds.base import Kind, Protocol, by_binding
from providers.kinds.saml import METADATA, METADATA_URL, SUBJECT_ATTRIBUTE, metadata_mistake
from providers.rules import Knowledge, Method


class WsFederation(Kind):
    id = "wsFed"
    name = "WS-Federation"
    method = Method.FEDERATION
    protocol = Protocol.WS_FEDERATION
    is_bound_to_domains = True
    settings = (METADATA_URL, METADATA, SUBJECT_ATTRIBUTE)
    note = "Only SAML 2.0 tokens are read: set the provider up to issue those, as SAML 1.1 tokens are refused."

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_binding(domain=domain, is_listed=is_listed)

    def mistake(self, settings: Mapping[str, str]) -> str | None:
        return super().mistake(settings) or metadata_mistake(settings)
