"""OpenID Connect: a partner's own provider, which answers for the domains bound to it and for no other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from providers.kinds.base import Setting, by_binding
from providers.kinds.openid import CLIENT_ID, CLIENT_SECRET, WELL_KNOWN, OpenIdKind, read, said, shown_name
from providers.rules import Asserted, Knowledge, Method

LONGEST_ISSUER = 500  # what is kept of an identity's issuer


class Oidc(OpenIdKind):
    id = "openIdConnect"
    name = "OpenID Connect"
    method = Method.FEDERATION
    is_bound_to_domains = True
    settings = (
        Setting(
            "issuer",
            "Issuer",
            f"The provider's issuer URL, spelled as it spells it itself. {WELL_KNOWN} stands under it.",
            is_url=True,
        ),
        CLIENT_ID,
        replace(
            CLIENT_SECRET,
            help="Stored sealed, and never shown again. Leave it empty for a client that has none.",
            is_required=False,
        ),
    )
    note = "Any provider with OpenID Connect discovery, the authorization code flow and PKCE (S256)."

    def has_account(self, *, domain: str, is_listed: bool) -> Knowledge:
        return by_binding(domain=domain, is_listed=is_listed)

    def mistake(self, settings: Mapping[str, str]) -> str | None:
        if missing := super().mistake(settings):
            return missing
        issuer = settings["issuer"].strip()
        if issuer.rstrip("/").endswith(WELL_KNOWN):
            return f"Enter the issuer alone, without {WELL_KNOWN}."
        if len(issuer) > LONGEST_ISSUER:
            return f"An issuer of more than {LONGEST_ISSUER} characters cannot be kept with an identity."
        try:
            parts = urlsplit(issuer)
        except ValueError:
            return "Enter the issuer as a URL, such as https://login.example.com."
        if parts.query or parts.fragment or "?" in issuer or "#" in issuer:
            return "Enter the issuer without anything after a ? or a #."
        return None

    def authority(self, settings: Mapping[str, str]) -> str:
        return settings["issuer"].strip()

    def asserted(self, claims: Mapping[str, Any], domains: tuple[str, ...]) -> Asserted:
        """An address counts only where the provider says that it is verified and its domain is bound to the provider.

        A word or a number in place of the boolean is no such saying (threat 7).
        """
        address = read(claims.get("email"))
        is_verified = address is not None and claims.get("email_verified") is True and address.domain in domains
        return Asserted(
            issuer=claims["iss"],
            subject=claims["sub"],
            claimed=said(claims, "email"),
            verified=(address.key,) if address and is_verified else (),
            name=shown_name(claims),
        )
