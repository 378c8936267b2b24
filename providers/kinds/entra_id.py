"""Entra ID: work and school accounts, of any organisation. Knows the issuer that all of them share as a pattern.

It never takes an address for verified: whether a domain is the organisation's own is looked up afterwards (R36).
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.kinds.base import by_list
from providers.kinds.microsoft_account import CONSUMER_TENANT
from providers.kinds.openid import ClaimsRefused, OpenIdKind, said, shown_name
from providers.rules import Asserted, Knowledge, Method

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class EntraId(OpenIdKind):
    id = "azureActiveDirectory"
    name = "Entra ID"
    method = Method.ENTRA_ID
    is_built_in = True

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_list(name=self.name, domain=domain, is_listed=is_listed)

    def authority(self, settings: Mapping[str, str]) -> str:
        return f"{settings['authority']}/organizations/v2.0"

    def issuer(self, settings: Mapping[str, str]) -> str:
        """A template: the document is one for all organisations, each of which is an issuer of its own."""
        return f"{settings['authority']}/{{tenantid}}/v2.0"

    def is_issuer(self, issuer: str, settings: Mapping[str, str]) -> bool:
        return re.fullmatch(f"{re.escape(settings['authority'])}/{_ID}/v2\\.0", issuer) is not None

    def asserted(self, claims: Mapping[str, Any], domains: tuple[str, ...]) -> Asserted:
        """Keyed by organisation and object, which stay when addresses and names change (R36)."""
        home, person = claims.get("tid"), claims.get("oid")
        if not isinstance(home, str) or not re.fullmatch(_ID, home):
            raise ClaimsRefused("The token names no Entra tenant (tid).")
        if not isinstance(person, str) or not re.fullmatch(_ID, person):
            raise ClaimsRefused("The token names no object of the Entra tenant (oid).")
        if not claims["iss"].endswith(f"/{home}/v2.0"):
            raise ClaimsRefused("The token's issuer and its Entra tenant (tid) are different ones.")
        if home == CONSUMER_TENANT:
            raise ClaimsRefused("The account is a personal Microsoft account, not one of an organisation.")
        return Asserted(
            issuer=claims["iss"],
            subject=f"{home}/{person}",
            claimed=said(claims, "email", "preferred_username", "upn"),
            name=shown_name(claims),
            home=home,
        )
